"""What a member is told of their learning: derived from the facts themselves, and what of it is read."""
