"""The tables that compliance follows from as they were at an instant, for the statements that read them now.

Each is a `WITH` item of a table's own name, which therefore stands for the table in all that comes after it: the same
statement that says how things stand says how they stood. The parameters are `organization_id` and `instant`.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import CTE, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY


def _before(column: str, kind: str, table: str, was: str = "p.was") -> str:
    """The column's value at the instant: what the first change after it took away, else what is there now."""
    return (
        f"CASE WHEN {was} IS NULL THEN {table}.{column} ELSE ({was} ->> '{column}')::{kind} END AS {column}"
    )


# Before the organization was known here, what it says now holds: nothing was said then.
_CHANGED = """v.organization_id = :organization_id AND v.until > :instant
        AND (SELECT o.created_at FROM organizations o WHERE o.id = :organization_id) <= :instant"""
_PAST = f"""SELECT DISTINCT ON (v.kind, v.id) v.kind, v.id, v.was FROM past_values v
    WHERE {_CHANGED} AND v.kind IN ('settings', 'chapter', 'requirement', 'course')
    ORDER BY v.kind, v.id, v.until"""  # noqa: S608


def _with_past(kind: str, table: str, was_there: str, *, named: bool, few: bool) -> str:
    """Rows that were there, with what the first change after the instant took away from each (`was`).

    `named`: only changes of these rows are looked at, which are few of all that have changed. Of `few` members' rows
    each is looked up.
    """
    rows = f"FROM {table} t WHERE t.organization_id = :organization_id AND {was_there}"
    of_row = f"v.id IN (SELECT t.id::text {rows})" if few else f"v.id::uuid IN (SELECT t.id {rows})"
    which = f" AND {of_row}" if named or few else ""
    return f"""SELECT t.*, p.was FROM (SELECT t.* {rows}) AS t LEFT JOIN (
            SELECT DISTINCT ON (v.id) {"v.id" if few else "v.id::uuid AS id"}, v.was FROM past_values v
            WHERE {_CHANGED} AND v.kind = '{kind}'{which} ORDER BY v.id, v.until
        ) AS p ON p.id = {"t.id::text" if few else "t.id"}"""  # noqa: S608


_SETTINGS = """SELECT s.organization_id, CASE WHEN p.id IS NULL THEN s.active_statuses
        WHEN jsonb_typeof(p.was -> 'active_statuses') = 'array'
            THEN ARRAY(SELECT jsonb_array_elements_text(p.was -> 'active_statuses')) END AS active_statuses
    FROM organization_settings s LEFT JOIN past p ON p.kind = 'settings'
    WHERE s.organization_id = :organization_id"""
# A unit or requirement that was closed since then was not closed yet.
_CHAPTERS = f"""SELECT c.organization_id, c.id, c.name, {_before("region_id", "text", "c")},
        {_before("closed_at", "timestamptz", "c")}
    FROM chapters c LEFT JOIN past p ON p.kind = 'chapter' AND p.id = c.id
    WHERE c.organization_id = :organization_id"""  # noqa: S608
_REQUIREMENTS = f"""SELECT r.organization_id, r.id, r.name, {_before("closed_at", "timestamptz", "r")},
        CASE WHEN p.id IS NULL THEN r.audience_filter
            ELSE nullif(p.was -> 'audience_filter', 'null') END AS audience_filter
    FROM compliance_requirements r LEFT JOIN past p ON p.kind = 'requirement' AND p.id = r.id
    WHERE r.organization_id = :organization_id"""  # noqa: S608
_COURSES = f"""SELECT c.organization_id, c.id, {_before("linked_compliance_requirement", "text", "c")},
        CASE WHEN c.archived_at <= :instant THEN c.archived_at END AS archived_at,
        CASE WHEN EXISTS (SELECT FROM course_versions v WHERE v.course_id = c.id AND v.published_at <= :instant)
            THEN c.published_version_id END AS published_version_id
    FROM courses c LEFT JOIN past p ON p.kind = 'course' AND p.id = c.id::text
    WHERE c.organization_id = :organization_id"""  # noqa: S608
