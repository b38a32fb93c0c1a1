"""Rotating the database's login and the store's key while the service serves, as docs/operations.md says."""

import uuid
from collections.abc import Callable

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from tests.kit.stack import create_database_from_template, drop_database

from learning_devstack.parts import Parts
from learning_service.context import open_context
from learning_service.core.settings import Settings

MakeSettings = Callable[..., Settings]


async def serves(settings: Settings) -> str:
    """Who is logged in, after a transaction that read something."""
    async with open_context(settings, "learning_api") as context, context.transaction("nobody") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("SELECT count(*) FROM members")
        return str((await connection.exec_driver_sql("SELECT session_user")).scalar_one())


@pytest.mark.long
async def test_a_second_login_takes_over_and_the_first_ends(
    parts: Parts, make_settings: MakeSettings
) -> None:
    name = f"rotated_{uuid.uuid4().hex[:12]}"
    address = await create_database_from_template(parts, name)
    first, second = f"{name}_a", f"{name}_b"
    owner = await asyncpg.connect(address.replace("+asyncpg", ""))
    try:
        for login in (first, second):
            await owner.execute(f"CREATE ROLE {login} LOGIN NOINHERIT PASSWORD 'secret'")
            await owner.execute(f"GRANT learning_api TO {login}")
        logged_in = {
            login: make_settings(
                make_url(address).set(username=login, password="secret").render_as_string(hide_password=False)
            )
            for login in (first, second)
        }
        assert await serves(logged_in[first]) == first
        async with open_context(logged_in[second], "learning_api") as after:
            assert await serves(logged_in[first]) == first, "both serve meanwhile"
            await owner.execute(f"DROP ROLE {first}")
            async with after.transaction("nobody") as session:
                connection = await session.connection()
                await connection.exec_driver_sql("SELECT count(*) FROM members")
        with pytest.raises(Exception, match=r"password authentication failed|does not exist"):
            await serves(logged_in[first])
        assert await serves(logged_in[second]) == second
    finally:
        await owner.execute(f"DROP ROLE IF EXISTS {first}")
        await owner.execute(f"DROP ROLE IF EXISTS {second}")
        await owner.close()
        await drop_database(parts, name)
