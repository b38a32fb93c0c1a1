"""Reads of courses: who may see which, drafts, and published versions compiled once per process."""
