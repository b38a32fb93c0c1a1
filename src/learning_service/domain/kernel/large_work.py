"""Large work, done beside the event loop in the process's one thread for it.

One, because each further thread takes a turn at the interpreter from the loop, and so from all requests. What waits
for it takes turns by organization, and within one by caller: only one piece of each stands in line.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")

_THREAD = ThreadPoolExecutor(1, "large-work")
_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


async def apart(organization_id: str, who: str, work: Callable[..., T], *arguments: Any) -> T:
    """What the work gives, done in the thread. `who`: for whom, among those of the organization."""
    own = _turns.setdefault(f"{organization_id}\n{who}", asyncio.Lock())
    shared = _turns.setdefault(organization_id, asyncio.Lock())
    async with own, shared:
        return await asyncio.get_running_loop().run_in_executor(_THREAD, work, *arguments)
