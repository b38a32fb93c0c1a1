"""The caller: what a frontend needs to know before its first screen."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.permissions import AnyCaller
from learning_service.api.requests import Session
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.me.queries import describe_caller
from learning_service.schemas.me import MeOut

router = APIRouter(prefix="/api/me", tags=["members"], route_class=KeyedRoute)


@router.get("/")
async def read_me(caller: Annotated[Principal, Depends(AnyCaller())], session: Session) -> MeOut:
    """The caller: who they are, in which roles, and what they may do."""
    return MeOut.model_validate(await describe_caller(session, caller))
