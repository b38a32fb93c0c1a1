"""Idempotency keys: a call that is sent again with its key has one effect and gets its first reply again.

The row is made in the effect's own transaction, so it is there exactly when the effect is. Its unique key makes a
second call in flight wait for the first. A refusal rolls the row back together with everything else.

The reply is for those who may still make the call: its permission is asked before it is given again, and a caller who
has lost a role or scope since, by which the call itself may have been judged, does not get it.
"""

import asyncio
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, Index, LargeBinary, Text, bindparam, delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Fault, Forbidden, Invalid, Unavailable
from learning_service.domain.kernel.values import JsonObject

KEPT = timedelta(hours=72)
WAIT_MS = 4000
"""How long a call waits for the one that has its key; below the statement timeout, which would end it too."""
PACKED_FROM = 64 * 1024
"""A reply of so many bytes is kept compressed."""
_LOCK_NOT_AVAILABLE = "55P03"
_CLAIMED = "idempotency"


class IdempotencyReply(Base):
    """A key in use, or the reply given under it (then `status` is there).

    The table keeps its first name: processes of the last release know it by that.
    """

    __tablename__ = "idempotency_answers"
    __table_args__ = (Index("ix_idempotency_answers_created_at", "created_at"),)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """Of subject, method, path and key: a path may be longer than an index entry."""
    subject: Mapped[str]
    request_digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    status: Mapped[int | None]
    headers: Mapped[JsonObject | None]
    body: Mapped[str | None]
    packed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The body of a large reply, compressed; then `body` is empty."""
    authority: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Roles and scopes by which the call was made."""


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A call that brought a key, and what its body was."""

    organization_id: str
    subject: str
    method: str
    path: str
    key: str
    request_digest: bytes
    authority: frozenset[str] = frozenset()

    @property
    def digest(self) -> bytes:
        """Names the key within its organization."""
        return digest_of(*(part.encode() for part in (self.subject, self.method, self.path, self.key)))


class IdempotencyKeyReused(Invalid):
    """The key was used for a call with another body."""

    code = "idempotency-key-reused"

    def __init__(self) -> None:
        said = "was used before for a request with another body; take a new key"
        fault = Fault("Idempotency-Key", said, "conflicting")
        super().__init__([fault])


class AlreadyReplied(Exception):
    """Not a refusal: the call was answered before, and this is that reply."""

    def __init__(self, status: int, headers: Mapping[str, str], body: str) -> None:
        super().__init__("answered before")
        self.status = status
        self.headers = dict(headers)
        self.body = body


def digest_of(*parts: bytes) -> bytes:
    """SHA-256 of parts that cannot run into each other."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


# One round trip: wait longer for the key than for other locks, and put the usual patience back afterwards. Nothing
# comes back when the key has a reply; then this transaction only reads it.
_CLAIM = text(
    """
    WITH patience AS MATERIALIZED (
        SELECT current_setting('lock_timeout') AS usual, set_config('lock_timeout', :wait, true) AS longer
    )
    INSERT INTO idempotency_answers (organization_id, digest, subject, request_digest, created_at, authority)
    SELECT :organization_id, :digest, :subject, :request_digest, :instant, :authority
    FROM patience WHERE longer IS NOT NULL
    ON CONFLICT (organization_id, digest) DO UPDATE
    SET request_digest = excluded.request_digest, created_at = excluded.created_at,
        status = NULL, headers = NULL, body = NULL, packed = NULL, authority = excluded.authority
    WHERE idempotency_answers.status IS NULL OR idempotency_answers.created_at <= :horizon
    RETURNING (SELECT set_config('lock_timeout', usual, true) FROM patience)
    """
).bindparams(
    bindparam("digest", type_=LargeBinary),
    bindparam("request_digest", type_=LargeBinary),
    bindparam("authority", type_=ARRAY(Text)),
)


async def claim_key(session: AsyncSession, keyed: KeyedRequest) -> None:
    """Take the key for the session's transaction, after the request that has it now.

    Raises AlreadyReplied where it has a reply, IdempotencyKeyReused where that was to another body, Forbidden
    where it was made by a role that the caller has lost, and Unavailable when the other call takes longer than
    `WAIT_MS`.
    """
    row = {
        "organization_id": keyed.organization_id,
        "digest": keyed.digest,
        "subject": keyed.subject,
        "request_digest": keyed.request_digest,
        "authority": sorted(keyed.authority),
        "instant": now(session),
        "horizon": now(session) - KEPT,
        "wait": f"{WAIT_MS}ms",
    }
    try:
        claimed = (await session.execute(_CLAIM, row)).one_or_none()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise Unavailable("The first request with this key is still under way.", retry_after=2) from error
        raise
    if claimed is None:
        await _reply_again(session, keyed)
    session.info[_CLAIMED] = keyed


