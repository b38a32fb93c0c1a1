"""Enrollments: a member's way through one version of a course, and how it ends."""
