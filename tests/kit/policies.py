"""Policies that a course gets later."""

from tests.kit.world import Caller, Json

BOTH: Json = {"linked_compliance_requirement": "hazing", "recertification_cadence": "P1Y"}


async def change(caller: Caller, course: Json, query: str = "", **policy: object) -> Json:
    """Change the policy, and give it to what there is."""
    body = {**policy, "apply_to_existing": True}
    answer: Json = await caller.ok("PATCH", f"/api/courses/{course['id']}/{query}", body)
    return answer
