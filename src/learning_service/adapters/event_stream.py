"""Events to NATS JetStream. Needs the extra `nats`."""

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

STREAM = "LEARNING_EVENTS"
TIMEOUT_SECONDS = 5.0
DUPLICATES_SECONDS = 3600
"""How long a stream that we make knows the ids of events: a second one of the same id is not stored."""


class EventStream:
    """A connection to the stream that takes what is published; opened when it is first needed."""

    def __init__(self, url: str, prefix: str) -> None:
        self._url = url
        self._prefix = prefix
        self._everything = f"{prefix}.>"
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None

    async def publish(
        self, organization_id: str, type_: str, body: bytes, *, event_id: str, position: int
    ) -> bool:
        """Store one event; whether it was there already. Raises what the client raises while it cannot be stored."""
        stream = self._stream or await self._open()
        acknowledged = await stream.publish(
            self._subject(organization_id, type_),
            body,
            timeout=TIMEOUT_SECONDS,
            headers={
                "Nats-Msg-Id": event_id,
                "Content-Type": "application/cloudevents+json",
                "Learning-Position": str(position),
            },
        )
        return bool(acknowledged.duplicate)

    async def stream_name(self) -> str | None:
        """Which stream takes the events; None where there is none yet. Raises what the client raises."""
        client = await self._connect()
        try:
            return await client.jetstream(timeout=TIMEOUT_SECONDS).find_stream_name_by_subject(
                self._everything
            )
        except NotFoundError:
            return None

    async def close(self) -> None:
        """Give the connection up; the next event opens another."""
        client, self._client, self._stream = self._client, None, None
        if client is not None and not client.is_closed:
            await client.close()

    def _subject(self, organization_id: str, type_: str) -> str:
        # A point divides subjects; it is the only sign of an id that means anything there.
        return f"{self._prefix}.{organization_id.replace('.', '%2E')}.{type_.removeprefix('learning.')}"

    async def _open(self) -> JetStreamContext:
        stream = (await self._connect()).jetstream(timeout=TIMEOUT_SECONDS)
        if await self.stream_name() is None:
            await stream.add_stream(
                name=STREAM, subjects=[self._everything], duplicate_window=DUPLICATES_SECONDS, max_age=0
            )
        self._stream = stream
        return stream

    async def _connect(self) -> Client:
        if self._client is None:
            self._client = await nats.connect(
                self._url, connect_timeout=3, allow_reconnect=False, error_cb=_is_said_by_publish
            )
        return self._client


async def _is_said_by_publish(error: Exception) -> None:
    """Without it the client logs each fault by itself, with a traceback."""
