"""Writes of the directory: what other services tell us replaces what we had."""

from learning_service.domain.directory.actions.units import (
    put_chapter,
    put_member,
    put_organization,
    put_region,
    put_requirement,
)

__all__ = [
    "put_chapter",
    "put_member",
    "put_organization",
    "put_region",
    "put_requirement",
]