async def _reply_again(session: AsyncSession, keyed: KeyedRequest) -> None:
    found = (await session.execute(select(IdempotencyReply).where(*_row_of(keyed)))).scalar_one()
    if not keyed.authority.issuperset(found.authority or ()):
        raise Forbidden("This was answered to you in a role that you no longer have.")
    if found.request_digest != keyed.request_digest:
        raise IdempotencyKeyReused
    assert found.status is not None
    body = found.body or ""
    if found.packed is not None:
        body = (await asyncio.to_thread(zlib.decompress, found.packed)).decode()
    raise AlreadyReplied(found.status, found.headers or {}, body)


async def keep_reply(
    session: AsyncSession,
    *,
    status: int,
    headers: Mapping[str, str],
    body: str,
    leave_out: Iterable[str] = (),
) -> None:
    """Keep the reply under the key that the transaction holds; nothing to do when it holds none.

    Fields named in `leave_out`, at any depth of a JSON body, are secrets that are shown once: not kept.
    """
    keyed: KeyedRequest | None = session.info.pop(_CLAIMED, None)
    if keyed is None:
        return
    kept = without_fields(body, frozenset(leave_out))
    content: JsonObject = {"body": kept}
    if len(kept) >= PACKED_FROM:
        content = {"packed": await asyncio.to_thread(zlib.compress, kept.encode(), 1)}
    statement = update(IdempotencyReply).where(*_row_of(keyed))
    await session.execute(statement.values(status=status, headers=dict(headers), **content))


async def release_key(session: AsyncSession) -> KeyedRequest | None:
    """Give the key back before a commit that is not the call's answer; the call whose key it was."""
    keyed: KeyedRequest | None = session.info.pop(_CLAIMED, None)
    if keyed is not None:
        await session.execute(delete(IdempotencyReply).where(*_row_of(keyed)))
    return keyed


def without_fields(body: str, names: frozenset[str]) -> str:
    """A JSON text without the fields of these names. Raises ValueError for text that is not JSON."""
    if not names or not body:
        return body
    return json.dumps(_without(json.loads(body), names), ensure_ascii=False, separators=(",", ":"))


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    if isinstance(value, list):
        return [_without(inner, names) for inner in value]
    return value


_FORGET = text(
    """
    DELETE FROM idempotency_answers WHERE organization_id = :organization_id AND (subject = :user_id
        OR EXISTS (SELECT FROM unnest(CAST(:forms AS text[])) AS n(form) WHERE strpos(body, n.form) > 0))
    """
)


async def forget_replies(
    session: AsyncSession, organization_id: str, *, user_id: str, words: Iterable[str]
) -> None:
    """Erasure: the replies to this person, and those to others with one of `words` as JSON writes them.

    The keys go with them; what they protected is at most 72 hours old.
    """
    forms = sorted({word for word in words if word})
    await session.execute(_FORGET, {"organization_id": organization_id, "user_id": user_id, "forms": forms})
    await _forget_packed(session, organization_id, [form.encode() for form in forms])


async def _forget_packed(session: AsyncSession, organization_id: str, forms: Sequence[bytes]) -> None:
    """Delete large replies that mention one of the forms, looking into one after the other."""
    row = IdempotencyReply
    digests = await session.scalars(
        select(row.digest).where(row.organization_id == organization_id, row.packed.is_not(None))
    )
    for digest in digests.all():
        this = (row.organization_id == organization_id, row.digest == digest)
        packed: bytes | None = await session.scalar(select(row.packed).where(*this))
        if packed is not None and await asyncio.to_thread(_mentions, packed, forms):
            await session.execute(delete(row).where(*this))


def _mentions(packed: bytes, forms: Sequence[bytes]) -> bool:
    body = zlib.decompress(packed)
    return any(form in body for form in forms)


def _row_of(keyed: KeyedRequest) -> tuple[Any, Any]:
    return (
        IdempotencyReply.organization_id == keyed.organization_id,
        IdempotencyReply.digest == keyed.digest,
    )
