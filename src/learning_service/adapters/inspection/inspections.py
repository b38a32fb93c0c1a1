"""Has a file looked at by a confined process, and turns what that says into what the service knows."""

import json
import sys
from pathlib import Path

from learning_service.adapters.confinement import MIB, Limits, run_confined
from learning_service.adapters.inspection.findings import CLEAN
from learning_service.domain.certificates.rules.checks import Traces
from learning_service.domain.documents.rules import REASONS, Refused
from learning_service.domain.kernel.values import JsonObject

_LIMITS = Limits(seconds=60, memory=1024 * MIB, disk=1024 * MIB)
_OF_STRANGERS = Limits(seconds=10, memory=512 * MIB, disk=64 * MIB)
_PACKAGE = "learning_service.adapters.inspection"


async def inspect_deck(path: Path) -> str:
    """The kind of presentation: `ppt`, `pptx` or `odp`. Raises Refused."""
    kind: str = (await _inspect("decks", path))["kind"]
    return kind


async def inspect_pdf(path: Path) -> tuple[int, Path]:
    """The number of pages, and what may be shown: the file, or a copy beside it that does nothing by itself.

    Raises Refused.
    """
    found = await _inspect("pdfs", path)
    return found["pages"], path.with_name(CLEAN) if found.get("clean") else path


async def inspect_picture(path: Path) -> tuple[int, int]:
    """Width and height in pixels. Raises Refused."""
    found = await _inspect("pictures", path)
    return found["width"], found["height"]


async def inspect_certificate(path: Path) -> Traces:
    """What names a certificate in a PDF or PNG that anyone sent. What cannot be read has none."""
    try:
        found = await _inspect("certificates", path, _OF_STRANGERS)
    except Refused:
        return Traces()
    texts = {name: tuple(found.get(name, ())) for name in ("keywords", "links", "credentials")}
    return Traces(is_readable=found["is_readable"], **texts)


async def _inspect(what: str, path: Path, limits: Limits = _LIMITS) -> JsonObject:
    argv = [sys.executable, "-I", "-m", f"{_PACKAGE}.{what}", str(path)]
    ended = await run_confined(argv, directory=path.parent, limits=limits, environment={"LANG": "C.UTF-8"})
    if ended.over == "time":
        raise Refused("too-slow")
    try:
        found: JsonObject = json.loads(ended.answer)
    except ValueError:
        # Killed for what it took, or by what it read.
        raise Refused("damaged" if ended.code >= 0 else "too-greedy") from None
    if found.get("code") in REASONS:
        raise Refused(found["code"], str(found.get("detail", "")))
    return found
