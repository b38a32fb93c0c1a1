"""Reads of rules and runs; a caller sees those about members whom they administer."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, false, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.models import AssignmentRule, AssignmentRun
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.queries.reach import assigned_by
from learning_service.domain.courses.rules.programs import COURSE, PROGRAM
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import within
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.values import JsonObject


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as administrators see it."""

    id: uuid.UUID
    course_id: uuid.UUID | None
    program_id: uuid.UUID | None
    course_title: str
    trigger: str
    audience_filter: JsonObject
    due_in_days: int | None
    due_on: date | None
    due_from: JsonObject | None
    on_leaving: str
    scheduled_on: date | None
    fired_on: date | None
    repeat: str | None
    active: bool
    edited_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RunView:
    """A run and what it did so far. A caller who administers only some of its members sees only their number."""

    run_id: uuid.UUID
    rule_id: uuid.UUID | None
    course_id: uuid.UUID | None
    program_id: uuid.UUID | None
    trigger: str
    started_by: str
    status: str
    reason: str | None
    matches: int | None
    assigned: int
    already_enrolled: int | None
    undone: int | None
    due_at: datetime | None
    started_at: datetime
    finished_at: datetime | None


_RULE_FIELDS = (
    "trigger",
    "audience_filter",
    "due_in_days",
    "due_on",
    "due_from",
    "on_leaving",
    "scheduled_on",
    "fired_on",
    "repeat",
    "active",
)
_RULE_ENDING = ("edited_by", "created_at", "updated_at")


def _rule_views() -> Any:
    """A select of `RuleView` columns; scope it."""
    title = (
        select(CourseVersion.title)
        .where(CourseVersion.course_id == Course.id)
        .order_by((CourseVersion.id == Course.published_version_id).desc(), CourseVersion.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            AssignmentRule.id,
            case((Course.kind == COURSE, Course.id)),
            case((Course.kind == PROGRAM, Course.id)),
            title,
            *(getattr(AssignmentRule, name) for name in (*_RULE_FIELDS, *_RULE_ENDING)),
        )
        .join(Course, Course.id == AssignmentRule.course_id)
        .where(AssignmentRule.deleted_at.is_(None))
    )


def _seen_by(caller: Principal, table: Any, *, chapters: bool) -> ColumnElement[bool]:
    """The scope of an administrator: what is about members of their units, or of all, and a course for them."""
    reach = reach_of(caller, chapters=chapters)
    conditions: list[ColumnElement[bool]] = [true() if reach.national else false()]
    if reach.regions or reach.chapters:
        conditions.append(table.reach["national"] == func.to_jsonb(literal(True)))
        for key, units in (("regions", reach.regions), ("chapters", reach.chapters)):
            has_one = table.reach[key].op("?|", return_type=true().type)
            conditions.append(has_one(cast(sorted(units), ARRAY(Text))))
    if not reach.national:
        courses = select(Course.id).where(
            Course.organization_id == caller.organization_id, assigned_by(caller, chapters=chapters)
        )
        conditions = [and_(table.course_id.in_(courses), or_(*conditions))]
    return and_(table.organization_id == caller.organization_id, or_(*conditions))


async def list_rules(session: AsyncSession, caller: Principal, page: PageRequest) -> Sequence[RuleView]:
    """Rules that reach the caller's members, newest first; one more than the page holds."""
    statement = _rule_views().where(_seen_by(caller, AssignmentRule, chapters=False))
    if page.after is not None:
        statement = statement.where(AssignmentRule.id < uuid.UUID(page.after[0]))
    statement = statement.order_by(AssignmentRule.id.desc()).limit(page.limit + 1)
    return [RuleView(*row) for row in await session.execute(statement)]


async def get_rule(session: AsyncSession, caller: Principal, rule_id: uuid.UUID) -> RuleView:
    """One rule that reaches the caller's members. Raises NotFound."""
    row = (
        await session.execute(
            _rule_views().where(
                _seen_by(caller, AssignmentRule, chapters=False), AssignmentRule.id == rule_id
            )
        )
    ).first()
    if row is None:
        raise NotFound
    return RuleView(*row)


