"""The folder that `backup` writes and `restore` reads.

`SHA256SUMS` lists every file in the form of `sha256sum --check`. `backup.json` is written last: without it the backup
is not whole.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ValidationError

from learning_service.cli.operating import CommandError

DUMP, OBJECTS, SUMS, FACTS = "database.dump", "objects", "SHA256SUMS", "backup.json"


class Facts(BaseModel):
    """What a backup says of itself. It holds no key: those belong where secrets are kept."""

    taken_at: datetime
    revision: str
    """Of the schema."""
    rows: dict[str, int]
    """Of each table."""
    sealing_keys: list[str]
    """The ids of the keys, made from SECRET_KEYS, by which its secrets are sealed."""


def write_facts(folder: Path, facts: Facts, sums: Mapping[str, str]) -> None:
    """Say that the backup is whole, and what is in it: the digest of each file by its name in the folder."""
    (folder / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))
    unfinished = folder / f"{FACTS}.unfinished"
    unfinished.write_text(facts.model_dump_json(indent=2) + "\n")
    unfinished.rename(folder / FACTS)


def read_facts(folder: Path) -> Facts:
    """What the backup says of itself. Raises CommandError where it is not whole."""
    try:
        return Facts.model_validate_json((folder / FACTS).read_bytes())
    except FileNotFoundError as error:
        raise CommandError(f"{folder} holds no whole backup: {FACTS} is missing") from error
    except (OSError, ValidationError) as error:
        raise CommandError(f"{folder / FACTS} cannot be read") from error


def read_sums(folder: Path) -> Iterator[tuple[str, str]]:
    """The name and digest of each file. Raises CommandError."""
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{folder / SUMS} cannot be read") from error
    for line in lines:
        digest, _, name = line.partition("  ")
        if not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise CommandError(f"{folder / SUMS} is no list of digests")
        yield name, digest
