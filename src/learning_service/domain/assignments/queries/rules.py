"""Reads of rules and runs; a caller sees those about members whom they administer."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.models import AssignmentRule, AssignmentRun
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.queries.reach import PARAMETERS, Offices
from learning_service.domain.courses.rules.programs import COURSE, PROGRAM
from learning_service.domain.directory.queries.audience import is_within
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    LIMIT,
    ORGANIZATION_ID,
    ROW_ID,
    Kept,
    fetch,
    fetch_first,
    kept,
)
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
_AFTER = bindparam("after", type_=Uuid())


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


@dataclass(frozen=True, slots=True)
class _Sight:
    """What the words of an administrator's scope depend on: whether it is all, and which units there are."""

    national: bool
    regions: bool
    chapters: bool

    def of(self, table: Any) -> ColumnElement[bool]:
        """The scope, given `_own`: what is about members of their units, or of all, and a course for them."""
        mine: ColumnElement[bool] = table.organization_id == ORGANIZATION_ID
        if self.national:
            return mine
        about: list[ColumnElement[bool]] = [false()]
        if self.regions or self.chapters:
            about.append(table.reach["national"] == func.to_jsonb(literal(True)))
            for key, units in (
                ("regions", PARAMETERS.admin_regions),
                ("chapters", PARAMETERS.admin_chapters),
            ):
                about.append(table.reach[key].op("?|", return_type=true().type)(units))
        courses = select(Course.id).where(
            Course.organization_id == ORGANIZATION_ID,
            Offices(self.national, self.regions, self.chapters).assigned(),
        )
        return and_(mine, table.course_id.in_(courses), or_(*about))


def _own(caller: Principal, *, chapters: bool) -> tuple[_Sight, dict[str, Any]]:
    """What an administrator sees; with `chapters`, one of chapters too."""
    reach = reach_of(caller, chapters=chapters)
    given = {
        "organization_id": caller.organization_id,
        "admin_regions": sorted(reach.regions),
        "admin_chapters": sorted(reach.chapters),
    }
    return _Sight(reach.national, bool(reach.regions), bool(reach.chapters)), given


async def list_rules(session: AsyncSession, caller: Principal, page: PageRequest) -> Sequence[RuleView]:
    """Rules that reach the caller's members, newest first; one more than the page holds."""
    sight, given = _own(caller, chapters=False)
    given |= _place(page)
    read = _listed_rules(sight, after=page.after is not None)
    return [RuleView(*row) for row in await fetch(session, read, given)]


@cache
def _listed_rules(sight: _Sight, *, after: bool) -> Kept:
    statement = _rule_views().where(sight.of(AssignmentRule))
    if after:
        statement = statement.where(AssignmentRule.id < _AFTER)
    return kept(statement.order_by(AssignmentRule.id.desc()).limit(LIMIT))


def _place(page: PageRequest) -> dict[str, Any]:
    after = {} if page.after is None else {"after": uuid.UUID(page.after[0])}
    return {"limit": page.limit + 1, **after}


async def get_rule(session: AsyncSession, caller: Principal, rule_id: uuid.UUID) -> RuleView:
    """One rule that reaches the caller's members. Raises NotFound."""
    sight, given = _own(caller, chapters=False)
    row = await fetch_first(session, _rule(sight), {**given, "row_id": rule_id})
    if row is None:
        raise NotFound
    return RuleView(*row)


@cache
def _rule(sight: _Sight) -> Kept:
    return kept(_rule_views().where(sight.of(AssignmentRule), AssignmentRule.id == ROW_ID))


async def access_rule(
    session: AsyncSession, caller: Principal, rule_id: uuid.UUID, *, lock: bool = False
) -> AssignmentRule:
    """The rule itself. Raises NotFound; whether the caller may change it is `reach_of` against its reach."""
    sight, given = _own(caller, chapters=False)
    statement = select(AssignmentRule).where(*_is_rule(sight))
    if lock:
        statement = statement.with_for_update()
    rule: AssignmentRule | None = await session.scalar(
        statement.execution_options(populate_existing=True), {**given, "row_id": rule_id}
    )
    if rule is None:
        raise NotFound
    return rule


def _is_rule(sight: _Sight) -> tuple[ColumnElement[bool], ...]:
    return sight.of(AssignmentRule), AssignmentRule.id == ROW_ID, AssignmentRule.deleted_at.is_(None)


@cache
def _rule_id(sight: _Sight) -> Kept:
    return kept(select(AssignmentRule.id).where(*_is_rule(sight)))


