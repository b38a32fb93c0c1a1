"""What statements touch: by their plans, and by what they really did with the plan that a connection keeps."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from learning_service.context import Context
from tests.kit.world import Json

# What has happened in this transaction so far. Foreign keys and functions are in it, and plans that are kept.
_BLOCKS = """SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class
    WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"""


@dataclass(frozen=True)
class Work:
    """One statement, and the rows or blocks that it touched."""

    touched: float
    statement: str
    plan: str
    answered: float = 0
    """Rows that it returned, where its plan tells."""


def touched(node: Json) -> float:
    """Rows that a plan's nodes read, kept or not."""
    rows = sum(
        node.get(key, 0) for key in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter")
    )
    return float(rows * node["Actual Loops"]) + sum(touched(part) for part in node.get("Plans", ()))


def _fetch(connection: Any, statement: str, parameters: Any = ()) -> Any:
    cursor = connection.connection.cursor()
    cursor.execute(statement, parameters)
    found = cursor.fetchone() if cursor.description else None
    cursor.close()
    return found[0] if found else None


def _explain(connection: Any, statement: str, parameters: Any) -> Work:
    """What a plan that is made now does. It is undone, for the statement itself comes afterwards."""
    _fetch(connection, "SAVEPOINT explained")
    told = _fetch(connection, f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
    _fetch(connection, "ROLLBACK TO SAVEPOINT explained")
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return Work(touched(plan), statement, json.dumps(plan, indent=1), plan["Actual Rows"])


@contextmanager
def explained(context: Context) -> Iterator[list[Work]]:
    """The rows that each statement through the context's engine touches, by a plan that is made for it.

    What a write does is done twice, and undone once: what that leaves behind is in the way of what comes later.
    """
    done: list[Work] = []

    def before(connection: Any, _cursor: Any, statement: str, parameters: Any, _run: Any, many: bool) -> None:
        if _is_told(statement):
            done.append(_explain(connection, statement, parameters[0] if many else parameters))

    with _listening(context, before_cursor_execute=before):
        yield done


@contextmanager
def measured(context: Context) -> Iterator[list[Work]]:
    """The blocks that each statement through the context's engine touches, by the plan that the connection has."""
    done: list[Work] = []

    def before(
        connection: Any, _cursor: Any, statement: str, _parameters: Any, run: Any, _many: bool
    ) -> None:
        if _is_told(statement):
            run.blocks = _fetch(connection, _BLOCKS)

    def after(connection: Any, _cursor: Any, statement: str, _parameters: Any, run: Any, _many: bool) -> None:
        if _is_told(statement):
            blocks = float(_fetch(connection, _BLOCKS) - run.blocks)
            done.append(Work(blocks, statement, "by the plan that the connection has"))

    with _listening(context, before_cursor_execute=before, after_cursor_execute=after):
        yield done


def _is_told(statement: str) -> bool:
    beginnings = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
    return statement.lstrip().startswith(beginnings) and "SELECT set_config" not in statement


@contextmanager
def _listening(context: Context, **listeners: Any) -> Iterator[None]:
    engine = context.engine.sync_engine
    usual = None if context.readers is None else context.readers.is_off
    if context.readers is not None:
        context.readers.is_off = True
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)
        if context.readers is not None and usual is not None:
            context.readers.is_off = usual


def excess(asked: str, done: list[Work], most: float) -> list[str]:
    """Each statement that touched more, told with its plan."""
    return [
        f"{asked}: {work.touched:.0f}\n{work.statement}\n{work.plan}" for work in done if work.touched > most
    ]
