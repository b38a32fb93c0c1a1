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
    redis: State
    storage: State
    converter: Literal["ok", "absent"]


class ReadinessOut(Out):
    """Whether the service can do its work."""

    status: Literal["ok", "degraded", "down"]
    parts: PartsOut
