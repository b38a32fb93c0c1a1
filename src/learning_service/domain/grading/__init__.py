"""Grading: what responses are worth, and the queue of those that a person must judge."""
