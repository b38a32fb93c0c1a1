"""The contract of the storage adapter, on two different servers of the S3 protocol."""

import asyncio
import hashlib
import inspect
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from scripts.s3_description import OPERATIONS, PLACE, found
from tests.kit.s3_servers import black_hole, free_port, moto_server

from learning_service.adapters import s3_library, storage
from learning_service.adapters.storage import (
    ObjectMissing,
    ObjectStore,
    StoreUnavailable,
    content_disposition,
    open_store,
)
from learning_service.core.settings import Settings

BODY = b"%PDF-1.7 \x00\xff " + bytes(range(256)) * 400
KEY = f"contract/{hashlib.sha256(BODY).hexdigest()}.pdf"
Open = Callable[..., AbstractAsyncContextManager[ObjectStore]]


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The second server."""
    with moto_server() as address:
        yield address


@pytest.fixture(params=["nanio", "moto"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which server."""
    name: str = request.param
    return name


@pytest.fixture
def open_here(kind: str, request: pytest.FixtureRequest, settings: Settings) -> Open:
    """Opens the adapter on that server, with changed settings where given."""
    changes: dict[str, Any] = {}
    if kind == "moto":
        address = request.getfixturevalue("moto")
        changes = {"s3_endpoint_url": address, "s3_bucket": "contract"}

    def opened(patience: float = 20, **more: Any) -> AbstractAsyncContextManager[ObjectStore]:
        return open_store(settings.model_copy(update={**changes, **more}), patience=patience)

    return opened


@pytest.fixture
async def store(open_here: Open) -> AsyncIterator[ObjectStore]:
    """The adapter, its bucket made."""
    async with open_here() as opened:
        await opened.make_bucket()
        yield opened


async def test_what_is_put_is_there_until_deleted(store: ObjectStore) -> None:
    assert await store.is_alive()
    await store.put(KEY, BODY, content_type="application/pdf")
    await store.put(KEY, BODY, content_type="application/pdf")
    assert await store.get(KEY) == BODY
    assert await store.size(KEY) == len(BODY)
    await store.delete(KEY)
    await store.delete(KEY)
    assert await store.size(KEY) is None
    with pytest.raises(ObjectMissing):
        await store.get(KEY)


async def test_an_empty_object_and_odd_keys_are_objects(store: ObjectStore) -> None:
    for key in ("contract/empty", "contract/a b+c&d=é.txt"):
        await store.put(key, b"", content_type="text/plain")
        assert (await store.get(key), await store.size(key)) == (b"", 0)
        await store.delete(key)


async def test_the_list_has_every_key_under_the_prefix(store: ObjectStore) -> None:
    wanted = {f"listed/{n:02}" for n in range(12)}
    for key in wanted | {"listing/other"}:
        await store.put(key, b"x", content_type="text/plain")
    assert {key async for key in store.keys("listed/")} == wanted
    assert [key async for key in store.keys("nothing/")] == []


async def fetch(url: str) -> httpx.Response:
    async with httpx.AsyncClient() as plain:
        return await plain.get(url)


@pytest.mark.parametrize("inline", [True, False])
async def test_a_presigned_address_names_the_file_and_its_type(store: ObjectStore, inline: bool) -> None:
    await store.put(KEY, BODY, content_type="application/octet-stream")
    name = 'Ética "100%" 王小明.pdf'
    url = await store.presigned_url(KEY, filename=name, content_type="application/pdf", inline=inline)
    answer = await fetch(url)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["content-type"] == "application/pdf"
    kind = "inline" if inline else "attachment"
    assert answer.headers["content-disposition"] == (
        f"{kind}; filename=\"_tica _100__ ___.pdf\"; filename*=UTF-8''"
        "%C3%89tica%20%22100%25%22%20%E7%8E%8B%E5%B0%8F%E6%98%8E.pdf"
    )


# moto takes any signature and any secret.
@pytest.mark.parametrize("kind", ["nanio"], indirect=True)
async def test_a_presigned_address_opens_one_object_for_a_while(store: ObjectStore, open_here: Open) -> None:
    await store.put(KEY, BODY, content_type="application/pdf")
    url = await store.presigned_url(KEY, filename="a.pdf", content_type="application/pdf")
    assert (await fetch(url.replace("a.pdf", "b.pdf"))).status_code == 403
    assert (await fetch(url.split("?")[0])).status_code == 403
    assert (await fetch(url[:-4] + "0000")).status_code == 403
    async with open_here(presigned_url_seconds=1) as brief:
        url = await brief.presigned_url(KEY, filename="a.pdf", content_type="application/pdf")
        await asyncio.sleep(2.1)
        assert (await fetch(url)).status_code == 403


