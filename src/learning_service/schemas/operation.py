"""Wire types of operation."""

from typing import Literal

from learning_service.schemas.common import Out

State = Literal["ok", "down"]


class HealthOut(Out):
    """The process answers."""

    status: Literal["ok"]


class PartsOut(Out):
    """How the parts are that the service needs, each asked within a second."""

    database: State
    """Without it nothing can be served."""
    redis: State
    """Without it jobs wait."""
    storage: State
    """Without it files wait."""
    converter: Literal["ok", "absent"]
    """Without it presentations wait."""


class ReadinessOut(Out):
    """Whether the service can do its work."""

    status: Literal["ok", "degraded", "down"]
    parts: PartsOut
    """Each part by name."""
