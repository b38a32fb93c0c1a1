"""The keys of this installation: made when first needed, rotated by an operator, never thrown away."""

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import SigningKey
from learning_service.domain.certificates.rules.keys import KeyKind, NewKey, place_of_key
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.sealing import Seal

MakeKey = Callable[[KeyKind], NewKey]


async def active_key(session: AsyncSession, kind: KeyKind) -> SigningKey | None:
    """The key of this kind that signs now; None where there is none yet."""
    found: SigningKey | None = await session.scalar(
        select(SigningKey).where(SigningKey.kind == kind, SigningKey.retired_at.is_(None))
    )
    return found


async def keep_first_key(session: AsyncSession, new: NewKey, seal: Seal) -> None:
    """Keep the first key of its kind. Of two who made one, the first wins."""
    await _add(session, new, seal)


async def rotate_key(session: AsyncSession, kind: KeyKind, *, make: MakeKey, seal: Seal) -> str:
    """Have a new key of this kind sign from now on; gives its id. The old one stays for what it signed."""
    await session.execute(
        update(SigningKey)
        .where(SigningKey.kind == kind, SigningKey.retired_at.is_(None))
        .values(retired_at=now(session))
    )
    new = make(kind)
    await _add(session, new, seal)
    return new.id


async def _add(session: AsyncSession, new: NewKey, seal: Seal) -> None:
    await session.execute(
        insert(SigningKey)
        .values(
            id=new.id,
            kind=new.kind,
            public_key=new.public,
            sealed_key=seal.seal(new.secret, place_of_key(new.id)),
            created_at=now(session),
        )
        .on_conflict_do_nothing()
    )


async def reseal_keys(session: AsyncSession, seal: Seal) -> None:
    """Seal every key by the present secret."""
    rows = await session.scalars(
        select(SigningKey)
        .where(~SigningKey.sealed_key.startswith(seal.prefix))
        .order_by(SigningKey.id)
        .with_for_update()
    )
    for key in rows:
        place = place_of_key(key.id)
        key.sealed_key = seal.seal(seal.open(key.sealed_key, place), place)
    await session.flush()
