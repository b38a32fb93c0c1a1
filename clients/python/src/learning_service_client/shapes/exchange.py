"""What becomes of files that are imported."""

from typing import Literal, TypedDict

from learning_service_client.shapes.trees import RemovedHtmlOut


class RejectedRowOut(TypedDict):
    """A row that is not taken."""

    line: int
    code: str
    detail: str


class FileImportOut(TypedDict):
    """What became of a file."""

    rows: int
    accepted: int
    rejected: list[RejectedRowOut]


class ImportMessageOut(TypedDict):
    """Something about a question of a file."""

    code: str
    detail: str


class ImportedQuestionOut(TypedDict):
    """What became of a question of the file."""

    line: int
    name: str
    key: str | None
    status: Literal["accepted", "warned", "refused"]
    type: str | None
    messages: list[ImportMessageOut]


class ImportOut(TypedDict):
    """What became of a file: all of its questions, in its order."""

    format: Literal["gift", "moodle-xml", "aiken", "qti-1.2", "qti-2.x", "qti-3.0", "bundle"]
    questions: list[ImportedQuestionOut]
    accepted: int
    warned: int
    refused: int
    removed_html: list[RemovedHtmlOut]


class StartedImportOut(TypedDict):
    """What becomes of a file in the background."""

    rows: int
    accepted: int
    rejected: list[RejectedRowOut]
    run_id: str
