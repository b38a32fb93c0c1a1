"""The object store, by the S3 protocol. The one module that knows aioboto3.

Only `session.client("s3")` is used, so that a successor library is a change of this file.
"""

import asyncio
import base64
import contextlib
import functools
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aioboto3
import aiohttp
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from opentelemetry.trace import SpanKind

from learning_service.core.settings import Settings
from learning_service.core.tracing import span

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
PATIENCE_SECONDS = 30.0
"""The longest that one operation takes, retries included; larger bodies get a second more per MiB."""
_MIB = 1024 * 1024
PART_BYTES = 5 * _MIB
"""What a streamed object holds in memory at a time, twice; the least that the protocol takes."""
_READ_BYTES = 256 * 1024
_MISSING = ("NoSuchKey", "404", "NotFound", "NoSuchUpload")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_PLAIN = re.compile(r'[^\x20-\x7e]|["\\/%]')
_UNRESERVED = "!#$&+-.^_`|~"


class StoreUnavailable(Exception):
    """The object store did not answer, or refused us."""


class ObjectMissing(Exception):
    """There is no object under that key."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a list shows it."""

    key: str
    modified_at: datetime


class ObjectStore:
    """Immutable files by key. Keys are content hashes or random, so that writing twice is harmless."""

    def __init__(
        self,
        client: Any,
        public_client: Any,
        *,
        bucket: str,
        presigned_seconds: int,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._client = client
        self._public = public_client
        self._bucket = bucket
        self.presigned_seconds = presigned_seconds
        self._patience = patience

    async def put(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store the bytes under the key, whole or not at all. Raises StoreUnavailable."""
        # The store compares the digest, so that a body cut on its way is refused there.
        digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        async with self._asking("store", key, extra=len(body) / _MIB):
            await self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                ContentLength=len(body),
                ContentMD5=digest,
            )

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes], *, content_type: str) -> None:
        """Store bytes as they come, a part at a time; whole or not at all, also when the sender fails midway.

        Raises StoreUnavailable, and whatever the sender raises.
        """
        parts = _in_parts(chunks)
        first = await anext(parts, b"")
        if len(first) < PART_BYTES:
            await self.put(key, first, content_type=content_type)
            return
        async with self._asking("store", key):
            begun = await self._client.create_multipart_upload(
                Bucket=self._bucket, Key=key, ContentType=content_type
            )
        upload = {"Bucket": self._bucket, "Key": key, "UploadId": begun["UploadId"]}
        try:
            stored = [await self._put_part(upload, 1, first)]
            del first
            async for part in parts:
                stored.append(await self._put_part(upload, len(stored) + 1, part))
            async with self._asking("store", key, extra=len(stored)):
                await self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": stored})
        except BaseException:
            with contextlib.suppress(StoreUnavailable, ObjectMissing):
                await asyncio.shield(self._abort(upload))
            raise

    async def _put_part(self, upload: dict[str, str], number: int, body: bytes) -> dict[str, Any]:
        async with self._asking("store", upload["Key"], extra=len(body) / _MIB):
            answer = await self._client.upload_part(
                **upload, PartNumber=number, Body=body, ContentLength=len(body)
            )
        return {"PartNumber": number, "ETag": answer["ETag"]}

    async def _abort(self, upload: dict[str, str]) -> None:
        async with self._asking("give up", upload["Key"]):
            await self._client.abort_multipart_upload(**upload)

    async def put_file(self, key: str, path: Path, *, content_type: str) -> None:
        """Store a file, a part at a time. Raises StoreUnavailable."""
        await self.put_stream(key, _chunks_of(path), content_type=content_type)

    async def get_file(self, key: str, path: Path) -> str:
        """Write the object to a new file; its SHA-256 in hex. Raises ObjectMissing or StoreUnavailable."""
        digest, size = hashlib.sha256(), 0
        async with self._asking("read", key):
            answer = await self._client.get_object(Bucket=self._bucket, Key=key)
        body = answer["Body"]
        with path.open("xb") as file:
            async with body:
                while True:
                    async with self._asking("read", key):
                        chunk = await body.read(_READ_BYTES)
                    if not chunk:
                        break
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
        if size != answer["ContentLength"]:
            raise StoreUnavailable(f"cannot read {key}: it came in part")
        return digest.hexdigest()

    async def get(self, key: str) -> bytes:
        """The whole object. Raises ObjectMissing or StoreUnavailable."""
        async with self._asking("read", key, extra=PATIENCE_SECONDS):
            answer = await self._client.get_object(Bucket=self._bucket, Key=key)
            async with answer["Body"] as stream:
                body: bytes = await stream.read()
            if len(body) != answer["ContentLength"]:
                raise StoreUnavailable(f"cannot read {key}: it came in part")
        return body

    async def size(self, key: str) -> int | None:
        """The object's size in bytes, or None when there is none. Raises StoreUnavailable."""
        try:
            async with self._asking("look at", key):
                answer = await self._client.head_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            return None
        return int(answer["ContentLength"])

    async def delete(self, key: str) -> None:
        """Remove the object; one that is not there is fine. Raises StoreUnavailable."""
        try:
            async with self._asking("delete", key):
                await self._client.delete_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            return

    async def keys(self, prefix: str = "") -> AsyncIterator[str]:
        """All keys under a prefix. Raises StoreUnavailable."""
        async for found in self.objects(prefix):
            yield found.key

    async def modified_at(self, key: str) -> datetime | None:
        """When the object was last written, or None when there is none. Raises StoreUnavailable."""
        try:
            async with self._asking("look at", key):
                answer = await self._client.head_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            return None
        written: datetime = answer["LastModified"]
        return written

    async def objects(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        """All objects under a prefix. Raises StoreUnavailable."""
        pages = aiter(
            self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        )
        while True:
            async with self._asking("list", prefix):
                page = await anext(pages, None)
            if page is None:
                return
            for item in page.get("Contents", ()):
                yield StoredObject(item["Key"], item["LastModified"])

    async def give_up_uploads(self, *, before: datetime) -> int:
        """Forget objects that were begun before that moment and never finished; how many. Raises StoreUnavailable."""
        async with self._asking("list uploads of", self._bucket):
            page = await self._client.list_multipart_uploads(Bucket=self._bucket)
        old = [found for found in page.get("Uploads", ()) if found["Initiated"] < before]
        for found in old:
            with contextlib.suppress(ObjectMissing):
                await self._abort(
                    {"Bucket": self._bucket, "Key": found["Key"], "UploadId": found["UploadId"]}
                )
        return len(old)

    async def presigned_url(self, key: str, *, filename: str, content_type: str, inline: bool = True) -> str:
        """A short-lived address that a browser can open; it shows or saves the file under that name.

        Raises ValueError for a name with control characters.
        """
        url: str = await self._public.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": content_disposition(filename, inline=inline),
                "ResponseContentType": content_type,
            },
            ExpiresIn=self.presigned_seconds,
        )
        return url

    async def is_alive(self) -> bool:
        """Whether the bucket is there and ours."""
        try:
            async with self._asking("find", self._bucket):
                await self._client.head_bucket(Bucket=self._bucket)
        except (StoreUnavailable, ObjectMissing):
            return False
        return True

    async def make_bucket(self) -> None:
        """Create the bucket if it is missing; for development and tests."""
        if not await self.is_alive():
            await self._client.create_bucket(Bucket=self._bucket)

    @asynccontextmanager
    async def _asking(self, what: str, key: str, *, extra: float = 0.0) -> AsyncIterator[None]:
        """One operation: bounded in time, and whatever goes wrong with it named."""
        try:
            with span(f"S3 {what}", SpanKind.CLIENT, key=key):
                async with asyncio.timeout(self._patience + extra):
                    yield
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                raise ObjectMissing(key) from error
            raise StoreUnavailable(f"cannot {what} {key}: {error}") from error
        except TimeoutError as error:
            raise StoreUnavailable(f"cannot {what} {key}: the store does not answer") from error
        except (BotoCoreError, aiohttp.ClientError, OSError) as error:
            raise StoreUnavailable(f"cannot {what} {key}: {error}") from error


async def _in_parts(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of `PART_BYTES`; the last one may be shorter, and none is empty."""
    gathered = bytearray()
    async for chunk in chunks:
        gathered += chunk
        while len(gathered) >= PART_BYTES:
            yield bytes(memoryview(gathered)[:PART_BYTES])
            del gathered[:PART_BYTES]
    if gathered:
        yield bytes(gathered)


async def _chunks_of(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _READ_BYTES):
            yield chunk


def content_disposition(filename: str, *, inline: bool) -> str:
    """The header that names a download (RFC 6266): a plain form, and beside it the exact one if it differs.

    Raises ValueError for a name with control characters, which could end the header.
    """
    if _CONTROL.search(filename):
        raise ValueError("a file name has no control characters")
    kind = "inline" if inline else "attachment"
    plain = _NOT_PLAIN.sub("_", filename)
    exact = "" if plain == filename else f"; filename*=UTF-8''{quote(filename, safe=_UNRESERVED)}"
    return f'{kind}; filename="{plain}"{exact}'


@functools.lru_cache(maxsize=1)
def _session(access_key_id: str | None, secret: str | None, region: str | None) -> aioboto3.Session:
    """Kept, for it has read the library's description of S3: that takes a tenth of a second of processor."""
    return aioboto3.Session(aws_access_key_id=access_key_id, aws_secret_access_key=secret, region_name=region)


@asynccontextmanager
async def open_store(settings: Settings, *, patience: float = PATIENCE_SECONDS) -> AsyncIterator[ObjectStore]:
    """Open the clients: one for ourselves, and one that signs addresses as browsers reach the store."""
    secret = settings.s3_secret_access_key
    session = _session(
        settings.s3_access_key_id, secret.get_secret_value() if secret else None, settings.s3_region
    )
    config = Config(s3={"addressing_style": settings.s3_addressing_style}, **_CONFIG)
    public_endpoint = settings.s3_public_endpoint_url or settings.s3_endpoint_url
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            session.client("s3", endpoint_url=settings.s3_endpoint_url, config=config)
        )
        public = await stack.enter_async_context(
            session.client("s3", endpoint_url=public_endpoint, config=config)
        )
        yield ObjectStore(
            client,
            public,
            bucket=settings.s3_bucket,
            presigned_seconds=settings.presigned_url_seconds,
            patience=patience,
        )
