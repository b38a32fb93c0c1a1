"""Pure rules of what is done with many enrollments."""
