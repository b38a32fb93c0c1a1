"""Wire types of imports."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from learning_service.domain.completion.rules.importing import RowCode
from learning_service.schemas.common import Out


class RejectedRowOut(Out):
    """A row that is not taken."""

    line: Annotated[int, Field(description="On which line of the file it begins; the header is 1.")]
    code: Annotated[RowCode, Field(description="Why, for programs.")]
    detail: Annotated[str, Field(description="Why, for people.")]


class FileImportOut(Out):
    """What became of a file."""

    rows: Annotated[int, Field(description="Rows that are not empty, without the header.")]
    accepted: Annotated[int, Field(description="How many of them can be done, or say what is so already.")]
    rejected: Annotated[
        list[RejectedRowOut], Field(description="The others, in the order of their lines, each once.")
    ]


class StartedImportOut(FileImportOut):
    """What becomes of a file in the background."""

    run_id: Annotated[UUID, Field(description="What `GET /api/runs/{run_id}/` follows.")]
