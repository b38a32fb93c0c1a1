"""Reads of administrators: enrollments of their members, why they exist, and passes in doubt."""
