"""Copies of what other services own: organizations, regions, chapters, members, compliance requirements."""
