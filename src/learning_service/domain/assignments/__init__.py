"""Assignment: by a person, by rules and their runs, and again before a completion expires."""
