"""What the database really executed: every statement with its plan, those inside functions and foreign keys too.

PostgreSQL's own auto_explain tells it to the connection that asked, whichever pool that is of.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

from learning_service.core.primary import connect
from tests.kit.plans import Work, touched
from tests.kit.world import Json

TELLING = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_level": "notice",
    "auto_explain.log_format": "json",
}


class Executed:
    """The statements of the connections that were opened while `listening`."""

    def __init__(self) -> None:
        self._heard: list[Json] = []

    def hear(self, _connection: Any, message: Any) -> None:
        """One notice of a connection."""
        told = str(message.message)
        if told.startswith("duration: ") and "{" in told:
            self._heard.append(json.loads(told[told.index("{") :]))

    async def taken(self) -> list[Work]:
        """What was executed since the last time: by each statement's text the sum of all its runs."""
        await asyncio.sleep(0.001)  # listeners are called by the loop
        heard, self._heard = self._heard, []
        found: dict[str, list[Json]] = defaultdict(list)
        for one in heard:
            found[one["Query Text"]].append(one["Plan"])
        return [
            Work(sum(_work(plan) for plan in plans), statement, json.dumps(max(plans, key=_work), indent=1))
            for statement, plans in found.items()
        ]

    @contextmanager
    def listening(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Listen to connections that are opened meanwhile, for as long as they live."""

        async def connected(*given: Any, **named: Any) -> asyncpg.Connection:
            connection: asyncpg.Connection = await connect(*given, **named)
            connection.add_log_listener(self.hear)
            return connection

        with patch.context() as patched:
            patched.setattr("learning_service.core.database.connect", connected)
            yield


def _work(plan: Json) -> float:
    """Rows that its nodes read, or pages, whichever are more."""
    pages = plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
    return max(touched(plan), float(pages))
