"""Writes of the directory: what other services send replaces what we had."""

from learning_service.domain.directory.actions.members import BatchCounts, put_member, put_members
from learning_service.domain.directory.actions.membership_events import EventCounts, receive_events
from learning_service.domain.directory.actions.units import (
    close_chapter,
    close_region,
    put_chapter,
    put_organization,
    put_region,
    put_requirement,
)

__all__ = [
    "BatchCounts",
    "EventCounts",
    "close_chapter",
    "close_region",
    "put_chapter",
    "put_member",
    "put_members",
    "put_organization",
    "put_region",
    "put_requirement",
    "receive_events",
]
