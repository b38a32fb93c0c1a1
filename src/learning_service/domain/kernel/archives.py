"""ZIP archives from outside: what may be in one, before anything is unpacked from it."""

import io
import stat
import struct
import zipfile
from dataclasses import dataclass
from typing import IO

MIB = 1024 * 1024
MAX_DIRECTORY = 4 * MIB
MAX_RATIO, RATIO_FROM = 150, 32 * MIB
"""No entry of that size is packed tighter, and no archive as a whole."""
_END, _LONG_END, _ENTRY = b"PK\x05\x06", b"PK\x06\x06", b"PK\x01\x02"
_END_SIZE, _LONG_END_SIZE = 22, 56 + 20


class BadArchive(Exception):
    """Why an archive is not opened: a word, and what exactly."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may be in an archive."""

    entries: int
    unpacked: int


def open_archive(file: IO[bytes], bounds: Bounds) -> zipfile.ZipFile:
    """The archive, when nothing about its shape is hostile. Raises BadArchive."""
    _check_directory(file, bounds.entries)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise BadArchive("damaged") from error
    names: set[str] = set()
    packed = unpacked = 0
    for entry in archive.infolist():
        _check_entry(entry)
        if entry.filename in names:
            raise BadArchive("unsafe-archive", "it holds two parts of the same name")
        names.add(entry.filename)
        packed += entry.compress_size
        unpacked += entry.file_size
    if unpacked > bounds.unpacked or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed):
        raise BadArchive("too-large-inside")
    return archive


def _check_directory(file: IO[bytes], most: int) -> None:
    """Before the list of entries is read: it is a short one. A million of them would fill the memory.

    What an archive says of its number of entries binds no reader: they are counted. Large archives say where the
    list lies once more, before the end, and readers believe that.
    """
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - _END_SIZE - 0xFFFF - _LONG_END_SIZE)
    file.seek(start)
    tail = file.read()
    found = tail.rfind(_END)
    if found < 0 or len(tail) - found < _END_SIZE:
        raise BadArchive("damaged")
    entries, directory = struct.unpack_from("<HI", tail, found + 10)
    end = found
    if tail[max(0, found - _LONG_END_SIZE) :].startswith(_LONG_END):
        end = found - _LONG_END_SIZE
        entries, directory = struct.unpack_from("<QQ", tail, end + 32)
    if entries > most or directory > MAX_DIRECTORY:
        raise BadArchive("unsafe-archive", "it has too many parts")
    file.seek(max(0, start + end - directory))
    if file.read(directory).count(_ENTRY) > most:
        raise BadArchive("unsafe-archive", "it has too many parts")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename.replace("\\", "/")
    if (
        name.startswith("/")
        or ":" in name.split("/")[0]
        or ".." in name.split("/")
        or "\x00" in entry.orig_filename
    ):
        raise BadArchive("unsafe-archive", "a part of it is named like a place outside")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadArchive("unsafe-archive", "a part of it is a link")
    if entry.flag_bits & 0x1:
        raise BadArchive("password-protected")
    if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * entry.compress_size:
        raise BadArchive("too-large-inside")
