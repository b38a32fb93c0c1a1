"""The ZIP archives that PPTX and ODP files are: what may be in one before anything is unpacked from it."""

import io
import zipfile
from typing import IO

from learning_service.adapters.inspection.findings import Unusable
from learning_service.domain.kernel.archives import MIB, BadArchive, Bounds, open_archive

BOUNDS = Bounds(entries=10_000, unpacked=500 * MIB)
MAX_DEPTH = 2
"""A spreadsheet inside a presentation is usual, one inside that happens."""
_MAX_INNER = 64 * MIB
_SMALLEST = 22


def open_package(file: IO[bytes], *, depth: int = 0) -> zipfile.ZipFile:
    """The archive, when nothing about its shape is hostile, nor about archives in it. Raises Unusable."""
    try:
        package = open_archive(file, BOUNDS)
    except BadArchive as error:
        raise Unusable(error.code, error.detail) from error
    _check_inner(package, depth)
    return package


def _check_inner(package: zipfile.ZipFile, depth: int) -> None:
    for entry in package.infolist():
        if entry.is_dir() or entry.file_size < _SMALLEST:
            continue
        with package.open(entry) as part:
            if part.read(4) != b"PK\x03\x04":
                continue
        if depth >= MAX_DEPTH:
            raise Unusable("unsafe-archive", "it holds archives within archives")
        if entry.file_size > _MAX_INNER:
            raise Unusable("too-large-inside")
        inner = io.BytesIO(package.read(entry))
        # What merely begins like an archive is none; nothing will unpack it.
        if zipfile.is_zipfile(inner):
            open_package(inner, depth=depth + 1).close()
