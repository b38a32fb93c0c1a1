"""What several subjects share."""

from typing import Literal, NotRequired, TypedDict

Comparison = TypedDict(
    "Comparison",
    {
        "eq": NotRequired[str | float | bool | None],
        "ne": NotRequired[str | float | bool | None],
        "in": NotRequired[list[str | float | bool | None]],
        "not_in": NotRequired[list[str | float | bool | None]],
        "gt": NotRequired[str | float],
        "gte": NotRequired[str | float],
        "lt": NotRequired[str | float],
        "lte": NotRequired[str | float],
        "exists": NotRequired[bool],
        "contains": NotRequired[str | float | bool | None],
    },
)
"""What a custom field is compared with; every comparison given must hold."""


AudienceFilter = TypedDict(
    "AudienceFilter",
    {
        "status": NotRequired[list[str]],
        "chapters": NotRequired[list[str]],
        "regions": NotRequired[list[str]],
        "custom_fields": NotRequired[
            dict[str, str | float | bool | list[str | float | bool | None] | Comparison | None]
        ],
        "any": NotRequired[list["AudienceFilter"]],
        "not": NotRequired["AudienceFilter"],
    },
)
"""Whom it means: members for whom every key present holds."""


class Office(TypedDict):
    """An office that a member holds: who gets officers' mails."""

    role: Literal["national_admin", "regional_admin", "chapter_admin"]
    scope_id: NotRequired[str | None]


class SkillOut(TypedDict):
    """A skill of a member."""

    skill_id: str
    name: str
    acquired_at: str
    course_id: str
