"""Members with several enrollments of one course."""

from typing import Any

from tests.kit.quiz_taker import essay, quiz
from tests.kit.world import World
from tests.standing.scene import Scene, scene


async def completed_after_two_failures(world: World, **policy: Any) -> Scene:
    """The essay of the first enrollment is graded 0, the second fails, then the first is corrected."""
    here = await scene(world, quiz(essay(), max_attempts=1), **policy)
    await here.enroll()
    await here.take(0, {"text": "First."})
    [first] = await here.pending()
    await here.grade(0)
    await here.assign()
    await here.take(0, {"text": "Second."})
    await here.grade(0)
    assert await here.statuses() == ["failed", "failed"]
    assert (await here.grade(5, first["response_id"], correction=True)).status_code == 200
    assert await here.statuses() == ["completed", "failed"]
    return here
