"""Certificates: issued once, never deleted, always verifiable by anyone."""
