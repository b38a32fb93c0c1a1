"""The audit trail, as administrators read it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, WithJsonSchema

from learning_service.domain.records.audit import AUDIT_ACTIONS
from learning_service.schemas.common import Out

Action = Annotated[str, WithJsonSchema({"type": "string", "enum": list(AUDIT_ACTIONS)})]


class AuditEntryOut(Out):
    """One action. Names are those of today, and null where they are gone."""

    id: UUID
    at: datetime
    """When it was done."""
    actor: Annotated[str, Field(description="Who did it: the id of a person or service, or `system`.")]
    actor_name: Annotated[str | None, Field(description="Their name, where they are a member.")]
    action: Annotated[Action, Field(description="What was done: a noun and a verb.")]
    subject: Annotated[
        str, Field(description="The id of the person it concerns; where it is none, of the thing.")
    ]
    subject_kind: Annotated[
        str,
        Field(description="`member` for a person, else what the thing is: `course`, `chapter` and the like."),
    ]
    subject_name: Annotated[
        str | None, Field(description="The person's, course's, unit's or file's name, where there is one.")
    ]
    course_id: Annotated[UUID | None, Field(description="The course it concerns, where it is one.")]
    course_title: str | None
    enrollment_id: Annotated[UUID | None, Field(description="The enrollment it concerns, where it is one.")]
    record_kind: Annotated[
        str, Field(description="What was acted on: `enrollment`, `certificate` and the like.")
    ]
    record_id: Annotated[str, Field(description="The id of what was acted on.")]
    reason: Annotated[
        str | None,
        Field(description="The reason that was given; gone with the personal data of whom it concerns."),
    ]
