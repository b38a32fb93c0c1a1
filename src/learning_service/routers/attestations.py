"""Attestations: signing them, and who has signed which text."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.list_files import AS_FILE, Rows, cells_of, list_file, wanted_file
from learning_service.api.ownership import IsEnrollmentOwner, OwnPosition
from learning_service.api.parameters import body, page, path_id
from learning_service.api.permissions import IsAdmin
from learning_service.api.requests import ContextOf, Session
from learning_service.context import Context
from learning_service.domain.attempts.queries.positions import version_of
from learning_service.domain.completion.actions.attestations import sign_attestation
from learning_service.domain.completion.queries.signatures import (
    KEY_PARTS,
    SignatureFilter,
    list_signatures,
)
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.attestations import MemberSignatureOut, SignatureIn, SignatureOut
from learning_service.schemas.common import PageOut
from learning_service.schemas.filters import FLAG, id_filter, state_filter, uuid_filter

router = APIRouter(prefix="/api/attestations", tags=["learning"], route_class=KeyedRoute)
UNITS = ("user_id", "chapter_id", "region_id")
COLUMNS = tuple(MemberSignatureOut.model_fields)
LINES_AT_ONCE = 1_000
AtAttestation = Annotated[OwnPosition, Depends(IsEnrollmentOwner("attestation"))]


@router.post("/{attestation_id}/sign/")
async def sign_attestation_(
    attestation_id: str,
    own: AtAttestation,
    session: Session,
    sent: Annotated[SignatureIn, body(SignatureIn)],
) -> SignatureOut:
    """Sign an attestation with one's name, and so complete it. Signed again, the first signature stands.

    A version with another text asks again.
    """
    version = await version_of(session, own.position)
    signature = await sign_attestation(
        session, own.position, version, path_id(attestation_id), sent.typed_name
    )
    return SignatureOut.model_validate(signature)


@router.get("/signatures/", response_model=PageOut[MemberSignatureOut], responses=AS_FILE)
async def list_signatures_(
    caller: Annotated[Principal, Depends(IsAdmin(chapters=True))],
    session: Session,
    request: Request,
    context: ContextOf,
    asked: Annotated[
        PageRequest, page("signatures", *UNITS, "course_id", key_parts=KEY_PARTS, outdated=FLAG)
    ],
) -> Any:
    """Who of the caller's members has signed which text, newest first.

    `?outdated=true` gives signatures under a text that the published version no longer has. `Accept: text/csv` gives
    a file of all of them, whatever `limit` and `cursor` say, that of Excel's workbooks a workbook.
    """
    wanted = SignatureFilter(
        **{name: id_filter(asked, name) for name in UNITS},
        course_id=uuid_filter(asked, "course_id"),
        outdated=state_filter(asked, "outdated"),
    )
    reach = reach_of(caller, chapters=True)
    if kind := wanted_file(request):
        parts = _file(context, caller.organization_id, reach, asked, wanted)
        return list_file(context, kind, "signatures", COLUMNS, parts)
    rows = await list_signatures(session, caller.organization_id, reach, asked, wanted)
    return PageOut[MemberSignatureOut](
        **page_of(rows, asked, key=lambda row: row.key, item=MemberSignatureOut.model_validate)
    )


async def _file(
    context: Context, organization_id: str, reach: Reach, asked: PageRequest, wanted: SignatureFilter
) -> AsyncIterator[Rows]:
    """The file, part by part. Each part has a transaction of its own, so that a slow reader holds none."""
    after: tuple[str, ...] | None = None
    while True:
        part = replace(asked, limit=LINES_AT_ONCE, after=after)
        async with context.transaction(organization_id) as session:
            found = await list_signatures(session, organization_id, reach, part, wanted)
        rows = found[:LINES_AT_ONCE]
        yield list(cells_of(COLUMNS, map(MemberSignatureOut.model_validate, rows)))
        if len(found) <= LINES_AT_ONCE:
            return
        after = rows[-1].key
