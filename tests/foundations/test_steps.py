"""What a route does for a request is FastAPI's, though it is worked out once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated, Any

import pytest
from fastapi import Depends, Response
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.steps import STACK
from learning_service.domain.kernel.errors import Invalid

done: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    done.clear()


async def caller() -> str:
    """A first step, which several ask for."""
    done.append("caller")
    return "who"


async def held(who: Annotated[str, Depends(caller)]) -> AsyncIterator[str]:
    """Is in use until the answer is made."""
    done.append("opened")
    try:
        yield f"{who}'s"
    finally:
        done.append("closed")


Held = Annotated[str, Depends(held, scope="function")]


async def judged(number: int, who: Annotated[str, Depends(caller)]) -> int:
    """A step with a parameter that the framework judges."""
    done.append("judged")
    return number


async def answered(endpoint: Any, path: str = "/api/things/", query: str = "", **options: Any) -> Response:
    """What a route answers, whose stack is closed before it leaves."""
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "query_string": query.encode()}
    scope |= {"headers": [], "path_params": {}}
    route = KeyedRoute(path, endpoint, methods={"GET"}, **options)
    async with AsyncExitStack() as stack:
        scope[STACK] = stack
        response = await route.get_route_handler()(Request(scope))
        done.append("made")
    return response


async def test_each_step_is_done_once_and_what_is_held_is_closed_when_the_answer_is_made() -> None:
    async def read(who: Annotated[str, Depends(caller)], mine: Held, again: Held) -> dict[str, str]:
        done.append("read")
        return {"who": who, "mine": mine, "again": again}

    response = await answered(read)

    assert response.body == b'{"who":"who","mine":"who\'s","again":"who\'s"}'
    assert done == ["caller", "opened", "read", "made", "closed"]


async def test_a_step_with_a_wrong_parameter_is_left_out_and_so_is_the_function_itself() -> None:
    async def read(number: Annotated[int, Depends(judged)], mine: Held) -> dict[str, int]:
        done.append("read")
        return {"number": number}

    assert (await answered(read, query="number=7")).body == b'{"number":7}'
    done.clear()
    with pytest.raises(RequestValidationError) as wrong:
        await answered(read, query="number=seven")

    assert [fault["loc"] for fault in wrong.value.errors()] == [("query", "number")]
    assert done == ["caller", "opened", "closed"]


async def test_what_is_not_known_of_a_query_is_refused_after_all_steps() -> None:
    async def read(mine: Held) -> dict[str, str]:
        done.append("read")
        return {}

    with pytest.raises(Invalid):
        await answered(read, query="misspelt=1")
    assert done == ["caller", "opened", "closed"]

    done.clear()
    assert (await answered(read, path="/page/", query="misspelt=1")).status_code == 200


async def test_status_and_headers_of_the_answer_that_is_made_after_the_function() -> None:
    async def read(response: Response) -> dict[str, str]:
        response.status_code = 202
        response.headers["Vary"] = "Accept"
        return {}

    async def nothing() -> None:
        """No answer."""

    response = await answered(read, status_code=201)
    assert (response.status_code, response.headers["vary"], response.body) == (202, "Accept", b"{}")
    assert response.headers["content-length"] == "2"
    empty = await answered(nothing, status_code=204)
    assert (empty.status_code, empty.body, "content-length" in empty.headers) == (204, b"", False)


def _in_a_thread() -> str:
    return "slow"


async def test_a_step_that_would_take_a_thread_or_outlive_its_answer_is_refused() -> None:
    async def with_thread(slow: Annotated[str, Depends(_in_a_thread)]) -> None:
        """No answer."""

    async def with_request(mine: Annotated[str, Depends(held)]) -> None:
        """No answer."""

    for endpoint in (with_thread, with_request):
        with pytest.raises(TypeError):
            KeyedRoute("/api/things/", endpoint, methods={"GET"}).get_route_handler()
