"""Attestations: signing them."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.ownership import IsEnrollmentOwner, OwnPosition
from learning_service.api.parameters import body, path_id
from learning_service.api.requests import Session
from learning_service.domain.attempts.queries.positions import version_of
from learning_service.domain.completion.actions.attestations import sign_attestation
from learning_service.schemas.attestations import SignatureIn, SignatureOut

router = APIRouter(prefix="/api/attestations", tags=["learning"], route_class=KeyedRoute)
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
