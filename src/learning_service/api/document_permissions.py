"""Who may call a route about a document."""

from typing import Any

from fastapi import Request

from learning_service.api.parameters import path_id
from learning_service.api.permissions import Permission
from learning_service.api.requests import Caller, ContextOf, Session
from learning_service.domain.courses.actions.courses import require_author
from learning_service.domain.directory.queries.members import is_member
from learning_service.domain.documents.queries import get_document, private_document
from learning_service.domain.enrollments.queries.enrollments import access_file
from learning_service.domain.kernel.errors import NotAMember
from learning_service.domain.kernel.principal import Principal


class CanUpload(Permission):
    """An author; with `?for=evidence`, a member or an administrator."""

    name = "author; for evidence a member or admin"

    async def __call__(self, request: Request, caller: Caller, context: ContextOf) -> Principal:
        """The caller. Raises Forbidden, NotAMember.

        Asked in a transaction of its own: none may stay open while a file comes in.
        """
        async with context.transaction(caller.organization_id, caller=caller.key) as session:
            if request.query_params.get("for") != "evidence":
                await require_author(session, caller)
            elif not caller.is_any_admin and not await is_member(session, caller):
                raise NotAMember
        return caller


class CanSeeDocument(Permission):
    """An author; of a private document its owner alone."""

    name = "author, owner"

    async def __call__(self, caller: Caller, session: Session, document_id: str) -> Any:
        """The document's row. Raises Forbidden, NotFound."""
        wanted = path_id(document_id)
        private = await private_document(session, caller.organization_id, wanted)
        if private is not None and private.uploaded_by == caller.user_id:
            return private
        await require_author(session, caller)
        return await get_document(session, caller.organization_id, wanted)


class CanSeeFile(Permission):
    """An author, a grader, or who may see a course that shows the document; of evidence, see `access_file`."""

    name = "author, grader, or a caller who may see a course that uses it; of evidence owner, admin"

    async def __call__(self, caller: Caller, session: Session, document_id: str) -> Any:
        """The document's row. Raises NotFound, NotAMember."""
        return await access_file(session, caller, path_id(document_id))