# The nearest change before the instant says what a field was; where there is none, the first one after it.
_NEAREST = """c.at <= :instant DESC, CASE WHEN c.at <= :instant THEN c.at END DESC,
            CASE WHEN c.at <= :instant THEN c.id END DESC, c.at, c.id"""


def _held(field: str) -> str:
    return f"""SELECT DISTINCT ON (c.user_id) c.user_id,
        CASE WHEN c.at <= :instant THEN c.value ELSE c.was END ->> 0 AS held
    FROM member_changes c WHERE c.organization_id = :organization_id AND c.field = '{field}'
    ORDER BY c.user_id, {_NEAREST}"""  # noqa: S608


_CUSTOM = f"""SELECT f.user_id,
        jsonb_object_agg(substr(f.field, 15), f.held -> 0) FILTER (WHERE f.held <> '[]') AS there,
        array_agg(substr(f.field, 15)) FILTER (WHERE f.held = '[]') AS absent
    FROM (SELECT DISTINCT ON (c.user_id, c.field) c.user_id, c.field,
            CASE WHEN c.at <= :instant THEN c.value ELSE c.was END AS held
        FROM member_changes c
        WHERE c.organization_id = :organization_id AND c.field = ANY(:custom_fields)
        ORDER BY c.user_id, c.field, {_NEAREST}
    ) AS f GROUP BY f.user_id"""  # noqa: S608
# Somebody is a member from the earliest of joining, first event and first completion.
_MEMBERS = """SELECT m.organization_id, m.user_id, m.erased_at,
        coalesce(h.held, m.chapter_id) AS chapter_id, coalesce(s.held, m.status) AS status,
        CASE WHEN :custom_fields = '{}' THEN '{}'
            ELSE (m.custom_fields || coalesce(f.there, '{}')) - coalesce(f.absent, '{}') END AS custom_fields
    FROM members m LEFT JOIN chapters_held h ON h.user_id = m.user_id
        LEFT JOIN statuses_held s ON s.user_id = m.user_id LEFT JOIN customs_held f ON f.user_id = m.user_id
    WHERE m.organization_id = :organization_id AND (m.erased_at IS NULL OR m.erased_at > :instant)
        AND (m.created_at <= :instant
            OR m.user_id IN (SELECT e.user_id FROM membership_events e
                WHERE e.organization_id = :organization_id AND e.time <= :instant)
            OR m.user_id IN (SELECT c.user_id FROM course_completions c
                WHERE c.organization_id = :organization_id AND c.completed_at <= :instant))"""
# What is completed now, and was by then, has been ever since: a later change would have another time of ending.
_NOT_DONE = (
    "t.assigned_at <= :instant AND NOT (t.status = 'completed' AND coalesce(t.ended_at <= :instant, false))"
)


def _enrollments(few: bool) -> str:
    rows = _with_past("enrollment", "enrollments", _NOT_DONE, named=True, few=few)
    return f"""SELECT e.organization_id, e.id, e.user_id, e.course_id, e.due_at, e.awaiting_review,
        CASE WHEN e.status IN ('completed', 'failed') AND e.ended_at > :instant
                OR e.status = 'withdrawn' AND e.withdrawn_at > :instant
            THEN 'in_progress' ELSE e.status END AS status
    FROM (
        SELECT e.organization_id, e.id, e.user_id, e.course_id, {_before("status", "text", "e", "e.was")},
            {_before("due_at", "timestamptz", "e", "e.was")}, {_before("awaiting_review", "boolean", "e", "e.was")},
            {_before("ended_at", "timestamptz", "e", "e.was")},
            {_before("withdrawn_at", "timestamptz", "e", "e.was")}
        FROM ({rows}) AS e
    ) AS e"""  # noqa: S608


