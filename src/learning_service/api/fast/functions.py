"""The database functions behind the hot reads, made from the statements that the ordinary routes run.

A function sets role and organization and then reads: one round trip instead of four. A migration installs its text.
`scripts/hot_functions.py` writes that text to `migrations/functions/`, and a test compares it with today's `text()`.
"""

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from typing import cast as cast_type

from sqlalchemy import (
    ARRAY,
    DateTime,
    Numeric,
    Select,
    String,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.sql.elements import BindParameter

from learning_service.domain.attempts.queries.papers import PAPER
from learning_service.domain.attempts.queries.positions import position_statement
from learning_service.domain.attempts.queries.repeats import closed_just_now
from learning_service.domain.completion.queries.completions import FINISHES
from learning_service.domain.completion.queries.found_enrollments import shown_with_finish
from learning_service.domain.completion.queries.own_progress import own_progress
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.access import marks_of_member_courses, member_courses
from learning_service.domain.directory.queries.members import member_exists
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.enrollments import TOTALS
from learning_service.domain.kernel.paging import DEFAULT_LIMIT
from learning_service.schemas.common import PageOut
from learning_service.schemas.courses import CourseOut
from learning_service.schemas.enrollments import MemberEnrollmentOut

_TEXT = """\
CREATE OR REPLACE FUNCTION {name}({parameters}) RETURNS TABLE (
    {columns}
)
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    given_organization_id := set_config('app.organization_id', given_organization_id, true);
    RETURN QUERY
{statement};
END $$;
"""
_WIDTH = 112


@dataclass(frozen=True)
class HotRead:
    """A statement as a function. Its parameters are the statement's, in this order; `instant` is the database's."""

    name: str
    parameters: dict[str, str]
    """Names and types; the organization first."""
    make: Callable[[], Select[*tuple[Any, ...]]]
    """Puts the statement together, which a process that calls the function need not do."""

    @cached_property
    def call(self) -> str:
        """What the driver is given."""
        places = ", ".join(f"${number}" for number in range(1, len(self.parameters) + 1))
        return f"SELECT * FROM {self.name}({places})"  # noqa: S608 - names of our own

    @cached_property
    def call_each(self) -> str:
        """The same for several at once: arrays for all but the organization; each row begins with its place."""
        _, *others = self.parameters.items()
        arrays = ", ".join(f"${number}::{type_}[]" for number, (_, type_) in enumerate(others, 2))
        names = ", ".join(name for name, _ in others)
        given = ", ".join(f"s.{name}" for name, _ in others)
        return (
            f"SELECT s.place, f.* FROM unnest({arrays}) WITH ORDINALITY AS s ({names}, place),"  # noqa: S608
            f" {self.name}($1, {given}) AS f"
        )

    def text(self) -> str:
        """The statement that makes the function."""
        dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        dialect.statement_compiler = _Compiler  # type: ignore[assignment]
        statement = self.make()
        compiled = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        assert not any(re.search(r"\s", constant) for constant in re.findall("'[^']*'", compiled))
        return _TEXT.format(
            name=self.name,
            parameters=", ".join(f"{_given(name)} {type_}" for name, type_ in self.parameters.items()),
            columns=",\n    ".join(
                f"{column.name} {column.type.compile(dialect).lower()}"
                for column in statement.selected_columns
            ),
            statement="\n".join(
                textwrap.fill(line, _WIDTH, subsequent_indent="    ", break_on_hyphens=False)
                for line in compiled.splitlines()
            ),
        )


class _Compiler(PGCompiler):
    """Names the function's parameters where the statement has its own."""

    def visit_bindparam(self, bindparam: BindParameter[Any], *arguments: Any, **named: Any) -> Any:
        """A parameter, or a constant."""
        if not bindparam.required:
            return super().visit_bindparam(bindparam, *arguments, **named)  # type: ignore[no-untyped-call]
        return "clock_timestamp()" if bindparam.key == "instant" else _given(bindparam.key)


class _PageCompiler(_Compiler):
    """Takes parameters out of an array of texts, the first of `page_of_ids`; `instant` is its second."""

    @cached_property
    def places(self) -> dict[str, int]:
        """Where in the array each parameter is."""
        return {}

    def visit_bindparam(self, bindparam: BindParameter[Any], *arguments: Any, **named: Any) -> Any:
        """A parameter, or a constant."""
        if not bindparam.required:
            return super().visit_bindparam(bindparam, *arguments, **named)
        if bindparam.key == "instant":
            return "$2"
        place = self.places.setdefault(bindparam.key, len(self.places) + 1)
        return f"CAST(($1)[{place}] AS {bindparam.type.compile(self.dialect)})"


@dataclass(frozen=True)
class HotPage:
    """A statement of a page's ids as `page_of_ids` takes it, and which value is at which place."""

    text: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, statement: Select[Any]) -> "HotPage":
        """The text of a statement like those of `found_enrollments.page_of_ids`."""
        dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
        dialect.statement_compiler = _PageCompiler  # type: ignore[assignment]
        compiled = cast_type(
            _PageCompiler, statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        )
        return cls(str(compiled), tuple(compiled.places))

    def given(self, values: Mapping[str, Any]) -> list[str]:
        """The values in their places, as texts."""
        return [_text_of(values[name]) for name in self.names]


