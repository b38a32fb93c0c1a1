"""What every table and rule shares."""