def _statuses(few: bool) -> str:
    """A completion counts from when its enrollment was completed: after its own time where a person graded.

    Of several the one that lasts longest says until when, and the last one since when.
    """
    done = "t.completed_at <= :instant"
    rows = _with_past("completion", "course_completions", done, named=False, few=few)
    return f"""SELECT c.organization_id, c.user_id, c.requirement_id, max(c.completed_at) AS completed_at,
        nullif(max(coalesce(c.expires_at, 'infinity')), 'infinity') AS expires_at
    FROM (
        SELECT c.organization_id, c.user_id, c.enrollment_id, c.completed_at,
            {_before("requirement_id", "text", "c", "c.was")}, {_before("expires_at", "timestamptz", "c", "c.was")},
            {_before("voided_at", "timestamptz", "c", "c.was")}
        FROM ({rows}) AS c
    ) AS c WHERE c.enrollment_id NOT IN (SELECT e.id FROM enrollments e WHERE e.status <> 'completed')
        AND c.requirement_id IS NOT NULL AND (c.voided_at IS NULL OR c.voided_at > :instant)
    GROUP BY c.organization_id, c.user_id, c.requirement_id"""  # noqa: S608


_EXEMPTIONS = """SELECT x.user_id, x.organization_id, x.requirement_id, x.course_id, x.expires_at,
        CASE WHEN x.ended_at <= :instant THEN x.ended_at END AS ended_at
    FROM exemptions x WHERE x.organization_id = :organization_id AND x.granted_at <= :instant"""
# What was approved counts from then on: the report of the time before did not know of it.
_EVIDENCE = """SELECT v.organization_id, v.user_id, v.requirement_id, v.completed_at, v.expires_at,
        'approved' AS status
    FROM evidence v WHERE v.organization_id = :organization_id AND v.approved_at <= :instant
        AND (v.taken_back_at IS NULL OR v.taken_back_at > :instant)"""


def _tables(few: bool) -> tuple[tuple[str, str, str], ...]:
    return (
        ("past", "MATERIALIZED", _PAST),
        ("organization_settings", "NOT MATERIALIZED", _SETTINGS),
        ("chapters", "NOT MATERIALIZED", _CHAPTERS),
        ("compliance_requirements", "NOT MATERIALIZED", _REQUIREMENTS),
        ("courses", "NOT MATERIALIZED", _COURSES),
        ("chapters_held", "NOT MATERIALIZED", _held("chapter_id")),
        ("statuses_held", "NOT MATERIALIZED", _held("status")),
        ("customs_held", "NOT MATERIALIZED", _CUSTOM),
        ("members", "MATERIALIZED", _MEMBERS),
        ("enrollments", "MATERIALIZED", _enrollments(few)),
        ("exemptions", "NOT MATERIALIZED", _EXEMPTIONS),
        ("evidence", "NOT MATERIALIZED", _EVIDENCE),
        ("chapter_compliance_statuses", "NOT MATERIALIZED", _statuses(few)),
    )


_OF_ALL, _OF_FEW = _tables(few=False), _tables(few=True)


def past_tables(
    *names: str, custom_fields: Sequence[str] = (), few: bool = False, inlined: Collection[str] = ()
) -> tuple[CTE, ...]:
    """These tables, or all, as they were; add them to a statement before all that reads them, in this order.

    Members have no other custom fields than these. `few`: the statement is about few members, so that no table is
    gone through as a whole. `inlined`: tables that the statement reads once, and need not be kept meanwhile.
    """
    asked = bindparam("custom_fields", [f"custom_fields.{name}" for name in custom_fields], ARRAY(Text))
    return tuple(
        (text(statement).bindparams(asked) if ":custom_fields" in statement else text(statement))
        .columns()
        .cte(name)
        .prefix_with("NOT MATERIALIZED" if few or name in inlined else how, dialect="postgresql")
        for name, how, statement in (_OF_FEW if few else _OF_ALL)
        if not names or name in names
    )
