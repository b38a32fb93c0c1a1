"""How large a question may be."""

MAX_ANSWERS = 50
MAX_POINTS = 10_000
