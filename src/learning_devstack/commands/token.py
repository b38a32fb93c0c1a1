"""`learning-service token`: a token for the development copy."""

from typing import Annotated

import typer

from learning_devstack.copies import NoDevelopmentCopyError, find_development_copy
from learning_devstack.tokens import mint_token_of_copy
from learning_service.cli.terminal import fail
from learning_service.core.tokens import ROLE, SCOPES
from learning_service.domain.kernel.values import OPAQUE_ID

LONGEST_TOKEN_SECONDS = 24 * 3600

app = typer.Typer()


@app.command()
def token(
    org: Annotated[str, typer.Option(help="Organization the token speaks for.")],
    user: Annotated[str, typer.Option(help="User id of the caller.")],
    role: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="For services; may be repeated.")] = None,
    name: Annotated[str | None, typer.Option(help="The caller's name.")] = None,
    email: Annotated[str | None, typer.Option(help="The caller's address.")] = None,
    ttl: Annotated[int, typer.Option(min=1, max=LONGEST_TOKEN_SECONDS, help="Seconds it holds.")] = 3600,
) -> None:
    """Print a token for the development copy, and nothing else."""
    for given in role or ():
        if not ROLE.fullmatch(given):
            fail(
                f"{given!r} is no role: national_admin, grader, regional_admin:REGION or chapter_admin:CHAPTER"
            )
    for given in scope or ():
        if given not in SCOPES:
            fail(f"{given!r} is no scope: {', '.join(SCOPES)}")
    for given in (org, user):
        if not OPAQUE_ID.fullmatch(given):
            fail(f"{given!r} is no id: 1 to 128 of A-Z a-z 0-9 . _ : @ -")
    try:
        environment = find_development_copy()
    except NoDevelopmentCopyError as error:
        fail(str(error))
    typer.echo(
        mint_token_of_copy(
            environment, org=org, user=user, roles=role, scopes=scope, name=name, email=email, ttl=ttl
        )
    )