def _text_of(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _given(name: str) -> str:
    """A parameter's name, which is not that of a column."""
    return f"given_{name}"


def _instant() -> Any:
    return func.clock_timestamp(type_=DateTime(timezone=True)).label("instant")


def _courses() -> Select[Any]:
    """The first page as JSON text, with its mark; null for who is no member, and where more follows."""
    found = member_courses().limit(DEFAULT_LIMIT + 1).subquery()
    fields = (found.c[name] for name in CourseOut.model_fields)
    shown = select(*(_plain(field) for field in fields)).subquery("course")
    items = func.coalesce(func.json_agg(shown.table_valued()), literal_column("'[]'::json"))
    page = {"items": items, "next_cursor": null()}
    document = func.json_build_object(*(part for name in PageOut.model_fields for part in (name, page[name])))
    is_plain = and_(member_exists(), func.count() <= DEFAULT_LIMIT)
    mark = _mark_of_courses().scalar_subquery()
    return select(case((is_plain, cast(document, Text))).label("page"), mark.label("mark")).select_from(shown)


def _mark_of_courses() -> Select[Any]:
    """What names the first page as it is now; null where there is none. A page with the same mark says the same."""
    course = marks_of_member_courses().limit(DEFAULT_LIMIT + 1).subquery("course")
    marks = func.coalesce(func.string_agg(course.c.mark, literal_column("','")), literal_column("''"))
    is_plain = and_(member_exists(), func.count() <= DEFAULT_LIMIT)
    return select(case((is_plain, cast(marks, Text))).label("mark")).select_from(course)


def _plain(field: Any) -> Any:
    """A number without the zeros at its end, as in our JSON."""
    return func.trim_scale(field).label(field.name) if isinstance(field.type, Numeric) else field


def _position() -> Select[Any]:
    return select(_instant(), position_statement("course").subquery("found"))


def _position_at_quiz() -> Select[Any]:
    """Also whether a submission with this digest has just closed an attempt, and may be sent once more."""
    found = position_statement("quiz").subquery("found")
    repeats = closed_just_now(
        found.c.organization_id,
        found.c.user_id,
        found.c.course_id,
        bindparam("id", type_=found.c.id.type),
        bindparam("digest", type_=Text()),
        func.clock_timestamp(),
    )
    return select(_instant(), found, and_(found.c.attempt_id.is_(None), repeats.exists()).label("repeated"))


def _learning() -> Select[Any]:
    """The first page of a member's progress as rows of JSON; null where what it needs is not in it.

    That is who is no member, and an assigned course that asks for others first.
    """
    found = own_progress().order_by(Enrollment.id.desc()).limit(DEFAULT_LIMIT + 1)
    row = func.json_build_array(*found.selected_columns).label("told")
    rows = found.with_only_columns(Enrollment.id.label("id"), row, maintain_column_froms=True).subquery(
        "shown"
    )
    items = select(
        func.coalesce(
            func.json_agg(aggregate_order_by(rows.c.told, rows.c.id.desc())), literal_column("'[]'::json")
        )
    ).scalar_subquery()
    counts = TOTALS.subquery("counts")
    totals = select(
        func.json_build_object(*(part for column in counts.c for part in (column.name, column)))
    ).scalar_subquery()
    asks = exists().where(
        Enrollment.organization_id == bindparam("organization_id", type_=Text()),
        Enrollment.user_id == bindparam("user_id", type_=Text()),
        Enrollment.status == "assigned",
        Course.organization_id == Enrollment.organization_id,
        Course.id == Enrollment.course_id,
        func.cardinality(Course.prerequisites) > 0,
    )
    is_plain = and_(member_exists(), ~asks)
    return select(case((is_plain, cast(items, Text))).label("items"), cast(totals, Text).label("totals"))


def _enrollments() -> Select[Any]:
    """What a list shows of enrollments, as an item of it, then what says how much of each is done."""
    found = shown_with_finish(bindparam("ids", type_=ARRAY(Uuid()))).subquery("found")
    names = (*ENROLLMENT_FIELDS, "version_id", "lessons", "quizzes")
    return select(*(_as_text(found.c[name]) for name in names)).order_by(found.c.place)


def _as_text(column: Any) -> Any:
    """A text by that name and no other, where PostgreSQL would give back another kind of text than it was told."""
    return cast(column, Text).label(column.name) if isinstance(column.type, String) else column


ENROLLMENT_FIELDS = tuple(name for name in MemberEnrollmentOut.model_fields if name != "percent")
"""Of an item of the list what the database knows; `percent` is the last."""
COURSES = HotRead("hot_marked_courses", {"organization_id": "text", "user_id": "text"}, _courses)
MARK_OF_COURSES = HotRead(
    "hot_mark_of_courses", {"organization_id": "text", "user_id": "text"}, _mark_of_courses
)
POSITION = HotRead(
    "hot_own_position",
    {"organization_id": "text", "user_id": "text", "id": "uuid"},
    _position,
)
FINISH = HotRead("hot_finishes", {"organization_id": "text", "enrollment_ids": "uuid[]"}, lambda: FINISHES)
POSITION_AT_QUIZ = HotRead(
    "hot_own_position_at_quiz",
    {"organization_id": "text", "user_id": "text", "id": "uuid", "digest": "text"},
    _position_at_quiz,
)
LEARNING = HotRead("hot_own_progress", {"organization_id": "text", "user_id": "text"}, _learning)
PAPER_OF = HotRead(
    "hot_own_paper", {"organization_id": "text", "user_id": "text", "id": "uuid"}, lambda: PAPER
)
ENROLLMENTS = HotRead("hot_enrollments", {"organization_id": "text", "ids": "uuid[]"}, _enrollments)
HOT_READS = (COURSES, MARK_OF_COURSES, POSITION, FINISH, POSITION_AT_QUIZ, LEARNING, PAPER_OF, ENROLLMENTS)
