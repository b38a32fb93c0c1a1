"""Fixtures of these tests beside the common ones."""

from tests.kit.direct import database

__all__ = ["database"]
