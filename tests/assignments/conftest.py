"""Fixtures of these tests beside the common ones."""

from tests.foundations.direct import database

__all__ = ["database"]
