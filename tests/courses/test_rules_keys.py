"""Keys: made where absent, kept where given, refused where foreign."""

from collections.abc import Callable
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from learning_service.domain.courses.rules.keys import assign_keys, keys_of, unknown_key_faults, without_keys
from learning_service.domain.courses.rules.tree import Assessment, Lesson, Module, Quiz, Tree, keyed_nodes
from learning_service.domain.questions.rules.free_form import FreeForm
from learning_service.domain.questions.rules.multi_select import MultiSelect
from learning_service.domain.questions.rules.question import Answer


def tree_with(keys: list[str | None]) -> Tree:
    """A tree with one part of each kind, keyed in order."""
    module, lesson, quiz, choice, answer, assessment, essay = keys
    return Tree(
        title="Course",
        modules=(
            Module(
                key=module,
                title="Module",
                items=(
                    Lesson(kind="lesson", key=lesson, title="Lesson"),
                    Quiz(
                        kind="quiz",
                        key=quiz,
                        title="Quiz",
                        questions=(
                            MultiSelect(
                                type="multi_select", key=choice, answers=(Answer(key=answer, text="a"),)
                            ),
                        ),
                    ),
                ),
            ),
        ),
        assessment=Assessment(
            key=assessment, title="Final", questions=(FreeForm(type="free_form", key=essay),)
        ),
    )


def counting() -> Callable[[], str]:
    """Keys k0, k1, k2 and so on, which collide with those that the trees here have."""
    numbers = count()
    return lambda: f"k{next(numbers)}"


KIND = ["module", "lesson", "quiz", "question", "answer", "assessment", "question"]
SOME_KEYS = st.lists(
    st.none() | st.sampled_from([f"k{n}" for n in range(12)]), min_size=7, max_size=7
).filter(lambda keys: len({k for k in keys if k}) == sum(k is not None for k in keys))


@given(SOME_KEYS, st.sets(st.sampled_from([f"k{n}" for n in range(20)])))
def test_everything_gets_a_key_of_its_own_and_keeps_it(keys: list[str | None], known: set[str]) -> None:
    tree = tree_with(keys)
    keyed = assign_keys(tree, known=dict.fromkeys(known, "module"), new_key=counting())
    given_out = [node.key for _, node in keyed_nodes(keyed)]
    assert None not in given_out
    assert len(set(given_out)) == 7
    for before, after in zip(keys, given_out, strict=True):
        assert after == before if before is not None else after not in known
    assert assign_keys(keyed, known={}, new_key=counting()) == keyed
    assert without_keys(keyed) == without_keys(tree)


@given(SOME_KEYS)
def test_keys_of_another_version_are_known(keys: list[str | None]) -> None:
    keyed = assign_keys(tree_with(keys), known={}, new_key=counting())
    assert sorted(keys_of(keyed).values()) == sorted(KIND)
    assert unknown_key_faults(keyed, keys_of(keyed)) == []


def test_foreign_keys_and_keys_of_another_kind_are_named() -> None:
    tree = tree_with(["m", "l", "q", "c", "a", "f", "e"])
    known = {"m": "module", "l": "quiz", "q": "assessment", "c": "question", "a": "answer", "f": "assessment"}
    faults = {fault.pointer: fault.detail for fault in unknown_key_faults(tree, known)}
    assert list(faults) == [
        "/modules/0/items/0/key",
        "/modules/0/items/1/key",
        "/assessment/questions/0/key",
    ]
    assert "another kind: quiz" in faults["/modules/0/items/0/key"]
    assert "never had" in faults["/assessment/questions/0/key"]


def test_without_keys_nothing_else_changes() -> None:
    bare = tree_with([None] * 7)
    assert without_keys(tree_with(["m", "l", "q", "c", "a", "f", "e"])) == bare
