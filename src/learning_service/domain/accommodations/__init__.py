"""What a person needs at attempts: more time, more tries."""
