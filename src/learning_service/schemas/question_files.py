"""What an import says of a file and each of its questions."""

from typing import Annotated

from pydantic import Field

from learning_service.domain.questions.rules.exchange.entries import Status
from learning_service.domain.questions.rules.exchange.formats import Format
from learning_service.schemas.common import Out
from learning_service.schemas.courses import RemovedHtmlOut


class ImportMessageOut(Out):
    """Something about a question of a file."""

    code: Annotated[str, Field(description="A stable word for what it is.")]
    detail: Annotated[str, Field(description="What a person reads.")]


class ImportedQuestionOut(Out):
    """What became of a question of the file."""

    line: Annotated[
        int,
        Field(
            description="Where it begins in the file; the first line is 1. In a bundle: which question it is."
        ),
    ]
    name: Annotated[str, Field(description="Its name there, else the beginning of its words.")]
    key: Annotated[
        str | None,
        Field(description="Of the question in the draft; null where it is refused, or would be made."),
    ]
    status: Annotated[Status, Field(description="`warned`: taken, or there already, with something to know.")]
    type: Annotated[str | None, Field(description="Its type here; null where there is none like it.")]
    messages: Annotated[list[ImportMessageOut], Field(description="What there is to know about it.")]


class ImportOut(Out):
    """What became of a file: all of its questions, in its order. Categories are none."""

    format: Annotated[Format, Field(description="What the file was found to be, by its content.")]
    questions: Annotated[list[ImportedQuestionOut], Field(description="Each of them, in the file's order.")]
    accepted: Annotated[int, Field(description="How many were taken just as they are there.")]
    warned: Annotated[int, Field(description="How many were taken, or found, with something to know.")]
    refused: Annotated[int, Field(description="How many were left out.")]
    removed_html: Annotated[
        list[RemovedHtmlOut],
        Field(
            description="Of a bundle of a course that filled the draft: what the sanitizer took out of it."
        ),
    ]
