"""A course of which there are several versions, and learners who move between them."""

import copy
from typing import Any

from tests.kit.courses import submits
from tests.kit.world import Caller, Json, World, choice, small_tree


def course_tree(**changes: Any) -> Json:
    """Two lessons, a quiz with three attempts and an assessment with two."""
    tree = small_tree(**changes)
    tree["modules"][0]["items"].append({"kind": "lesson", "title": "What to do", "body_html": "<p>Act.</p>"})
    return tree


async def edited(world: World, course: Json) -> Json:
    """The tree that the next version starts from."""
    tree: Json = await world.admin.ok("GET", f"/api/courses/{course['id']}/draft/")
    return copy.deepcopy(tree)


async def publishes(world: World, course: Json, tree: Json, **said: Any) -> Json:
    """Make the tree the course's next version."""
    path = f"/api/courses/{course['id']}"
    await world.admin.ok("PUT", f"{path}/draft/", tree, headers={"If-Match": "*"})
    made: Json = await world.admin.ok("POST", f"{path}/publish/", said or None)
    return made


def path_of(course: Json, number: int = 2) -> str:
    """Where enrollments are moved to a version."""
    return f"/api/courses/{course['id']}/versions/{number}/migrations/"


async def forecast(world: World, course: Json, number: int = 2, **asked: Any) -> Json:
    """What a move would do."""
    said: Json = await world.admin.ok("POST", path_of(course, number), {"dry_run": True, **asked})
    return said


async def moves(world: World, course: Json, number: int = 2, **asked: Any) -> Json:
    """Move, and wait until it is done; the run."""
    started = await world.admin("POST", path_of(course, number), asked)
    assert started.status_code == 202, started.text
    await world.run_jobs()
    run: Json = await world.admin.ok("GET", f"/api/runs/{started.json()['run_id']}/")
    assert run["status"] == "done", run
    return run


async def enters(world: World, course: Json, user: str = "ana") -> Caller:
    """A member who enrolls."""
    member = world.member(user)
    await member.ok("POST", f"/api/courses/{course['id']}/enroll/")
    return member


async def view_of(member: Caller, course: Json) -> Json:
    """The course as the member sees it."""
    shown: Json = await member.ok("GET", f"/api/courses/{course['id']}/modules/")
    return shown


def items_of(view: Json) -> dict[str, Json]:
    """Its items by their titles, the assessment too."""
    items = [item for module in view["items"] for item in module["items"]]
    return {item["title"]: item for item in [*items, *filter(None, [view["assessment"]])]}


async def reads(member: Caller, course: Json, *titles: str) -> None:
    """Complete lessons."""
    items = items_of(await view_of(member, course))
    for title in titles:
        await member.ok("POST", f"/api/lessons/{items[title]['id']}/complete/")


async def takes(member: Caller, course: Json, title: str = "Check", *, right: bool = True) -> Json:
    """Submit a quiz or the assessment."""
    view = await view_of(member, course)
    item = items_of(view)[title]
    kind = "assessments" if view["assessment"] and item["id"] == view["assessment"]["id"] else "quizzes"
    if right:
        return await submits(member, kind, item["id"])
    # Started, or the same wrong answers again would be taken for a repetition.
    shown = await member.ok("POST", f"/api/{kind}/{item['id']}/attempts/")
    wrong = [
        {"question_id": q["id"], "answer_ids": [a["id"] for a in q["answers"] if a["text"] != "right"]}
        for q in shown["questions"]
    ]
    answer: Json = await member.ok("POST", f"/api/{kind}/{item['id']}/submit/", {"responses": wrong})
    return answer


def other_question() -> Json:
    """A question that the course never had."""
    return choice("Another?")
