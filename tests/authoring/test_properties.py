"""What holds for every tree and every course of an author's work."""

import asyncio
import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.kit.author import Author, changed
from tests.kit.courses import passes
from tests.kit.drawn import some_of
from tests.kit.world import Caller, Json, World, choice, small_tree

from learning_service.domain.courses.rules.diff import Change, diff_trees
from learning_service.domain.courses.rules.keys import assign_keys
from learning_service.domain.courses.rules.patching import FromOperation, ValueOperation, apply_patch
from learning_service.domain.courses.rules.rows import HEAD_COLUMNS, rows_of, tree_of
from learning_service.domain.courses.rules.tree import Tree, dump_tree, parse_tree
from learning_service.domain.kernel.errors import Invalid

words = st.text("abé<&\"'* ", min_size=1, max_size=8).filter(lambda text: bool(text.strip()))
percent = st.integers(0, 100)
attempts = st.none() | st.integers(1, 9)
points = st.sampled_from([0, 1, 2.5, 0.000001, 3.333333])
more_of_an_answer = {"feedback_html": words, "pinned": st.booleans()}
answers = st.lists(
    st.fixed_dictionaries({"text": words}, optional=more_of_an_answer)
    | st.fixed_dictionaries({"html": words}, optional=more_of_an_answer),
    max_size=3,
)
base = {"prompt_html": words, "points": points, "explanation_html": st.none() | words}
questions = st.one_of(
    st.fixed_dictionaries({"type": st.just("multiple_choice"), "answers": answers, **base}),
    st.fixed_dictionaries(
        {
            "type": st.just("multi_select"),
            "answers": st.lists(st.fixed_dictionaries({"text": words, "is_correct": st.booleans()})),
            "scoring": st.sampled_from(["all_or_nothing", "right_minus_wrong"]),
            **base,
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("true_false"), "correct": st.none() | st.booleans(), **base},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("short_answer"),
            "accepted_answers": st.lists(words, max_size=3),
            "case_sensitive": st.booleans(),
            "ignore_accents": st.booleans(),
            "review": st.sampled_from(["auto", "unmatched", "manual"]),
            **base,
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("numeric"),
            "answer": st.none() | st.sampled_from([0, -4, 3.5, 0.1, 123456789.012345, 6.02e23, 1e-30]),
            "tolerance": st.none() | st.sampled_from([0, 0.05, 2]),
            "unit": st.none() | st.sampled_from(["kg", "€"]),
            **base,
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("matching"),
            "pairs": st.lists(
                st.fixed_dictionaries({"left": words, "right": words}),
                max_size=3,
                unique_by=lambda pair: " ".join(pair["left"].split()),
            ),
            "scoring": st.sampled_from(["all_or_nothing", "per_part"]),
            **base,
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("ordering"),
            "items": st.lists(words, max_size=3, unique_by=lambda text: " ".join(text.split())),
            "scoring": st.sampled_from(["all_or_nothing", "per_part"]),
            **base,
        }
    ),
    st.fixed_dictionaries({"type": st.just("free_form"), "rubric_html": st.none() | words, **base}),
)
quiz = {
    "title": words,
    "pass_score": percent,
    "max_attempts": attempts,
    "time_limit_seconds": attempts,
    "retry_delay_seconds": attempts,
    "shuffle": st.booleans(),
    "feedback": st.sampled_from(["never", "after_submit", "after_last_attempt"]),
    "questions": st.lists(questions, max_size=3),
}
items = st.one_of(
    st.fixed_dictionaries({"kind": st.just("quiz"), "required": st.booleans(), **quiz}),
    st.fixed_dictionaries(
        {
            "kind": st.just("lesson"),
            "title": words,
            "body_html": words,
            "required": st.booleans(),
            "video_url": st.none() | st.just("https://video.example/1"),
        }
    ),
)
skills = st.lists(st.sampled_from(["a", "b", "c"]), unique=True).map(
    lambda ids: [{"skill_id": i, "name": i.upper()} for i in ids]
)
trees = st.fixed_dictionaries(
    {
        "title": words,
        "description_html": words,
        "pass_score": percent,
        "mastered_skills": skills,
        "modules": st.lists(
            st.fixed_dictionaries({"title": words, "items": st.lists(items, max_size=3)}), max_size=3
        ),
        "assessment": st.none() | st.fixed_dictionaries(quiz),
    }
)


def keyed(document: Json) -> Tree:
    """The tree, with a key on everything."""
    numbers = iter(range(10_000))
    return assign_keys(parse_tree(json.dumps(document)), known={}, new_key=lambda: f"k{next(numbers)}")


@given(trees)
@settings(max_examples=some_of(150), deadline=None)
def test_tree_to_rows_to_tree_is_the_identity(document: Json) -> None:
    tree = keyed(document)
    head = {name: getattr(tree, name) for name in HEAD_COLUMNS}
    there = tree_of(head, [skill.model_dump() for skill in tree.mastered_skills], rows_of(tree))
    assert there == tree
    assert parse_tree(dump_tree(there)) == tree


def shuffled(tree: Tree, data: st.DataObject) -> Tree:
    """The same parts in another order, some gone, some new."""
    document = json.loads(dump_tree(tree))
    modules = data.draw(st.permutations(document["modules"]))
    document["modules"] = [*modules[: data.draw(st.integers(0, len(modules)))], {"title": "new"}]
    for module in modules:
        module["items"] = data.draw(st.permutations(module.get("items", [])))
    document["title"] = data.draw(words)
    numbers = iter(range(10_000))
    return assign_keys(parse_tree(json.dumps(document)), known={}, new_key=lambda: f"n{next(numbers)}")


