"""What members have as status and custom fields: the choices for the author of an audience."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.rules.reach import Reach

FieldType: TypeAlias = Literal["string", "number", "boolean", "array", "object"]
MOST_STATUSES = 1_000
MOST_FIELDS = 200
MOST_VALUES = 50
MOST_CHARACTERS = 200
"""Of a field's name, as in an audience, and of a value that is a choice."""
MOST_LOOKED_AT = 200_000
"""Values of all members together: half a second to one, even where no two of them are the same."""
MOST_BYTES = 32 * 1024 * 1024
"""Of the custom fields of members who are looked at; a thousand members can have 64 MB."""
MOST_ELEMENTS = 100
"""Of one list, from its beginning: a field can hold ten thousand."""
_UNPACKED = 10
"""How much larger compressed custom fields count than they are stored."""
_LARGEST_INTEGER = 2**63 - 1

# Chapters are looked up once; a join would be planned by statistics that may be from before a large load.
_PEOPLE = """people AS (
    SELECT m.status, m.custom_fields FROM members m
    WHERE m.organization_id = :organization_id AND m.erased_at IS NULL
        AND (:national OR m.chapter_id = ANY(ARRAY(
            SELECT c.id FROM chapters c WHERE c.organization_id = :organization_id
                AND (c.region_id = ANY(:regions) OR c.id = ANY(:chapters)))))
)"""
_STATUSES = text(
    f"""WITH {_PEOPLE}
SELECT status FROM people GROUP BY status ORDER BY count(*) DESC, status LIMIT :statuses
"""  # noqa: S608
)
_FIELDS = text(
    f"""WITH {_PEOPLE}, measured AS (
    SELECT custom_fields, sum(CASE WHEN pg_column_compression(custom_fields) IS NULL
        THEN pg_column_size(custom_fields) ELSE least(65536, {_UNPACKED} * pg_column_size(custom_fields)) END)
        OVER (ROWS UNBOUNDED PRECEDING) AS bytes FROM people
), given AS (
    SELECT f.key COLLATE "C" AS name, f.value
    FROM measured CROSS JOIN jsonb_each(custom_fields) f WHERE bytes <= :bytes LIMIT :looked_at
), held AS MATERIALIZED (
    SELECT name, value, count(*) AS times FROM given GROUP BY name, value
), names AS MATERIALIZED (
    SELECT name, array_agg(kind) AS kinds
    FROM (SELECT name, jsonb_typeof(value) AS kind, sum(times) AS times FROM held GROUP BY 1, 2) kinds
    WHERE char_length(name) BETWEEN 1 AND :characters
    GROUP BY name ORDER BY sum(times) DESC, name LIMIT :fields
), counted AS (
    SELECT name, choice, jsonb_typeof(choice) AS kind, sum(times) AS times
    FROM held CROSS JOIN jsonb_path_query(value, '$[0 to {MOST_ELEMENTS - 1}]') choice
    WHERE name IN (SELECT name FROM names) AND jsonb_typeof(choice) IN ('string', 'number', 'boolean')
        AND (jsonb_typeof(choice) <> 'string' OR char_length(choice #>> '{{}}') <= :characters)
    GROUP BY name, choice
), ranked AS (
    SELECT name, choice, row_number() OVER (PARTITION BY name ORDER BY times DESC,
        CASE kind WHEN 'number' THEN choice::numeric END, (choice #>> '{{}}') COLLATE "C") AS place
    FROM counted
), choices AS (
    SELECT name, jsonb_agg(choice ORDER BY place) AS choices FROM ranked WHERE place <= :choices GROUP BY name
)
SELECT name, kinds, coalesce(choices, '[]') FROM names LEFT JOIN choices USING (name) ORDER BY name
"""  # noqa: S608
)
# Grouping is done by hashes: nothing is known of what functions return, and a planner that expects little sorts it.
_PLANNED = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_sort', 'off', true),"
    " set_config('jit', 'off', true)"
)


@dataclass(frozen=True, slots=True)
class FieldFacet:
    """The JSON types that a custom field has, and its commonest values."""

    types: Sequence[str]
    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Facets:
    """What there is to choose from."""

    statuses: Sequence[str]
    custom_fields: Mapping[str, FieldFacet]


async def facets_of(session: AsyncSession, organization_id: str, reach: Reach) -> Facets:
    """What the members within the reach have; those whose data was erased have nothing."""
    scope = {
        "organization_id": organization_id,
        "national": reach.national,
        "regions": sorted(reach.regions),
        "chapters": sorted(reach.chapters),
    }
    await session.execute(_PLANNED)
    statuses = await session.scalars(_STATUSES, {**scope, "statuses": MOST_STATUSES})
    bounds = {
        "looked_at": MOST_LOOKED_AT,
        "fields": MOST_FIELDS,
        "characters": MOST_CHARACTERS,
        "choices": MOST_VALUES,
        "bytes": MOST_BYTES,
    }
    fields = await session.execute(_FIELDS, {**scope, **bounds})
    return Facets(
        statuses=sorted(statuses, key=lambda status: (status.casefold(), status)),
        custom_fields={
            name: FieldFacet(
                types=[kind for kind in get_args(FieldType) if kind in kinds],
                values=[_as_sent(choice) for choice in choices],
            )
            for name, kinds, choices in fields
        },
    )


def _as_sent(value: Any) -> Any:
    # The database writes 1e300 with all its digits, and no audience takes so large an integer.
    return float(value) if isinstance(value, int) and abs(value) > _LARGEST_INTEGER else value
