"""What follows from learning: attempts closed and graded, courses completed or failed."""
