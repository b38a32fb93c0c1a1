"""What goes into a bundle: a version's tree or a bank's questions, and which files they show."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.courses.queries.freezing import frozen_tree
from learning_service.domain.courses.queries.versions import read_tree
from learning_service.domain.courses.rules.tree import dump_tree, each_paper
from learning_service.domain.documents.models import Document
from learning_service.domain.documents.queries import documents_with_ids
from learning_service.domain.documents.rules import PICTURES
from learning_service.domain.kernel.errors import Conflict
from learning_service.domain.kernel.large_work import apart, apart_in_pieces
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.exchange.bundles import MAX_COURSE, Kind, question_line
from learning_service.domain.questions.rules.exchange.enclosures import MAX_ENCLOSURES, named_in
from learning_service.domain.questions.rules.pools import Paper, Pool
from learning_service.domain.questions.rules.types import AnyQuestion


class BundleTooLarge(Conflict):
    """What is to be bundled could not come in again."""

    code = "bundle-too-large"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A bundle has at most {most >> 20} MiB and {MAX_ENCLOSURES} files, and a course {MAX_COURSE >> 20} MiB"
            " beside its files: more cannot be imported."
        )


@dataclass(frozen=True, slots=True)
class Packing:
    """What goes into a bundle."""

    kind: Kind
    content: str
    documents: Sequence[Document]


async def course_to_pack(
    session: AsyncSession, caller: Principal, version: CourseVersion, *, most: int
) -> Packing:
    """A version; its pools hold what their banks give, for banks stay here. Raises BundleTooLarge, Invalid."""
    tree = (await read_tree(session, version)).tree
    if version.published_at is None:
        tree = await frozen_tree(session, version.organization_id, tree)
    content = await apart(*caller.who, dump_tree, each_paper(tree, _without_banks))
    return await _packing(session, caller, "course", content.decode(), most)


async def bank_to_pack(
    session: AsyncSession, caller: Principal, questions: Sequence[AnyQuestion], *, most: int
) -> Packing:
    """The questions of a bank. Raises BundleTooLarge."""
    content = await apart_in_pieces(*caller.who, _lines_of(questions))
    return await _packing(session, caller, "bank", content, most)


async def pictures_of(
    session: AsyncSession, caller: Principal, questions: Sequence[AnyQuestion], *, most: int
) -> list[Document]:
    """The pictures that these show, as long as they have at most so many bytes together."""
    content = await apart_in_pieces(*caller.who, _lines_of(questions))
    named = named_in(content)
    found = await documents_with_ids(session, caller.organization_id, named) if named else {}
    pictures: list[Document] = []
    for id_ in sorted(found):
        document = found[id_]
        if document.media_type in PICTURES and document.size <= most and len(pictures) < MAX_ENCLOSURES:
            most -= document.size
            pictures.append(document)
    return pictures


def _lines_of(questions: Sequence[AnyQuestion]) -> Generator[None, None, str]:
    lines = []
    for question in questions:
        lines.append(question_line(question))
        yield
    return "".join(lines)


async def _packing(session: AsyncSession, caller: Principal, kind: Kind, content: str, most: int) -> Packing:
    found = await documents_with_ids(session, caller.organization_id, named_in(content))
    documents = [found[id_] for id_ in sorted(found)]
    if (
        len(documents) > MAX_ENCLOSURES
        or sum(document.size for document in documents) > most
        or (kind == "course" and len(content.encode()) > MAX_COURSE)
    ):
        raise BundleTooLarge(most)
    return Packing(kind, content, documents)


def _without_banks(paper: Paper) -> Paper:
    return tuple(
        asked.model_copy(update={"bank_id": None, "tag": None}) if isinstance(asked, Pool) else asked
        for asked in paper
    )
