"""Calls that bring an idempotency key: taking it, and when a call may be told what it was used for before."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.idempotency import (
    AlreadyAnswered,
    IdempotencyKeyReused,
    KeyedRequest,
    claim_key,
    digest_of,
)


def keyed_request(request: Request, caller: Principal, content: bytes | None) -> KeyedRequest | None:
    """The call under its idempotency key, if it has one; `content` is the body, or what stands for it."""
    key: str | None = getattr(request.state, "idempotency_key", None)
    if key is None or content is None:
        return None
    return KeyedRequest(
        organization_id=caller.organization_id,
        subject=caller.user_id,
        method=request.method,
        path=request.url.path,
        key=key,
        request_digest=digest_of(request.url.query.encode(), content),
        authority=caller.authority,
    )


async def claim_for(request: Request, session: AsyncSession, keyed: KeyedRequest) -> None:
    """Take the call's key. What it was used for before is told after the permission: `JsonBody` raises it."""
    try:
        await claim_key(session, keyed)
        request.state.keyed_session = session
    except (AlreadyAnswered, IdempotencyKeyReused) as before:
        if getattr(request.state, "is_permitted", False):
            raise
        request.state.before = before
