"""Members pushed by batch."""

from typing import Any

import httpx

from tests.kit.world import Json, World

PATH = "/api/directory/members/batch/"


def member(n: int, **facts: Any) -> Json:
    return {
        "user_id": f"user-{n}",
        "chapter_id": "n1",
        "status": "active",
        "display_name": f"User {n}",
        "email": f"user-{n}@example.org",
        "custom_fields": {"joined": 2020 + n % 5},
        **facts,
    }


async def push(world: World, members: Any) -> httpx.Response:
    return await world.directory("POST", PATH, {"members": members})
