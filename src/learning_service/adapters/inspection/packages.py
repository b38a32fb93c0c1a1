"""The ZIP archives that PPTX and ODP files are: what may be in one before anything is unpacked from it."""

import io
import stat
import struct
import zipfile
from typing import IO

from learning_service.adapters.inspection.findings import Unusable

MIB = 1024 * 1024
MAX_ENTRIES = 10_000
MAX_DIRECTORY = 4 * MIB
MAX_UNPACKED = 500 * MIB
MAX_RATIO, RATIO_FROM = 150, 32 * MIB
"""No entry of that size is packed tighter, and no archive as a whole."""
MAX_DEPTH = 2
"""A spreadsheet inside a presentation is usual, one inside that happens."""
_MAX_INNER = 64 * MIB
_END = b"PK\x05\x06"
_END_SIZE = 22


def open_package(file: IO[bytes], *, depth: int = 0) -> zipfile.ZipFile:
    """The archive, when nothing about its shape is hostile. Raises Unusable."""
    _check_directory(file)
    try:
        package = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Unusable("damaged") from error
    names: set[str] = set()
    packed = unpacked = 0
    for entry in package.infolist():
        _check_entry(entry)
        if entry.filename in names:
            raise Unusable("unsafe-archive", "it holds two parts of the same name")
        names.add(entry.filename)
        packed += entry.compress_size
        unpacked += entry.file_size
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed):
        raise Unusable("too-large-inside")
    _check_inner(package, depth)
    return package


def _check_directory(file: IO[bytes]) -> None:
    """Before the list of entries is read: it is a short one. A million of them would fill the memory."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - _END_SIZE - 0xFFFF)
    file.seek(start)
    tail = file.read()
    found = tail.rfind(_END)
    if found < 0 or len(tail) - found < _END_SIZE:
        raise Unusable("damaged")
    entries, directory = struct.unpack_from("<HI", tail, found + 10)
    # All ones stand for numbers that are kept elsewhere, because they are larger than any presentation's.
    if entries > MAX_ENTRIES or directory > MAX_DIRECTORY:
        raise Unusable("unsafe-archive", "it has too many parts")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename.replace("\\", "/")
    if (
        name.startswith("/")
        or ":" in name.split("/")[0]
        or ".." in name.split("/")
        or "\x00" in entry.orig_filename
    ):
        raise Unusable("unsafe-archive", "a part of it is named like a place outside")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Unusable("unsafe-archive", "a part of it is a link")
    if entry.flag_bits & 0x1:
        raise Unusable("password-protected")
    if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * entry.compress_size:
        raise Unusable("too-large-inside")


def _check_inner(package: zipfile.ZipFile, depth: int) -> None:
    for entry in package.infolist():
        if entry.is_dir() or entry.file_size < _END_SIZE:
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
