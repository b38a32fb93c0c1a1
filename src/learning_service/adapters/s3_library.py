"""aioboto3, the library of the S3 protocol. It is loaded when the object store is first asked: a sixth of a start.

Only `session.client("s3")` is used, so that a successor library is a change of this file.
"""

import functools
import gzip
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any

import aiohttp
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import JSONFileLoader

from learning_service.core.loading import without
from learning_service.core.settings import Settings

with without("httpx"):
    # It would load a second client of HTTP, to be there for those who choose it.
    import aioboto3

_CONFIG: dict[str, Any] = {
    "signature_version": "s3v4",
    # Many S3-compatible stores do not know the newer checksum trailers.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
    "retries": {"mode": "standard", "max_attempts": 4},
    "connect_timeout": 3,
    "read_timeout": 15,
    "max_pool_connections": 50,
}
FAILURES = (ClientError, BotoCoreError, aiohttp.ClientError)
_FORMS: Mapping[str, Any] = {".json": open, ".json.gz": gzip.open}
_OURS = {"/endpoints": "endpoints.json", "/s3/2006-03-01/service-2": "service-2.json"}
"""What the library looks for, and what is read in its place."""
_MISSING = ("NoSuchKey", "404", "NotFound", "NoSuchUpload")


@dataclass(frozen=True, slots=True)
class Clients:
    """One for ourselves, and one that signs addresses as browsers reach the store."""

    own: Any
    public: Any


def says_missing(error: Exception) -> bool:
    """Whether the store says that there is no such object."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in _MISSING


class _Terse(JSONFileLoader):  # type: ignore[misc]
    """Reads of S3 what is used here, which `scripts/s3_description.py` has taken out of the library's descriptions.

    Those are 13 MB of a process, and 6 MB are what is left of reading them.
    """

    def load_file(self, file_path: str) -> Any:
        """What a file says; its path without the ending. None: there is none."""
        for wanted, name in _OURS.items():
            if file_path.endswith(wanted):
                return json.loads((resources.files("learning_service") / "assets" / "s3" / name).read_bytes())
        for ending, opened in _FORMS.items():
            if os.path.isfile(file_path + ending):
                with opened(file_path + ending, "rb") as file:
                    return json.load(file)
        return None


class _Session(aioboto3.Session):  # type: ignore[misc]
    """Makes clients of S3 alone, without what the library adds to them for files and threads."""

    def _register_default_handlers(self) -> None:
        """Nothing: they load 3 MB."""


@functools.lru_cache(maxsize=1)
def _session(access_key_id: str | None, secret: str | None, region: str | None) -> aioboto3.Session:
    session = _Session(aws_access_key_id=access_key_id, aws_secret_access_key=secret, region_name=region)
    loader = session._session.get_component("data_loader")
    loader.file_loader = _Terse()
    for name in ("endpoints", "partitions", "sdk-default-configuration"):
        loader.load_data(name)
    for part in ("service-2", "endpoint-rule-set-1"):
        loader.load_service_model("s3", part)
    return session


def session_of(settings: Settings) -> aioboto3.Session:
    """What clients are made by. It has read the descriptions of S3, which takes 20 ms."""
    secret = settings.s3_secret_access_key
    return _session(
        settings.s3_access_key_id, secret.get_secret_value() if secret else None, settings.s3_region
    )


@asynccontextmanager
async def open_clients(session: aioboto3.Session, settings: Settings) -> AsyncIterator[Clients]:
    """Open both. Raises ValueError where the address of the store is none."""
    config = Config(s3={"addressing_style": settings.s3_addressing_style}, **_CONFIG)
    own, public = settings.s3_endpoint_url, settings.s3_public_endpoint_url or settings.s3_endpoint_url
    async with AsyncExitStack() as stack:
        clients = {
            address: await stack.enter_async_context(
                session.client("s3", endpoint_url=address, config=config)
            )
            for address in {own, public}
        }
        yield Clients(clients[own], clients[public])
