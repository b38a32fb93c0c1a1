"""Wire types of attestations."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from learning_service.domain.kernel.values import Name, StrictModel
from learning_service.schemas.common import Out


class SignatureIn(StrictModel):
    """A signature."""

    typed_name: Name
    """The learner's name, as they type it."""


class SignatureOut(Out):
    """The signature that stands: the first under this text."""

    typed_name: str
    signed_at: datetime
    text_hash: str


class MemberSignatureOut(Out):
    """A signature as administrators see it."""

    enrollment_id: UUID
    user_id: str
    display_name: str | None
    chapter_id: str
    chapter_name: str
    course_id: UUID
    course_title: str
    attestation_key: Annotated[str, Field(description="The attestation's key, the same in every version.")]
    attestation_title: Annotated[
        str | None,
        Field(description="What it was called in the version that was signed; null: that is not known."),
    ]
    version: Annotated[
        int | None,
        Field(
            description="The newest version that had this text when it was signed; null: that is not known."
        ),
    ]
    text_hash: str
    typed_name: Annotated[str | None, Field(description="The name as the member typed it.")]
    signed_at: datetime
    outdated: Annotated[
        bool,
        Field(description="Whether the version published now has another text, or the attestation no more."),
    ]