async def access_rule(
    session: AsyncSession, caller: Principal, rule_id: uuid.UUID, *, lock: bool = False
) -> AssignmentRule:
    """The rule itself. Raises NotFound; whether the caller may change it is `reach_of` against its reach."""
    statement = select(AssignmentRule).where(
        _seen_by(caller, AssignmentRule, chapters=False),
        AssignmentRule.id == rule_id,
        AssignmentRule.deleted_at.is_(None),
    )
    if lock:
        statement = statement.with_for_update()
    rule: AssignmentRule | None = await session.scalar(statement.execution_options(populate_existing=True))
    if rule is None:
        raise NotFound
    return rule


async def access_run(
    session: AsyncSession, caller: Principal, run_id: uuid.UUID, *, lock: bool = False
) -> AssignmentRun:
    """A run about the caller's members. Raises NotFound."""
    statement = select(AssignmentRun).where(
        _seen_by(caller, AssignmentRun, chapters=True), AssignmentRun.id == run_id
    )
    if lock:
        statement = statement.with_for_update()
    run: AssignmentRun | None = await session.scalar(statement.execution_options(populate_existing=True))
    if run is None:
        raise NotFound
    return run


async def list_runs(
    session: AsyncSession, caller: Principal, rule_id: uuid.UUID, page: PageRequest
) -> Sequence[RunView]:
    """The runs of a rule, newest first; one more than the page holds. Raises NotFound."""
    await access_rule(session, caller, rule_id)
    statement = select(AssignmentRun).where(
        _seen_by(caller, AssignmentRun, chapters=True), AssignmentRun.rule_id == rule_id
    )
    if page.after is not None:
        statement = statement.where(AssignmentRun.id < uuid.UUID(page.after[0]))
    rows = (await session.scalars(statement.order_by(AssignmentRun.id.desc()).limit(page.limit + 1))).all()
    return await _views(session, caller, rows)


async def run_view(session: AsyncSession, caller: Principal, run: AssignmentRun) -> RunView:
    """A run as the caller sees it."""
    return (await _views(session, caller, [run]))[0]


async def _views(
    session: AsyncSession, caller: Principal, runs: Sequence[AssignmentRun]
) -> Sequence[RunView]:
    """Runs as the caller sees them: figures never tell of members whom others administer."""
    reach = reach_of(caller, chapters=True)
    partly = [run.id for run in runs if not reach.covers(reach_of_stored(run))]
    assigned = {run.course_id for run in runs}
    own = await _assigned_within(session, caller.organization_id, assigned, partly, reach)
    programs = set(
        await session.scalars(
            select(Course.id).where(
                Course.organization_id == caller.organization_id,
                Course.id.in_(assigned),
                Course.kind == PROGRAM,
            )
        )
    )
    views = [_view(run, of_program=run.course_id in programs) for run in runs]
    return [_figures_of_own(view, own[view.run_id]) if view.run_id in own else view for view in views]


async def _assigned_within(
    session: AsyncSession, organization_id: str, courses: set[uuid.UUID], runs: list[uuid.UUID], reach: Reach
) -> dict[uuid.UUID, int]:
    """How many enrollments of each run are of members within a reach."""
    if not runs:
        return {}
    counted = await session.execute(
        select(Enrollment.run_id, func.count())
        .join(
            Member,
            and_(Member.organization_id == Enrollment.organization_id, Member.user_id == Enrollment.user_id),
        )
        .where(
            Enrollment.organization_id == organization_id,
            Enrollment.course_id.in_(courses),
            Enrollment.run_id.in_(runs),
            within(organization_id, reach),
        )
        .group_by(Enrollment.run_id)
    )
    return {**dict.fromkeys(runs, 0), **{run: count for run, count in counted if run is not None}}


def _figures_of_own(view: RunView, assigned: int) -> RunView:
    return replace(view, assigned=assigned, matches=None, already_enrolled=None, undone=None)


def _view(run: AssignmentRun, *, of_program: bool) -> RunView:
    told = {"run_id", "course_id", "program_id"}
    return RunView(
        run_id=run.id,
        course_id=None if of_program else run.course_id,
        program_id=run.course_id if of_program else None,
        **{name: getattr(run, name) for name in RunView.__slots__ if name not in told},
    )


def reach_of_stored(thing: AssignmentRule | AssignmentRun) -> Reach:
    """Whose members the rule or run may reach."""
    return Reach.from_json(thing.reach)
