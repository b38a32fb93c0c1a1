"""Evidence that members send and administrators decide."""

from typing import Any

from tests.kit.world import Caller, Json, World

MINE, PATH = "/api/users/evidence/", "/api/evidence/"


async def send_in(world: World, user: str = "ana", **facts: Any) -> Json:
    """Evidence of a member for hazing."""
    body = {"requirement_id": "hazing", "completed_on": "2026-05-04", "note": "At my last college", **facts}
    made: Json = await world.member(user).ok("POST", MINE, body)
    return made


async def decide(world: World, evidence: Json, by: Caller | None = None, **facts: Any) -> Json:
    """Approve it unless told otherwise."""
    body = {"decision": "approve", "reason": "Seen the original", **facts}
    made: Json = await (by or world.admin).ok("POST", f"{PATH}{evidence['id']}/", body)
    return made
