"""Reads of attempts: where a learner stands, and what was sent before."""
