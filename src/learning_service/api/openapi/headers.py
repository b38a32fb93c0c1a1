"""The headers that answers have besides their body, as the reference names them."""

from typing import Any

from learning_service.api.idempotency import REPLAYED
from learning_service.domain.kernel.values import JsonObject

ETAG = "ETag"
LOCATION = "Location"
RETRY_AFTER = "Retry-After"
DATA_AS_OF = "Data-As-Of"
HEADERS: dict[str, JsonObject] = {
    DATA_AS_OF: {
        "description": "What was committed until then is in the report; a replica may be some seconds late.",
        "schema": {"type": "string", "format": "date-time"},
        "example": "2026-03-01T09:00:00.000Z",
    },
    ETAG: {
        "description": (
            "The state of what was answered; send it as `If-Match` with your next edit. Of what is not edited,"
            " `If-None-Match` asks whether it changed."
        ),
        "schema": {"type": "string"},
        "example": '"01a20371538973f68a95f51bcee2adb0"',
    },
    LOCATION: {
        "description": "The address to go to.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    RETRY_AFTER: {
        "description": "After so many seconds it is worth trying again.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 5,
    },
    REPLAYED: {
        "description": "`true` where this is the first answer to the same `Idempotency-Key`, given again.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}


def with_headers(*names: str) -> dict[str, Any]:
    """The part of a response in the reference that names its headers."""
    return {"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names}}


def name_headers(responses: JsonObject, *, takes_key: bool) -> None:
    """Name the headers that follow from an answer's status; a route names its others itself."""
    for status, response in responses.items():
        if status in {"429", "503"}:
            found = RETRY_AFTER
        elif status == "304":
            found = ETAG
        elif status[0] == "3":
            found = LOCATION
        elif status[0] == "2" and takes_key:
            found = REPLAYED
        else:
            continue
        # Routes share what they name themselves, so that is copied and not changed.
        response["headers"] = response.get("headers", {}) | with_headers(found)["headers"]
