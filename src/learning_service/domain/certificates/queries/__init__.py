"""Reads of certificates: of an organization's own, and what anyone may read."""
