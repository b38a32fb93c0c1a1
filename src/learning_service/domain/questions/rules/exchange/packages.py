"""Packages of files, as Canvas and Common Cartridge make them: looked at with bounds, and never unpacked to disk."""

import io
import zipfile
import zlib

MOST_FILES = 5000
MOST_BYTES = 60 * 1024 * 1024
"""Unpacked, of all the files together that are read."""
_MARKS = (b"questestinterop", b"assessmentitem", b"qti-assessment-item")
"""What the beginning of a file of questions has, in lower case."""
_HEAD = 4096


class BadPackage(Exception):
    """The package cannot be read."""


def question_files(data: bytes) -> list[bytes]:
    """The files of questions in a package. Canvas holds a quiz twice: the fuller one ends in `.xml.qti`.

    Raises BadPackage.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return _read(package)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise BadPackage("The package is damaged, or protected by a password.") from None


def _read(package: zipfile.ZipFile) -> list[bytes]:
    infos = package.infolist()
    if len(infos) > MOST_FILES:
        raise BadPackage(f"The package has more than {MOST_FILES:,} files.")
    full = [info for info in infos if info.filename.lower().endswith(".xml.qti")]
    wanted = full or [info for info in infos if info.filename.lower().endswith((".xml", ".qti"))]
    left, found = MOST_BYTES, []
    for info in wanted:
        with package.open(info) as file:
            content = file.read(_HEAD)
            if any(mark in content.lower() for mark in _MARKS):
                content += file.read(max(0, left - len(content) + 1))
            else:
                content = b""
        left -= len(content)
        if left < 0:
            raise BadPackage(f"The package is larger than {MOST_BYTES >> 20} MiB unpacked.")
        if content:
            found.append(content)
    return found
