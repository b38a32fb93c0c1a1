"""Files that only their owner may read."""

import json
import os
import secrets
import tempfile
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one step: a reader sees the old text or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(temporary).replace(path)


def passwords_of(directory: Path) -> dict[str, str]:
    """The passwords of this copy's parts; made at its first start."""
    path = directory / "secrets.json"
    if not path.exists():
        fresh = {name: secrets.token_urlsafe(24) for name in ("postgres", "redis", "s3")}
        write_private(path, json.dumps(fresh))
    found: dict[str, str] = json.loads(path.read_text())
    return found