@given(trees, st.data())
@settings(max_examples=some_of(100), deadline=None)
def test_a_difference_names_each_part_that_came_went_or_moved(document: Json, data: st.DataObject) -> None:
    before = keyed(document)
    after = shuffled(before, data)
    changes = diff_trees(before, after)
    old, new = _keys(before), _keys(after)

    def named(kind: str, among: list[Change]) -> set[str | None]:
        return {change.key for change in among if change.change == kind}

    assert named("added", changes) == new - old
    assert named("removed", changes) == old - new
    backwards = diff_trees(after, before)
    assert named("added", backwards) == old - new
    assert len(named("moved", backwards)) == len(named("moved", changes))
    assert diff_trees(after, after) == []
    untouched = (old & new) - named("moved", changes)
    for path in ("modules",):
        orders = [[m.key for m in getattr(t, path) if m.key in untouched] for t in (before, after)]
        assert orders[0] == orders[1]


def _keys(tree: Tree) -> set[str]:
    rows = rows_of(tree)
    return {key for table in rows.values() for key in table}


places = st.sampled_from(
    ["", "/title", "/modules", "/modules/0", "/modules/-", "/modules/0/items/0", "/modules/1/items/-",
     "/assessment", "/pass_score", "/nothing/here", "/modules/0/items/0/questions/0/answers/0/key"]
)  # fmt: skip
operations = st.lists(
    st.one_of(
        st.builds(
            ValueOperation.model_construct,
            op=st.sampled_from(["add", "replace", "test"]),
            path=places,
            value=st.one_of(st.none(), st.integers(), st.text(max_size=3), st.just([]), st.just({})),
        ),
        st.builds(
            FromOperation.model_construct, op=st.sampled_from(["move", "copy"]), path=places, from_=places
        ),
    ),
    max_size=12,
)


@given(trees, operations)
@settings(max_examples=some_of(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.long
def test_a_patch_gives_a_tree_or_a_refusal_and_leaves_what_was(document: Json, patch: Any) -> None:
    from_ = keyed(document)
    before = dump_tree(from_)
    try:
        after = apply_patch(from_, tuple(patch))
    except Invalid:
        pass
    else:
        assert parse_tree(dump_tree(after)) == after
    assert dump_tree(from_) == before


EDITS = ("rename", "quiz", "lesson", "drop", "reorder", "right", "harder")


def edited(tree: Json, edit: str, n: int) -> Json:
    """The tree after one edit that leaves it publishable."""
    result = copy.deepcopy(tree)
    module = result["modules"][0]
    if edit == "rename":
        result["title"] = f"Edition {n}"
    elif edit == "quiz":
        module["items"].append({"kind": "quiz", "title": f"Q{n}", "questions": [choice(f"{n}?")]})
    elif edit == "lesson":
        module["items"].append({"kind": "lesson", "title": f"L{n}"})
    elif edit == "drop" and len(module["items"]) > 1:
        module["items"].pop(n % len(module["items"]))
    elif edit == "reorder":
        module["items"].reverse()
    elif edit == "right":
        result["assessment"]["questions"].append(choice(f"More {n}?"))
    elif edit == "harder":
        result["pass_score"] = result["assessment"]["pass_score"] = 100
    return result


async def _works(world: World, author: Author, edits: list[list[str]]) -> None:
    """Publish after each group of edits, with somebody enrolling in every edition; then all of them finish."""
    learners: list[tuple[Caller, int, str]] = []
    for n, group in enumerate(edits):
        for m, edit in enumerate(group):
            tree, _ = await author.draft()
            await author.saved(edited(tree, edit, 10 * n + m))
        if group:
            await author.publish()
        learner = world.member(("ana", "bob", "cyd", "dan", "eve")[n])
        enrollment = await learner.ok("POST", f"{author.path}/enroll/")
        learners.append((learner, enrollment["version"], enrollment["course_title"]))
    await author.saved(changed((await author.draft())[0], "/title", "Unpublished"))
    for learner, version, title in learners:
        done = await passes(learner, author.course)
        assert done["enrollment"]["status"] == "completed"
        [mine] = (await learner.ok("GET", "/api/users/enrollments/"))["items"]
        assert (mine["version"], mine["course_title"]) == (version, title)
        [certificate] = (await learner.ok("GET", "/api/users/certificates/"))["items"]
        assert certificate["course_title"] == title


# The event loop is the session's, so each example is drawn first and run after.
examples: list[list[list[str]]] = []


@given(st.lists(st.lists(st.sampled_from(EDITS), max_size=3), min_size=2, max_size=5))
@settings(max_examples=6, deadline=None, database=None, derandomize=True)
def _draw(edits: list[list[str]]) -> None:
    examples.append(edits)


_draw()


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_whatever_authors_do_every_enrollment_can_finish(world: World) -> None:
    for edits in examples:
        fresh = World(world.http, world.signer, world.worker)
        await fresh.found()
        author = await Author.starts(fresh, small_tree())
        await author.publish()
        await _works(fresh, author, edits)
        await asyncio.sleep(0)
