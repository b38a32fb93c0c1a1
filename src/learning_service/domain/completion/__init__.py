"""The one place where an outcome (submitted, graded, completed, failed) sets things off."""
