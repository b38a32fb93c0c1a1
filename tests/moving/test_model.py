"""After random edits, lessons, attempts and moves a learner has what a model of rows says."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.kit.courses import submits
from tests.kit.moving import edited, enters, items_of, moves, publishes, reads, view_of
from tests.kit.world import Caller, Json, World, choice

LESSONS, QUIZZES = ("One", "Two"), ("Three", "Four")
# Never read: nothing is completed, and all walks go on.
REST = "Rest"
ITEMS = (*LESSONS, *QUIZZES)
CONTENTS = st.integers(1, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.dictionaries(st.sampled_from(ITEMS), CONTENTS, max_size=3)),
        st.tuples(st.just("leave_out"), st.sampled_from(ITEMS)),
        st.tuples(st.just("do"), st.sampled_from(ITEMS)),
        st.tuples(st.just("move"), st.integers(0, 5)),
    ),
    min_size=3,
    max_size=8,
)


@dataclass
class Model:
    """Which content each item has in each version, and what the learner has done of which version's item."""

    versions: list[dict[str, int]] = field(default_factory=lambda: [dict.fromkeys(ITEMS, 1)])
    at: int = 0
    rows: dict[tuple[str, int], int] = field(default_factory=dict)
    """By item and version: how often it was done."""

    def here(self) -> dict[str, int]:
        """What the learner has done, as they see it now."""
        return {name: self.rows.get((name, self.at), 0) for name in self.versions[self.at]}

    def do(self, name: str) -> bool:
        """Do it, if it is there."""
        if name not in self.versions[self.at]:
            return False
        done = self.rows.get((name, self.at), 0)
        self.rows[name, self.at] = 1 if name in LESSONS else done + 1
        return True

    def move(self, to: int) -> None:
        """Take along what is the same. Who has tried a kept quiz there before stays."""
        old, new = self.versions[self.at], self.versions[to]
        same = [name for name in old if new.get(name) == old[name]]
        if any((name, to) in self.rows for name in same if name in QUIZZES):
            return
        for name in same:
            if (name, self.at) in self.rows and (name, to) not in self.rows:
                self.rows[name, to] = self.rows.pop((name, self.at))
        self.at = to


def tree_of(contents: dict[str, int]) -> Json:
    """The first version."""
    items: list[Json] = [
        {"kind": "lesson", "title": name, "body_html": f"<p>{contents[name]}</p>"} for name in LESSONS
    ]
    items += [
        {"kind": "quiz", "title": name, "questions": [choice(name, contents[name])]} for name in QUIZZES
    ]
    items.append({"kind": "lesson", "title": REST})
    return {"title": "Course", "pass_score": 0, "modules": [{"title": "All", "items": items}]}


def edit(item: Json, content: int) -> None:
    """Give an item this content."""
    if item["kind"] == "lesson":
        item["body_html"] = f"<p>{content}</p>"
    else:
        item["questions"][0]["points"] = content


async def walk(world: World, user: str, steps: list[Any]) -> None:
    model = Model()
    course = await world.course(tree_of(model.versions[0]))
    first = {item["title"]: item for item in (await edited(world, course))["modules"][0]["items"]}
    ana = await enters(world, course, user)
    for n, (kind, what) in enumerate(steps):
        if kind in ("edit", "leave_out"):
            wanted = {**model.versions[-1], **(what if kind == "edit" else {})}
            if kind == "leave_out":
                wanted.pop(what, None)
            tree = await edited(world, course)
            items = [first[name] for name in wanted] + [first[REST]]
            for name, content in wanted.items():
                edit(first[name], content)
            tree["modules"][0]["items"], tree["title"] = items, f"Course {n}"
            await publishes(world, course, tree)
            model.versions.append(wanted)
        elif kind == "do" and model.do(what):
            await _does(ana, course, what)
        elif kind == "move":
            to = what % len(model.versions)
            await moves(world, course, to + 1)
            if to != model.at:
                model.move(to)
        view = await view_of(ana, course)
        assert view["version"] == model.at + 1
        assert _seen(items_of(view)) == model.here()


async def _does(ana: Caller, course: Json, name: str) -> None:
    if name in LESSONS:
        await reads(ana, course, name)
        return
    quiz = items_of(await view_of(ana, course))[name]["id"]
    await ana.ok("POST", f"/api/quizzes/{quiz}/attempts/")
    await submits(ana, "quizzes", quiz)


def _seen(items: dict[str, Json]) -> dict[str, int]:
    return {
        name: int(item["completed_at"] is not None) if name in LESSONS else item["attempts_used"]
        for name, item in items.items()
        if name != REST
    }


async def walks(world: World, most: int) -> None:
    loop = asyncio.get_running_loop()
    users = iter(f"walker{n}" for n in range(10 * most))

    async def go(steps: list[Any]) -> None:
        user = next(users)
        await world.add_member(user)
        await walk(world, user, steps)

    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        # A change is judged by the same walks as the one before it.
        derandomize=True,
    )
    @given(STEPS)
    def check(steps: list[Any]) -> None:
        asyncio.run_coroutine_threadsafe(go(steps), loop).result(120)

    await asyncio.to_thread(check)


@pytest.mark.timeout(120)
async def test_learners_keep_what_the_model_says(world: World) -> None:
    await walks(world, 2)


@pytest.mark.long
@pytest.mark.timeout(3000)
async def test_learners_keep_what_the_model_says_for_long(world: World) -> None:
    await walks(world, 150)
