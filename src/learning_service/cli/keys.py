"""`learning-service keys`: which keys sign, and new ones in their place."""

from functools import partial
from urllib.parse import urlsplit

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.adapters.credentials import make_key
from learning_service.cli.operating import CommandError, operate, with_context
from learning_service.context import Context
from learning_service.core.settings import Settings
from learning_service.domain.certificates.actions.keys import rotate_key
from learning_service.domain.certificates.queries.public import public_keys
from learning_service.domain.certificates.rules.keys import KEY_KINDS, KeyKind
from learning_service.domain.kernel.sealing import Unsealable

app = typer.Typer(
    no_args_is_help=True, help="Which keys sign credentials and PDFs, and new ones in their place."
)


@app.command("rotate")
def rotate_keys(kind: str = typer.Argument("all", help="`ed25519`, `rs256`, `pdf` or `all`")) -> None:
    """Have new keys sign from now on. The old ones stay for what they signed, and verifiers find them."""
    typer.echo(operate(rotate, kind))


@app.command("list")
def list_keys() -> None:
    """Say which keys there are, the newest first."""
    typer.echo(operate(listed))


def rotate(settings: Settings, kind: str) -> str:
    """Have new keys of this kind sign, or of all kinds; gives their ids."""
    kinds = [one for one in KEY_KINDS if kind in (one, "all")]
    if settings.pdf_signing_key is not None:
        if kind == "pdf":
            raise CommandError("PDF_SIGNING_KEY gives the key that signs PDFs: give another one there")
        kinds = [one for one in kinds if one != "pdf"]
    if not kinds:
        raise CommandError(f"there is no kind of key {kind}: say {', '.join(KEY_KINDS)} or all")

    async def run(context: Context) -> str:
        async with context.transaction(None) as session:
            return "\n".join([await _rotated(context, session, one) for one in kinds])

    try:
        return with_context(settings, run)
    except Unsealable as error:
        raise CommandError(str(error)) from error


async def _rotated(context: Context, session: AsyncSession, kind: KeyKind) -> str:
    make = partial(make_key, host=urlsplit(context.settings.public_url).hostname or "")
    return f"{kind} {await rotate_key(session, kind, make=make, seal=context.seal)}"


def listed(settings: Settings) -> str:
    """The keys, each on a line: kind and id."""

    async def run(context: Context) -> str:
        async with context.transaction(None) as session:
            return "\n".join(f"{key.kind} {key.id}" for key in await public_keys(session))

    return with_context(settings, run) or "there is no key yet; the first certificate makes them"
