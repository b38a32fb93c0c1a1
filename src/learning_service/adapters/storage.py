"""The object store, by the S3 protocol. The one module that knows aioboto3.

Only `session.client("s3")` is used, so that a successor library is a change of this file.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aioboto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from learning_service.settings import Settings

_CONFIG: dict[str, Any] = {
    "signature_version": "s3v4",
    # Many S3-compatible stores do not know the newer checksum trailers.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
    "retries": {"mode": "standard", "max_attempts": 4},
    "connect_timeout": 3,
    "read_timeout": 30,
    "max_pool_connections": 50,
}


class StoreUnavailable(Exception):
    """The object store did not answer, or refused us."""


class ObjectMissing(Exception):
    """There is no object under that key."""


class ObjectStore:
    """Immutable files by key. Keys are content hashes, so that writing twice is harmless."""

    def __init__(self, client: Any, public_client: Any, *, bucket: str, presigned_seconds: int) -> None:
        self._client = client
        self._public = public_client
        self._bucket = bucket
        self._presigned_seconds = presigned_seconds

    async def put(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store the bytes under the key, whole or not at all."""
        try:
            await self._client.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType=content_type, ContentLength=len(body)
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"cannot store {key}: {error}") from error

    async def get(self, key: str) -> bytes:
        """The whole object. Raises ObjectMissing or StoreUnavailable."""
        try:
            answer = await self._client.get_object(Bucket=self._bucket, Key=key)
            async with answer["Body"] as stream:
                body: bytes = await stream.read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise ObjectMissing(key) from error
            raise StoreUnavailable(f"cannot read {key}: {error}") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"cannot read {key}: {error}") from error
        return body

    async def size(self, key: str) -> int | None:
        """The object's size in bytes, or None when there is none."""
        try:
            answer = await self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404", "NotFound"):
                return None
            raise StoreUnavailable(f"cannot look at {key}: {error}") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"cannot look at {key}: {error}") from error
        return int(answer["ContentLength"])

    async def delete(self, key: str) -> None:
        """Remove the object; one that is not there is fine."""
        try:
            await self._client.delete_object(Bucket=self._bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"cannot delete {key}: {error}") from error

    async def keys(self, prefix: str = "") -> AsyncIterator[str]:
        """All keys under a prefix."""
        try:
            pages = self._client.get_paginator("list_objects_v2")
            async for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield item["Key"]
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"cannot list {prefix}: {error}") from error

    async def presigned_url(self, key: str, *, filename: str, content_type: str, inline: bool = True) -> str:
        """A short-lived address that a browser can open. `filename` is plain ASCII without quotes."""
        kind = "inline" if inline else "attachment"
        url: str = await self._public.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": f'{kind}; filename="{filename}"',
                "ResponseContentType": content_type,
            },
            ExpiresIn=self._presigned_seconds,
        )
        return url

    async def is_alive(self) -> bool:
        """Whether the bucket is there and ours."""
        try:
            await self._client.head_bucket(Bucket=self._bucket)
        except (ClientError, BotoCoreError):
            return False
        return True

    async def make_bucket(self) -> None:
        """Create the bucket if it is missing; for development and tests."""
        if not await self.is_alive():
            await self._client.create_bucket(Bucket=self._bucket)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[ObjectStore]:
    """Open the clients: one for ourselves, and one that signs addresses as browsers reach the store."""
    session = aioboto3.Session(
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=(
            settings.s3_secret_access_key.get_secret_value() if settings.s3_secret_access_key else None
        ),
        region_name=settings.s3_region,
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
        )
