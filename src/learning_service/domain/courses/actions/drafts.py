"""Editing drafts. One author at a time holds the course's row, and may change only the state that they saw last."""

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.actions.documents import write_references
from learning_service.domain.courses.actions.rights import require_granting
from learning_service.domain.courses.actions.searching import remember_text
from learning_service.domain.courses.actions.storing import (
    delete_rows,
    remember_keys,
    write_rows,
    write_skills,
)
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.queries.banks import known_banks
from learning_service.domain.courses.queries.versions import (
    NO_ROWS,
    Edition,
    current_edition,
    current_version,
    find_version,
    known_keys,
    read_tree,
)
from learning_service.domain.courses.rules.banks import without_frozen
from learning_service.domain.courses.rules.corrections import with_changes
from learning_service.domain.courses.rules.keys import assign_keys, unknown_key_faults
from learning_service.domain.courses.rules.patching import Operation, apply_patch
from learning_service.domain.courses.rules.richtext import (
    Clean,
    Cleaning,
    Removed,
    sanitize_html,
    sanitize_tree,
)
from learning_service.domain.courses.rules.rows import HEAD_COLUMNS
from learning_service.domain.courses.rules.tree import Tree, each_paper, parse_tree, pools_of, texts_of
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import (
    Conflict,
    Fault,
    Invalid,
    PreconditionFailed,
    PreconditionRequired,
)
from learning_service.domain.kernel.large_work import apart, apart_in_pieces
from learning_service.domain.kernel.pointers import pointer
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.organizations.queries import organization_settings
from learning_service.domain.questions.rules.corrections import QuestionChange
from learning_service.domain.questions.rules.pools import each_question
from learning_service.domain.questions.rules.types import AnyQuestion
from learning_service.domain.records.audit import AuditAction, record_act


class NothingToDiscard(Conflict):
    """The course has no draft."""

    code = "nothing-to-discard"

    def __init__(self) -> None:
        super().__init__("There is no draft; what you see is the published version.")


