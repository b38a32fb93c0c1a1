"""Runs migrations as the database's owner. `DATABASE_URL` says where."""

import asyncio
import os
import time

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from learning_service.core.primary import connect
from learning_service.domain import tables

# A migration that waits for a lock makes everybody behind it wait too.
LOCK_TIMEOUT = "5s"
ONE_AT_A_TIME = 7_461_332
PATIENCE_SECONDS = 600
"""How long to wait for somebody else's migrations."""


def _run(connection: Connection) -> None:
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    _wait_for_turn(connection)
    try:
        context.configure(
            connection=connection,
            target_metadata=tables.metadata,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ONE_AT_A_TIME})
        connection.commit()


def _wait_for_turn(connection: Connection) -> None:
    """Between tries nothing is open: whoever makes an index concurrently waits for every transaction that is."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ONE_AT_A_TIME}):
        connection.commit()
        if time.monotonic() > ends:
            raise SystemExit("somebody else's migrations are still running; try again later")
        time.sleep(0.2)
    connection.commit()


async def _upgrade() -> None:
    engine = create_async_engine(os.environ["DATABASE_URL"], connect_args={"async_creator_fn": connect})
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


asyncio.run(_upgrade())
