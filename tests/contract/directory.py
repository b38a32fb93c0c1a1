"""Calls by which the membership service makes a directory."""

from typing import Any

DIRECTORY: list[tuple[str, str, Any]] = [
    ("PUT", "/api/directory/organizations/{org}/", {"name": "O", "timezone": "UTC"}),
    ("PUT", "/api/directory/regions/r/", {"organization_id": "{org}", "name": "R"}),
    ("PUT", "/api/directory/chapters/c/", {"region_id": "north", "name": "C"}),
    (
        "PUT",
        "/api/directory/members/zed/",
        {
            "chapter_id": "n1",
            "status": "active",
            "display_name": "Zed",
            "email": "z@example.org",
            "custom_fields": {"year": 3},
        },
    ),
    ("PUT", "/api/directory/compliance-requirements/q/", {"organization_id": "{org}", "name": "Q"}),
]


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(part, ids) for key, part in value.items()}
    return value.format(**ids) if isinstance(value, str) else value
