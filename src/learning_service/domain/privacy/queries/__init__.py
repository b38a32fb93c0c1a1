"""What is read of a member, for the member."""
