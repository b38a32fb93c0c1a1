"""How the service is."""

from typing import Literal, TypedDict


class HealthOut(TypedDict):
    """The process answers."""

    status: Literal["ok"]


class PartsOut(TypedDict):
    """How the parts are that the service needs, each asked within a second."""

    database: Literal["ok", "down"]
    redis: Literal["ok", "down"]
    storage: Literal["ok", "down"]
    converter: Literal["ok", "absent"]


class ReadinessOut(TypedDict):
    """Whether the service can do its work."""

    status: Literal["ok", "degraded", "down"]
    parts: PartsOut