async def lock_course(session: AsyncSession, course_id: uuid.UUID) -> Course:
    """The course, its row held until the transaction ends: edits and publishes go one at a time.

    Enrolling, which only refers to the row, goes on meanwhile.
    """
    return (
        await session.execute(
            select(Course)
            .where(Course.id == course_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    ).scalar_one()


def check_precondition(if_match: str | None, version: CourseVersion) -> None:
    """Raises PreconditionRequired without `If-Match`, PreconditionFailed when it names another state."""
    if if_match is None:
        raise PreconditionRequired("Send If-Match with the ETag of the draft that you edited.")
    refuse_changed(if_match, version)


def refuse_changed(if_match: str, version: CourseVersion) -> None:
    """Raises PreconditionFailed where `If-Match` names another state."""
    tags = [tag.strip() for tag in if_match.split(",")]
    if "*" not in tags and f'"{version.etag}"' not in tags:
        raise PreconditionFailed("The draft has changed since you read it. Read it again and merge.")


async def save_draft(
    session: AsyncSession, course_id: uuid.UUID, sent: bytes, *, if_match: str | None, actor: Principal
) -> Edition:
    """Make the tree that was sent, as JSON, the course's draft, atomically.

    Raises Invalid for what can never be right and for keys that the course never had, Forbidden for skills that the
    actor may not grant, then as `check_precondition`.
    """
    clean, removed = await _accepted(session, course_id, sent, actor)
    course = await lock_course(session, course_id)
    known = await known_keys(session, course_id)
    _refuse_unknown_keys(clean, known)
    version = await current_version(session, course_id)
    before = Edition(version, await read_tree(session, version))
    await require_granting(session, course, before.tree.mastered_skills, clean.mastered_skills, actor=actor)
    check_precondition(if_match, version)
    await _refuse_unknown_banks(session, before.tree, clean, actor)
    return await store_draft(session, course, before, clean, removed, known, actor=actor)


async def patch_draft(
    session: AsyncSession,
    course_id: uuid.UUID,
    patch: tuple[Operation, ...],
    *,
    if_match: str | None,
    actor: Principal,
) -> Edition:
    """Apply a JSON Patch to the draft, whole or not at all; the result is judged like a saved tree.

    Raises as `check_precondition`, then Forbidden for skills that the actor may not grant, and Invalid.
    """
    course = await lock_course(session, course_id)
    version = await current_version(session, course_id)
    check_precondition(if_match, version)
    before = Edition(version, await read_tree(session, version))
    tree = await apart(*actor.who, apply_patch, before.tree, patch)
    await require_granting(session, course, before.tree.mastered_skills, tree.mastered_skills, actor=actor)
    known = await known_keys(session, course_id)
    _refuse_unknown_keys(tree, known)
    await _refuse_unknown_banks(session, before.tree, tree, actor)
    clean, removed = await _sanitized(session, tree, actor, held=before.tree)
    return await store_draft(session, course, before, clean, removed, known, actor=actor)


async def accept_answer(
    session: AsyncSession, course_id: uuid.UUID, question_key: str, text: str, *, actor: Principal
) -> bool:
    """Take a text into the right answers of a short answer in the draft, which is made where there is none.

    False where the draft has no such short answer any more, or as many right answers as it may have.
    """
    course = await lock_course(session, course_id)
    version = await current_version(session, course_id)
    before = Edition(version, await read_tree(session, version))
    found = _accepting(before.tree, question_key, text)
    if found is None:
        return False
    if found != before.tree:
        await store_draft(
            session, course, before, found, (), await known_keys(session, course_id), actor=actor
        )
    return True


async def correct_draft(
    session: AsyncSession, course: Course, changes: Sequence[QuestionChange], *, actor: Principal
) -> None:
    """Take corrections of a version into the draft of a locked course, which is made where there is none."""
    version = await current_version(session, course.id)
    before = Edition(version, await read_tree(session, version))
    after = with_changes(before.tree, changes)
    if after != before.tree:
        await store_draft(
            session, course, before, after, (), await known_keys(session, course.id), actor=actor
        )


def _accepting(tree: Tree, question_key: str, text: str) -> Tree | None:
    """The tree in which that question accepts the text; None where there is none that can."""
    found = False

    def accepting(question: AnyQuestion) -> AnyQuestion:
        nonlocal found
        after = question.accepting(text) if question.key == question_key else None
        found = found or after is not None
        return question if after is None else cast(AnyQuestion, after)

    after = each_paper(tree, lambda paper: each_question(paper, accepting))
    return after if found else None


async def restore_version(
    session: AsyncSession, course_id: uuid.UUID, number: int, *, if_match: str | None, actor: Principal
) -> Edition:
    """Make the tree of any version the draft. Raises NotFound for a number that the course never reached, Forbidden
    for skills that the actor may not grant, then as `check_precondition`.
    """
    course = await lock_course(session, course_id)
    wanted = await find_version(session, course_id, number)
    version = await current_version(session, course_id)
    before = Edition(version, await read_tree(session, version))
    tree = (await read_tree(session, wanted)).tree
    await require_granting(session, course, before.tree.mastered_skills, tree.mastered_skills, actor=actor)
    check_precondition(if_match, version)
    # The organization's video hosts may have changed since.
    clean, removed = await _sanitized(session, tree, actor, held=tree)
    known = await known_keys(session, course_id)
    return await store_draft(session, course, before, clean, removed, known, actor=actor)


async def discard_draft(
    session: AsyncSession, course_id: uuid.UUID, *, if_match: str | None, actor: Principal
) -> None:
    """Throw the draft away; the published version is then what the next edit starts from.

    The draft of a course that was never published goes back to what a new course has: its title, no modules.
    Raises as `check_precondition`, then NothingToDiscard.
    """
    course = await lock_course(session, course_id)
    version = await current_version(session, course_id)
    check_precondition(if_match, version)
    if version.published_at is not None:
        raise NothingToDiscard
    if course.published_version_id is None:
        empty = Tree(title=version.title)
        before = Edition(version, await read_tree(session, version))
        await write_draft(session, course, before, empty, await known_keys(session, course_id))
    else:
        await delete_rows(session, version)
        await session.delete(version)
        await session.flush()
    _record(session, "course.draft_discarded", course, version, actor)
    await _remember_text(session, course)


async def write_draft(
    session: AsyncSession, course: Course, before: Edition, tree: Tree, known: Mapping[str, str]
) -> Edition:
    """Store a sanitized tree as the draft of a locked course; `before` is what is there now. Raises Invalid."""
    drawing = each_paper(tree, lambda paper: tuple(map(without_frozen, paper)))
    keyed = assign_keys(drawing, known=known, new_key=lambda: uuid.uuid4().hex)
    fresh = before.version.published_at is not None
    version = _next_version(session, course, before.version) if fresh else before.version
    for name in HEAD_COLUMNS:
        setattr(version, name, getattr(keyed, name))
    version.etag = new_id().hex
    version.updated_at = now(session)
    await session.flush()
    await remember_keys(session, course, keyed, known)
    noted = None if fresh else before.tree
    await write_skills(session, version, noted, keyed)
    await write_references(session, version, noted, keyed)
    return Edition(version, await write_rows(session, version, NO_ROWS if fresh else before.stored, keyed))


async def store_draft(
    session: AsyncSession,
    course: Course,
    before: Edition,
    tree: Tree,
    removed: tuple[Removed, ...],
    known: Mapping[str, str],
    *,
    actor: Principal,
) -> Edition:
    """Store a sanitized tree as the draft of a locked course, as its author's edit. Raises Invalid."""
    edition = await write_draft(session, course, before, tree, known)
    _record(session, "course.draft_saved", course, edition.version, actor)
    await _remember_text(session, course)
    return Edition(edition.version, edition.stored, removed)


async def _remember_text(session: AsyncSession, course: Course) -> None:
    """A published course is found by what is published."""
    if course.published_version_id is None:
        await remember_text(session, course.organization_id, course.id)


async def _accepted(
    session: AsyncSession, course_id: uuid.UUID, sent: bytes, actor: Principal
) -> tuple[Tree, tuple[Removed, ...]]:
    """The tree that was sent, clean. What the course holds already came in by the rules of its time, and stays."""
    clean = await sanitizer_of(session, actor)
    held = texts_of((await current_edition(session, course_id)).tree)
    return await apart_in_pieces(*actor.who, _judged(sent, clean, held))


def _judged(sent: bytes, clean: Clean, held: frozenset[str]) -> Cleaning[tuple[Tree, tuple[Removed, ...]]]:
    tree = parse_tree(sent, held)
    yield
    return (yield from sanitize_tree(tree, clean, held))


async def _sanitized(
    session: AsyncSession, tree: Tree, actor: Principal, *, held: Tree
) -> tuple[Tree, tuple[Removed, ...]]:
    """In a thread: hostile text takes a while, and the loop serves others meanwhile."""
    clean = await sanitizer_of(session, actor)
    return await apart_in_pieces(*actor.who, sanitize_tree(tree, clean, texts_of(held)))


async def sanitizer_of(session: AsyncSession, actor: Principal) -> Clean:
    """What cleans rich text in the actor's organization."""
    settings = await organization_settings(session, actor.organization_id)
    return partial(sanitize_html, video_hosts=frozenset(settings.video_hosts))


def _refuse_unknown_keys(tree: Tree, known: Mapping[str, str]) -> None:
    faults = unknown_key_faults(tree, known)
    if faults:
        raise Invalid(faults)


async def _refuse_unknown_banks(session: AsyncSession, before: Tree, tree: Tree, actor: Principal) -> None:
    """Raises Invalid for banks that the draft did not draw from before, and that the actor may not author."""
    drawn = {pool.bank_id for _, pool in pools_of(before)}
    new = {pool.bank_id for _, pool in pools_of(tree) if pool.bank_id is not None} - drawn
    if not new:
        return
    known = await known_banks(session, actor, [one for one in new if one is not None])
    faults = [
        Fault(pointer(*path, "bank_id"), "is no question bank of yours", "not-known")
        for path, pool in pools_of(tree)
        if pool.bank_id in new and pool.bank_id not in known
    ]
    if faults:
        raise Invalid(faults)


def _next_version(session: AsyncSession, course: Course, last: CourseVersion) -> CourseVersion:
    version = CourseVersion(
        id=new_id(),
        organization_id=course.organization_id,
        course_id=course.id,
        number=last.number + 1,
        created_at=now(session),
    )
    session.add(version)
    return version


def _record(
    session: AsyncSession, action: AuditAction, course: Course, version: CourseVersion, actor: Principal
) -> None:
    record_act(
        session,
        actor,
        action,
        ("course", course.id),
        course_id=course.id,
        details={"version": version.number, "etag": version.etag},
    )
