"""A person's data as a whole: the member's own copy of it, and its erasure."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, get_type_hints

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import path_opaque_id
from learning_service.api.permissions import HasScope, IsMember
from learning_service.api.requests import ContextOf, Session
from learning_service.context import Context
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.privacy.actions import erase_member
from learning_service.domain.privacy.queries.export import PAGED, export_member, export_page
from learning_service.schemas.privacy import ExportHeadOut, ExportOut

router = APIRouter(prefix="/api", tags=["privacy"], route_class=KeyedRoute)


_ITEMS = {name: TypeAdapter[Any](get_type_hints(ExportOut)[name]) for name in PAGED}


@router.get("/users/export/", response_model=ExportOut)
async def export_my_data(
    caller: Annotated[Principal, Depends(IsMember())], session: Session, context: ContextOf
) -> StreamingResponse:
    """All that is kept about the caller: profile, learning, results and certificates, as one document."""
    head = ExportHeadOut.model_validate(await export_member(session, caller))
    headers = {"Content-Disposition": 'attachment; filename="learning-data.json"'}
    return StreamingResponse(_document(context, caller, head), media_type="application/json", headers=headers)


async def _document(context: Context, caller: Principal, head: ExportHeadOut) -> AsyncIterator[bytes]:
    """The document a page at a time: neither memory nor a connection is held while a slow reader reads."""
    yield head.model_dump_json().encode().removesuffix(b"}")
    for name, adapter in _ITEMS.items():
        yield f',"{name}":['.encode()
        after, comma = None, b""
        while True:
            async with context.transaction(caller.organization_id, caller=caller.key) as session:
                items, after = await export_page(session, caller, name, after)
            if items:
                yield comma + adapter.dump_json(adapter.validate_python(items, from_attributes=True))[1:-1]
                comma = b","
            if after is None:
                break
        yield b"]"
    yield b"}"


@router.delete("/directory/members/{user_id}/", status_code=204)
async def erase_member_(
    user_id: Annotated[str, path_opaque_id("user_id", finds=True)],
    caller: Annotated[Principal, Depends(HasScope("directory:write"))],
    session: Session,
) -> None:
    """Erase a member's personal data: names, addresses, texts, PDFs.

    Records that others rely on stay without it: verification then answers with `recipient_name` null. Later
    events about the id are ignored; a later PUT makes a new member, to whom nothing of the old records belongs.
    """
    await erase_member(session, user_id, actor=caller)
