"""Which documents a version shows: kept beside its content, so that what is shown can be found and stays."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseVersion, DocumentReference
from learning_service.domain.courses.rules.documents import shown_documents
from learning_service.domain.courses.rules.tree import Tree
from learning_service.domain.documents.queries import documents_with_ids
from learning_service.domain.documents.rules import PICTURES
from learning_service.domain.kernel.errors import Fault, Invalid


async def write_references(
    session: AsyncSession, version: CourseVersion, before: Tree | None, tree: Tree
) -> None:
    """Note which documents a draft shows, if they differ from those of `before`, which the draft has noted.

    Raises Invalid for what is no document of the organization.
    """
    shown = shown_documents(tree)
    wanted = {found.document_id for found in shown}
    noted = {found.document_id for found in shown_documents(before)} if before is not None else set()
    if gone := noted - wanted:
        await session.execute(
            delete(DocumentReference).where(
                DocumentReference.version_id == version.id, DocumentReference.document_id.in_(gone)
            )
        )
    if not (new := wanted - noted):
        return
    known = await documents_with_ids(session, version.organization_id, new)
    faults = [
        Fault(found.pointer, "is not a document of this organization", "not-known")
        for found in shown
        if found.document_id in new and found.document_id not in known
    ]
    if faults:
        raise Invalid(faults)
    rows = [
        {"version_id": version.id, "document_id": one, "organization_id": version.organization_id}
        for one in sorted(new)
    ]
    await session.execute(insert(DocumentReference).values(rows).on_conflict_do_nothing())


async def document_faults(session: AsyncSession, organization_id: str, tree: Tree) -> list[Fault]:
    """Documents that learners could not open: not ready, or shown as a picture and none."""
    shown = shown_documents(tree)
    known = await documents_with_ids(session, organization_id, {found.document_id for found in shown})
    faults = []
    for found in shown:
        document = known.get(found.document_id)
        if document is None:
            faults.append(Fault(found.pointer, "is not a document of this organization", "not-known"))
        elif document.status != "ready":
            state = "has failed" if document.status == "failed" else "is still being converted"
            faults.append(Fault(found.pointer, f"names a document that {state}", "unusable"))
        elif found.as_picture and document.media_type not in PICTURES:
            faults.append(Fault(found.pointer, "names a document that is no picture", "unusable"))
    return faults
