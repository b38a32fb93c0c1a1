"""Quotas and places where two processes serve one organization at once."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.kit import documents as files
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.processes import api
from tests.kit.sending import send
from tests.kit.world import Caller, Json, World

from learning_service.core.settings import Settings
from learning_service.domain.documents.rules import MIB

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]
ATTEMPTS = 3
FORM = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-'


@pytest.fixture(scope="module")
async def two(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    small = {
        "organization_storage_mib": 2,
        "uploads_per_principal": 1,
        "uploads_per_organization": 8,
        "max_attempts_per_quiz": ATTEMPTS,
    }
    narrow = settings.model_copy(update=small)
    logs = tmp_path_factory.mktemp("two")
    async with api(narrow, logs / "a.log") as (_, one), api(narrow, logs / "b.log") as (_, other):
        yield one, other


def authors(world: World, two: tuple[httpx.AsyncClient, httpx.AsyncClient], count: int) -> list[Caller]:
    """So many who may upload, at one process and the other in turn."""
    made = [world.call_as(f"author-{n}", "national_admin") for n in range(count)]
    return [Caller(two[n % 2], one.token, one.user) for n, one in enumerate(made)]


async def test_of_many_that_fit_alone_one_fits(
    world: World, other_world: World, two: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    senders = authors(world, two, 8)
    pdfs = [files.pdf(n + 1, padding=MIB) for n in range(8)]
    sent = [send(one, pdf) for one, pdf in zip(senders, pdfs, strict=True)]
    answers = await asyncio.gather(*sent, send(authors(other_world, two, 1)[0], pdfs[0]))
    assert answers.pop().status_code == 202, "another organization has its own"
    assert sorted(answer.status_code for answer in answers) == [202] + [413] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 413} == {"quota-exceeded"}
    kept = [document for one in senders for document in (await one.ok("GET", "/api/documents/"))["items"]]
    assert len({document["id"] for document in kept}) == 1


async def test_each_process_has_its_places_and_an_end_frees_them(
    world: World, two: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    here, there = (Caller(http, world.admin.token, "boss") for http in two)

    async def without_end(begun: asyncio.Event) -> AsyncIterator[bytes]:
        yield HEAD
        begun.set()
        await asyncio.sleep(600)

    begun = asyncio.Event()
    call = here("POST", "/api/documents/", content=without_end(begun), headers={"Content-Type": FORM})
    slow = asyncio.create_task(call)
    await begun.wait()
    await asyncio.sleep(3)
    assert not slow.done(), slow.result().text
    await until(here, 429)
    assert (await send(there, files.pdf(8))).status_code == 202, "a place is one of its process"
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    await until(here, 202)


async def until(caller: Caller, status: int) -> None:
    """Upload until that is the answer, which is soon."""
    for _ in range(100):
        answer = await send(caller, files.pdf(9))
        if answer.status_code == status:
            return
        assert answer.status_code in (202, 429), answer.text
        await asyncio.sleep(0.1)
    raise AssertionError(answer.text)


async def test_attempts_are_counted_together(
    world: World, two: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz(questions=3)))
    ana = [Caller(http, at.call.token, "ana") for http in two]
    path = at.path("Q", "submit")
    questions = await at.questions("Q")

    def submission(n: int) -> Json:
        """Others each time: the same at once are one submission."""
        bits = [n >> place & 1 for place in range(3)]
        return {
            "responses": [
                {"question_id": question["id"], "answer_ids": [question["answers"][bit]["id"]]}
                for question, bit in zip(questions, bits, strict=True)
            ]
        }

    keys = [{"Idempotency-Key": f"try-{n}"} for n in range(8)]
    answers = await asyncio.gather(
        *(ana[n % 2]("POST", path, submission(n), headers=key) for n, key in enumerate(keys))
    )
    counted = [answer.json()["number"] for answer in answers if answer.status_code == 200]
    refused = {(answer.status_code, answer.json()["code"]) for answer in answers if answer.status_code != 200}
    assert (sorted(counted), refused) == ([1, 2, 3], {(409, "no-attempts-left")})