async def test_it_signs_for_the_address_that_browsers_see(open_here: Open) -> None:
    async with open_here(s3_public_endpoint_url="https://files.example.org") as store:
        url = await store.presigned_url(KEY, filename="a.pdf", content_type="application/pdf")
    assert url.startswith("https://files.example.org/")


async def everything(store: ObjectStore) -> list[str]:
    """Every operation on a store that does not work; which of them did not say so."""
    operations: dict[str, Callable[[], Any]] = {
        "put": lambda: store.put(KEY, BODY, content_type="application/pdf"),
        "get": lambda: store.get(KEY),
        "size": lambda: store.size(KEY),
        "delete": lambda: store.delete(KEY),
        "keys": lambda: anext(store.keys()),
    }
    silent = []
    for name, operation in operations.items():
        try:
            await operation()
        except StoreUnavailable:
            continue
        silent.append(name)
    assert not await store.is_alive()
    return silent


@pytest.mark.parametrize("kind", ["nanio"], indirect=True)
async def test_a_wrong_secret_is_refused(open_here: Open) -> None:
    async with open_here(s3_secret_access_key=SecretStr("wrong-secret-wrong-secret")) as store:
        assert await everything(store) == []


async def test_a_missing_bucket_is_no_missing_object(open_here: Open) -> None:
    async with open_here(s3_bucket="nobody-made-this-one") as store:
        assert not await store.is_alive()
        with pytest.raises(StoreUnavailable):
            await store.get(KEY)
        with pytest.raises(StoreUnavailable):
            await store.put(KEY, BODY, content_type="application/pdf")


@pytest.mark.long
async def test_a_store_that_is_away_is_unavailable(settings: Settings) -> None:
    away = settings.model_copy(update={"s3_endpoint_url": f"http://127.0.0.1:{free_port()}"})
    async with open_store(away, patience=10) as store:
        assert await everything(store) == []


@pytest.mark.long
async def test_a_store_that_hangs_is_given_up(settings: Settings) -> None:
    with black_hole() as address:
        hanging = settings.model_copy(update={"s3_endpoint_url": address})
        async with open_store(hanging, patience=0.3) as store:
            started = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await store.put(KEY, BODY, content_type="application/pdf")
            with pytest.raises(StoreUnavailable):
                await store.size(KEY)
            assert not await store.is_alive()
            assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.pdf", 'inline; filename="a.pdf"'),
        ("two words.pdf", 'inline; filename="two words.pdf"'),
        ('q"q\\.pdf', "inline; filename=\"q_q_.pdf\"; filename*=UTF-8''q%22q%5C.pdf"),
        ("../etc/x", "inline; filename=\".._etc_x\"; filename*=UTF-8''..%2Fetc%2Fx"),
        ("é;a=b.pdf", "inline; filename=\"_;a=b.pdf\"; filename*=UTF-8''%C3%A9%3Ba%3Db.pdf"),
    ],
)
def test_file_names_are_quoted(name: str, header: str) -> None:
    assert content_disposition(name, inline=True) == header


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x", "a\nb", "a\x00b", "a\x7fb"])
def test_a_name_cannot_end_the_header(name: str) -> None:
    with pytest.raises(ValueError, match="control"):
        content_disposition(name, inline=True)


async def test_the_library_knows_whatever_the_adapter_asks_for(settings: Settings) -> None:
    """Of what the library has read about S3, only what is used here is kept."""
    asked = set(re.findall(r"\b(?:client|own|public)\.(\w+)\(", inspect.getsource(storage)))
    assert len(asked) >= 11
    async with s3_library.open_clients(s3_library.session_of(settings), settings) as clients:
        assert [one for one in sorted(asked) if not hasattr(clients.own, one)] == []
        names = clients.own.meta.service_model.operation_names
        assert set(names) == OPERATIONS


def test_the_descriptions_of_s3_are_those_of_the_library_now() -> None:
    assert {name: (PLACE / name).read_text() for name in found()} == found()