async def access_run(session: AsyncSession, caller: Principal, run_id: uuid.UUID) -> AssignmentRun:
    """A run about the caller's members, for what changes it: nobody else does until then. Raises NotFound."""
    sight, given = _own(caller, chapters=True)
    statement = select(AssignmentRun).where(sight.of(AssignmentRun), AssignmentRun.id == ROW_ID)
    run: AssignmentRun | None = await session.scalar(
        statement.with_for_update().execution_options(populate_existing=True), {**given, "row_id": run_id}
    )
    if run is None:
        raise NotFound
    return run


async def find_run(session: AsyncSession, caller: Principal, run_id: uuid.UUID) -> Any:
    """The row of a run about the caller's members. Raises NotFound."""
    sight, given = _own(caller, chapters=True)
    run = await fetch_first(session, _run(sight), {**given, "row_id": run_id})
    if run is None:
        raise NotFound
    return run


@cache
def _run(sight: _Sight) -> Kept:
    columns = AssignmentRun.__table__.columns
    return kept(select(*columns).where(sight.of(AssignmentRun), AssignmentRun.id == ROW_ID))


async def list_runs(
    session: AsyncSession, caller: Principal, rule_id: uuid.UUID, page: PageRequest
) -> Sequence[RunView]:
    """The runs of a rule, newest first; one more than the page holds. Raises NotFound."""
    sight, given = _own(caller, chapters=False)
    if await fetch_first(session, _rule_id(sight), {**given, "row_id": rule_id}) is None:
        raise NotFound
    sight, given = _own(caller, chapters=True)
    given |= {"row_id": rule_id, **_place(page)}
    rows = await fetch(session, _runs(sight, after=page.after is not None), given)
    return await _views(session, caller, rows)


@cache
def _runs(sight: _Sight, *, after: bool) -> Kept:
    statement = select(*AssignmentRun.__table__.columns).where(
        sight.of(AssignmentRun), AssignmentRun.rule_id == ROW_ID
    )
    if after:
        statement = statement.where(AssignmentRun.id < _AFTER)
    return kept(statement.order_by(AssignmentRun.id.desc()).limit(LIMIT))


async def run_view(session: AsyncSession, caller: Principal, run: Any) -> RunView:
    """A run, or its row, as the caller sees it."""
    return (await _views(session, caller, [run]))[0]


async def _views(session: AsyncSession, caller: Principal, runs: Sequence[Any]) -> Sequence[RunView]:
    """Runs as the caller sees them: figures never tell of members whom others administer."""
    reach = reach_of(caller, chapters=True)
    partly = [run.id for run in runs if not reach.covers(reach_of_stored(run))]
    assigned = {run.course_id for run in runs}
    own = await _assigned_within(session, caller.organization_id, assigned, partly, reach)
    given = {"organization_id": caller.organization_id, "courses": list(assigned)}
    programs = {row.id for row in await fetch(session, _programs(), given)}
    views = [_view(run, of_program=run.course_id in programs) for run in runs]
    return [_figures_of_own(view, own[view.run_id]) if view.run_id in own else view for view in views]


@cache
def _programs() -> Kept:
    among = Course.id == any_(bindparam("courses", type_=ARRAY(Uuid())))
    mine = Course.organization_id == ORGANIZATION_ID
    return kept(select(Course.id).where(mine, among, Course.kind == PROGRAM))


async def _assigned_within(
    session: AsyncSession, organization_id: str, courses: set[uuid.UUID], runs: list[uuid.UUID], reach: Reach
) -> dict[uuid.UUID, int]:
    """How many enrollments of each run are of members within a reach."""
    if not runs:
        return {}
    counted = await session.execute(
        select(Enrollment.run_id, func.count())
        .where(
            Enrollment.organization_id == organization_id,
            Enrollment.course_id.in_(courses),
            Enrollment.run_id.in_(runs),
            is_within(organization_id, Enrollment.user_id, reach, erased=True),
        )
        .group_by(Enrollment.run_id)
    )
    return {**dict.fromkeys(runs, 0), **{run: count for run, count in counted if run is not None}}


def _figures_of_own(view: RunView, assigned: int) -> RunView:
    return replace(view, assigned=assigned, matches=None, already_enrolled=None, undone=None)


def _view(run: Any, *, of_program: bool) -> RunView:
    told = {"run_id", "course_id", "program_id"}
    return RunView(
        run_id=run.id,
        course_id=None if of_program else run.course_id,
        program_id=run.course_id if of_program else None,
        **{name: getattr(run, name) for name in RunView.__slots__ if name not in told},
    )


def reach_of_stored(thing: Any) -> Reach:
    """Whose members a rule or run, or its row, may reach."""
    return Reach.from_json(thing.reach)
