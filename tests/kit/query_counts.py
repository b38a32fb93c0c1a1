"""How many statements a call takes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import event


@contextmanager
def counted(app: FastAPI) -> Iterator[list[str]]:
    """The statements that the application sends meanwhile, by the engine or directly, without the opening ones."""
    statements: list[str] = []

    def noting(fetch: Callable[..., Any]) -> Any:
        async def fetch_and_note(connection: Any, statement: str, *values: Any) -> Any:
            if "set_config('app.organization_id'" not in statement:
                statements.append(statement)
            return await fetch(connection, statement, *values)

        return fetch_and_note

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "set_config('role'" not in statement:
            statements.append(statement)

    engine = app.state.context.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("fetchrow", "fetch"):
                patch.setattr(asyncpg.Connection, name, noting(getattr(asyncpg.Connection, name)))
            yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
