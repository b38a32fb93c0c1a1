"""Correcting keys of a published version."""

from typing import Any

from tests.kit.world import Caller, Json, World


async def questions_of(world: World, course: Json, number: int = 1) -> list[Json]:
    """The questions of a version's first quiz, else of its assessment, as their author made them."""
    tree = await world.admin.ok("GET", f"/api/courses/{course['id']}/versions/{number}/")
    items = [item for module in tree["modules"] for item in module["items"] if item["kind"] == "quiz"]
    quiz: Json = items[0] if items else tree["assessment"]
    return list(quiz["questions"])


def swapped(question: Json) -> Json:
    """The change that makes every wrong choice right, and the right one wrong."""
    answers = [{"key": a["key"], "is_correct": not a["is_correct"]} for a in question["answers"]]
    return {"question_key": question["key"], "answers": answers}


async def asked_for(
    caller: Caller, course: Json, *changes: Json, number: int = 1, policy: str = "new_only", **more: Any
) -> Any:
    """The response to a preview."""
    body = {"changes": list(changes), "policy": policy, "note": "The key was wrong.", **more}
    return await caller("POST", f"/api/courses/{course['id']}/versions/{number}/regrades/", body)


async def preview(world: World, course: Json, *changes: Json, **more: Any) -> Json:
    """A preview."""
    response = await asked_for(world.admin, course, *changes, **more)
    assert response.status_code == 201, response.text
    made: Json = response.json()
    return made


async def apply(world: World, regrade: Json) -> Json:
    """Apply a preview and wait until it is done; what it did."""
    path = f"/api/regrades/{regrade['id']}/"
    started = await world.admin("POST", f"{path}apply/")
    assert started.status_code == 202, started.text
    assert started.json()["status"] == "applying"
    await world.run_jobs()
    done: Json = await world.admin.ok("GET", path)
    assert done["status"] == "applied", done
    return done


async def regrade(world: World, course: Json, *changes: Json, **more: Any) -> Json:
    """Preview and apply; what it did, which is what the preview had said."""
    seen = await preview(world, course, *changes, **more)
    done = await apply(world, seen)
    assert forecast(done) == forecast(seen)
    return done


def forecast(regrade: Json) -> Json:
    """The counts of a regrade."""
    names = ("attempts_up", "attempts_down", "unchanged", "passes_won", "passes_lost")
    return {name: regrade[name] for name in (*names, "certificates_touched", "compliance_touched")}
