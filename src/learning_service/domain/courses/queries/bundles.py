"""What goes into a bundle: a version's tree or a bank's questions, and which files they show."""

import uuid
from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.courses.queries.freezing import frozen_tree
from learning_service.domain.courses.queries.versions import read_tree
from learning_service.domain.courses.rules.tree import dump_tree, each_paper
from learning_service.domain.documents.models import Document
from learning_service.domain.documents.queries import documents_with_ids
from learning_service.domain.documents.rules import PICTURES
from learning_service.domain.kernel.errors import Conflict
from learning_service.domain.kernel.large_work import apart
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.exchange.bundles import MAX_COURSE
from learning_service.domain.questions.rules.exchange.enclosures import MAX_ENCLOSURES, named_in
from learning_service.domain.questions.rules.pools import Paper, Pool


class BundleTooLarge(Conflict):
    """What is to be bundled could not come in again."""

    code = "bundle-too-large"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A bundle has at most {most >> 20} MiB and {MAX_ENCLOSURES} files, and a course {MAX_COURSE >> 20} MiB"
            " beside its files: more cannot be imported."
        )


async def course_to_pack(
    session: AsyncSession, caller: Principal, version: CourseVersion, *, most: int
) -> tuple[str, list[Document]]:
    """A version, whose pools hold what their banks give, for banks stay here; and the documents that it names.

    Raises BundleTooLarge, Invalid.
    """
    tree = (await read_tree(session, version)).tree
    if version.published_at is None:
        tree = await frozen_tree(session, version.organization_id, tree)
    content = await apart(*caller.who, dump_tree, each_paper(tree, _without_banks))
    if len(content) > MAX_COURSE:
        raise BundleTooLarge(most)
    text = content.decode()
    return text, await documents_to_pack(session, caller, named_in(text), most=most)


async def documents_to_pack(
    session: AsyncSession, caller: Principal, named: Collection[uuid.UUID], *, most: int
) -> list[Document]:
    """The documents of these ids, for a bundle. Raises BundleTooLarge."""
    found = await documents_with_ids(session, caller.organization_id, named) if named else {}
    documents = [found[id_] for id_ in sorted(found)]
    if len(documents) > MAX_ENCLOSURES or sum(document.size for document in documents) > most:
        raise BundleTooLarge(most)
    return documents


async def pictures_of(
    session: AsyncSession, caller: Principal, named: Collection[uuid.UUID], *, most: int
) -> list[Document]:
    """The pictures among the documents of these ids, as long as they have at most so many bytes together."""
    found = await documents_with_ids(session, caller.organization_id, named) if named else {}
    pictures: list[Document] = []
    for id_ in sorted(found):
        document = found[id_]
        if document.media_type in PICTURES and document.size <= most and len(pictures) < MAX_ENCLOSURES:
            most -= document.size
            pictures.append(document)
    return pictures


def _without_banks(paper: Paper) -> Paper:
    return tuple(
        asked.model_copy(update={"bank_id": None, "tag": None}) if isinstance(asked, Pool) else asked
        for asked in paper
    )
