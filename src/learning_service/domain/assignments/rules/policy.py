"""What a rule, and an assignment by hand, may say."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import Field, model_validator

from learning_service.domain.assignments.rules.due import DueAt, DueInDays
from learning_service.domain.directory.rules.audience import AudienceFilter, FieldName
from learning_service.domain.kernel.errors import Fault, Wrong
from learning_service.domain.kernel.pointers import at_places
from learning_service.domain.kernel.values import Day, JsonObject, OpaqueId, StrictModel, some

MAX_USERS = 5_000
Trigger: TypeAlias = Literal["membership_status_change", "scheduled_date", "manual"]
Repeat: TypeAlias = Literal["yearly"]


OnLeaving: TypeAlias = Literal["keep", "pause", "withdraw"]
"""What becomes of the open enrollments that the rule alone has made, of members whom it no longer means."""
MOST_DAYS = 3650


class DueFrom(StrictModel):
    """A due day that each member's own custom field says."""

    field: FieldName
    """The custom field: a day (`2026-11-22`) or a time. Where it holds neither, nothing is due."""
    days: Annotated[int, Field(ge=-MOST_DAYS, le=MOST_DAYS)]
    """How many days after that day; below 0 before it."""


class RuleIn(StrictModel):
    """A rule: whom it means, what sets it off, and when the course or program is due then."""

    course_id: UUID | None = None
    """The course that it assigns; exactly one of this and `program_id`."""
    program_id: UUID | None = None
    """The program that it assigns; exactly one of this and `course_id`."""
    trigger: Trigger
    audience_filter: AudienceFilter
    due_in_days: DueInDays | None = None
    """Days after the day of assignment."""
    due_on: Day | None = None
    scheduled_on: Day | None = None
    """The day on which a rule with the trigger `scheduled_date` fires, at its local start."""
    repeat: Repeat | None = None
    """Whether it fires again on that day of each year; null: once."""
    due_from: DueFrom | None = None
    """A due day that each member's own field says, in place of `due_in_days` and `due_on`."""
    on_leaving: OnLeaving = "keep"
    """What becomes of the open enrollments that it alone has made, of members whom it no longer means. `pause` takes
    the due time away, `withdraw` closes them; who matches again goes on, with as much time as was left."""
    active: bool = True

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.course_id is None) == (self.program_id is None):
            raise Wrong("must have exactly one of course_id and program_id", "conflicting")
        return self

    @property
    def assigned_id(self) -> UUID:
        """The course or program."""
        found = self.course_id or self.program_id
        assert found is not None
        return found


class RuleChangeIn(StrictModel):
    """Changes of a rule. What is absent stays; null clears a day."""

    course_id: UUID | None = None
    """The course that it assigns now, in place of another or of a program."""
    program_id: UUID | None = None
    """The program that it assigns now, in place of another or of a course."""
    trigger: Trigger | None = None
    audience_filter: AudienceFilter | None = None
    due_in_days: DueInDays | None = None
    due_on: Day | None = None
    scheduled_on: Day | None = None
    repeat: Repeat | None = None
    """Whether it fires again on that day of each year; null: once."""
    due_from: DueFrom | None = None
    """A due day that each member's own field says, in place of `due_in_days` and `due_on`."""
    on_leaving: OnLeaving | None = None
    """What becomes of the open enrollments that it alone has made, of members whom it no longer means."""
    active: bool | None = None

    @model_validator(mode="after")
    def _not_cleared(self) -> "RuleChangeIn":
        if self.course_id is not None and self.program_id is not None:
            raise Wrong("must have one of course_id and program_id at most", "conflicting")
        fixed = ("course_id", "program_id", "trigger", "audience_filter", "on_leaving", "active")
        empty = [(n,) for n in fixed if n in self.model_fields_set and getattr(self, n) is None]
        if empty:
            raise at_places("must not be null", empty, "required")
        return self


