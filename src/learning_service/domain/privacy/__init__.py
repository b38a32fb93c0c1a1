"""A person's data as a whole: shown to them, and erased."""
