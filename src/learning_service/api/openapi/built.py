"""The document as it is sent: written when the package is built, compressed, and known by a tag.

Making it takes seconds of processor. `learning-service openapi --write` keeps it beside the code, with a stamp of the
sources that it was made from; where the stamp is another's, it is made anew at the first request.
"""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from fastapi import Request, Response
from pydantic_core import to_json

from learning_service.api.compression import takes_gzip
from learning_service.api.openapi.examples import FILE as EXAMPLES
from learning_service.domain.kernel.values import JsonObject

PACKAGE = Path(str(files("learning_service")))
FILE = PACKAGE / "assets" / "reference" / "openapi.json"
STAMP = FILE.with_suffix(".stamp")


@dataclass(frozen=True, slots=True)
class Written:
    """The document's bytes, the same compressed, and their tag: a weak one, since the two are other bytes."""

    plain: bytes
    gzipped: bytes
    etag: str

    @classmethod
    def of(cls, plain: bytes, gzipped: bytes | None = None) -> "Written":
        """All that is sent of a document; compressed now, where that was not done before."""
        gzipped = gzipped or gzip.compress(plain, mtime=0)
        return cls(plain, gzipped, f'W/"{sha256(plain).hexdigest()[:32]}"')


def stamp() -> str:
    """What the document is made from: all code of the package, and the examples."""
    digest = sha256()
    for file in [*sorted(PACKAGE.rglob("*.py")), EXAMPLES]:
        digest.update(str(file.relative_to(PACKAGE)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def write(make: Callable[[], JsonObject]) -> Path:
    """Keep the document beside the code, and compressed."""
    made = Written.of(to_json(make()))
    FILE.write_bytes(made.plain)
    _gzipped().write_bytes(made.gzipped)
    STAMP.write_text(stamp())
    return FILE


def is_kept() -> bool:
    """Whether the document of this very code stands beside it."""
    return FILE.exists() and _gzipped().exists() and STAMP.exists() and STAMP.read_text() == stamp()


def written(make: Callable[[], JsonObject]) -> Written:
    """The document that was kept, or where there is none of this code, one made now."""
    if is_kept():
        return Written.of(FILE.read_bytes(), _gzipped().read_bytes())
    return Written.of(to_json(make()))


def _gzipped() -> Path:
    return FILE.with_suffix(".json.gz")


class ServedDocument:
    """Answers `/openapi.json`: compressed where that is accepted, 304 to a caller who has it."""

    def __init__(self, make: Callable[[], JsonObject]) -> None:
        self._make = make
        self._once = asyncio.Lock()
        self._written: Written | None = None

    def prepare(self) -> None:
        """Have it before the first call: compressing it takes as much of the processor as hundreds of answers."""
        self._written = written(self._make)

    async def answer(self, request: Request) -> Response:
        """The document."""
        async with self._once:
            if self._written is None:
                self._written = await asyncio.to_thread(written, self._make)
        document = self._written
        headers = {"ETag": document.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if _has(request.headers.get("if-none-match", ""), document.etag):
            return Response(status_code=304, headers=headers)
        if not takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(document.plain, media_type="application/json", headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(document.gzipped, media_type="application/json", headers=headers)


def _has(asked: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    return bool(tags & {etag.removeprefix("W/"), "*"})
