"""What a rule may say, and when what it assigns is due. Pure."""