class AssignmentIn(StrictModel):
    """Whom to assign a course: members by id, or an audience."""

    user_ids: Annotated[tuple[OpaqueId, ...], *some(MAX_USERS)] | None = None
    """Members by id; exactly one of this and `audience_filter`."""
    audience_filter: AudienceFilter | None = None
    """All members for whom every condition holds; exactly one of this and `user_ids`."""
    due_at: DueAt | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "AssignmentIn":
        if (self.user_ids is None) == (self.audience_filter is None):
            raise Wrong("must have exactly one of user_ids and audience_filter", "conflicting")
        return self


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """The terms of a rule that depend on one another."""

    trigger: str
    due_in_days: int | None
    due_on: date | None
    scheduled_on: date | None
    repeat: str | None = None
    due_from: JsonObject | None = None


_DUE = ("due_in_days", "due_on", "due_from")
"""The ways to say when it is due, of which a rule has one."""


def changed_terms(terms: RuleTerms, change: RuleChangeIn) -> RuleTerms:
    """The terms after a change. One way to say when it is due takes the other's place."""
    stored = stored_terms(change)
    sent = {name: stored[name] for name in RuleTerms.__slots__ if name in stored}
    if any(sent.get(name) is not None for name in _DUE):
        for name in _DUE:
            sent.setdefault(name, None)
    if sent.get("trigger", "scheduled_date") != "scheduled_date":
        sent.setdefault("scheduled_on", None)
        sent.setdefault("repeat", None)
    return replace(terms, **sent)


def faults_in(terms: RuleTerms, *, today: date, sent: Collection[str]) -> list[Fault]:
    """What is wrong with the terms together, and with the days that were `sent`; `today` where the members are."""
    faults = []
    if terms.due_in_days is not None and terms.due_on is not None:
        faults.append(Fault("/due_on", "cannot stand beside due_in_days", "conflicting"))
    if terms.due_from is not None and (terms.due_in_days is not None or terms.due_on is not None):
        faults.append(Fault("/due_from", "cannot stand beside due_in_days or due_on", "conflicting"))
    if terms.due_on is not None and "due_on" in sent and terms.due_on < today:
        faults.append(Fault("/due_on", "is in the past", "wrong-time"))
    if terms.trigger == "scheduled_date":
        if terms.scheduled_on is None:
            faults.append(Fault("/scheduled_on", "is required for the trigger scheduled_date", "required"))
        elif "scheduled_on" in sent and terms.scheduled_on < today:
            faults.append(Fault("/scheduled_on", "is in the past", "wrong-time"))
        elif terms.due_on is not None and terms.due_on < terms.scheduled_on:
            faults.append(Fault("/due_on", "is before scheduled_on", "wrong-time"))
    elif terms.scheduled_on is not None:
        faults.append(Fault("/scheduled_on", "is only for the trigger scheduled_date", "conflicting"))
    return [*faults, *_faults_in_repeat(terms)]


def _faults_in_repeat(terms: RuleTerms) -> list[Fault]:
    if terms.repeat is None:
        return []
    if terms.trigger != "scheduled_date":
        return [Fault("/repeat", "is only for the trigger scheduled_date", "conflicting")]
    faults = []
    if terms.due_on is not None:
        faults.append(Fault("/repeat", "needs due_in_days, since due_on is one day only", "conflicting"))
    day = terms.scheduled_on
    if day is not None and (day.month, day.day) == (2, 29):
        faults.append(Fault("/scheduled_on", "is not a day of each year", "wrong-time"))
    return faults


def next_anniversary(day: date, *, after: date) -> date:
    """The first day after `after` with the same month and day, which each year has."""
    this_year = day.replace(year=after.year)
    return this_year if this_year > after else day.replace(year=after.year + 1)


def stored_terms(change: RuleChangeIn | RuleIn) -> dict[str, Any]:
    """The fields that were sent, as they are stored."""
    sent = {name: getattr(change, name) for name in change.model_fields_set}
    if isinstance(sent.get("audience_filter"), AudienceFilter):
        sent["audience_filter"] = sent["audience_filter"].as_json()
    if isinstance(sent.get("due_from"), DueFrom):
        sent["due_from"] = sent["due_from"].model_dump()
    if sent.get("program_id") is not None:
        sent["course_id"] = sent["program_id"]
    sent.pop("program_id", None)
    return sent
