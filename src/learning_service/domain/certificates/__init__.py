"""Certificates: issued once, never deleted, verifiable by anyone for ever."""
