"""Packages of files, as Canvas and Common Cartridge make them: looked at with bounds, and never unpacked to disk."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator

from learning_service.domain.kernel.archives import MIB, BadArchive, Bounds, open_archive
from learning_service.domain.questions.rules.exchange.enclosures import MAX_BYTES, Found

BOUNDS = Bounds(entries=5000, unpacked=500 * MIB)
MOST_BYTES = 60 * MIB
"""Unpacked, of all the files together that are read."""
BUNDLE = "bundle.json"
"""What our own bundle has at its top."""
_MARKS = (
    b"questestinterop",
    b"assessmentitem",
    b"qti-assessment-item",
    b"assessmenttest",
    b"qti-assessment-test",
)
"""What the beginning of a file of questions, or of what says which are asked, has in lower case."""
_HEAD = 4096
_FILES = "$IMS-CC-FILEBASE$/"
"""What stands for the folder of a cartridge's files."""
_FOLDERS = ("web_resources/", "")
_REASONS = {
    "damaged": "The package is damaged.",
    "password-protected": "The package is protected by a password.",
    "too-large-inside": "The package is far larger unpacked than packages of questions are.",
    "unsafe-archive": "The package is packed in a way that no program packs one",
}


class BadPackage(Exception):
    """The package cannot be read."""


class Package:
    """A package that may be read, up to a bound of all that is read together."""

    def __init__(self, data: bytes) -> None:
        """Raises BadPackage for a hostile or broken one."""
        try:
            self._archive = open_archive(io.BytesIO(data), BOUNDS)
        except BadArchive as error:
            detail = f": {error.detail}." if error.detail else ""
            raise BadPackage(_REASONS[error.code] + detail) from None
        self._entries = {info.filename: info for info in self._archive.infolist() if not info.is_dir()}
        self._left = MOST_BYTES

    @property
    def names(self) -> frozenset[str]:
        """Of the files in it."""
        return frozenset(self._entries)

    def read(self, name: str, *, most: int | None = None) -> bytes:
        """The whole of a file in it. Raises BadPackage for one of more than `most` bytes."""
        content = self._read(self._entries[name], most=None if most is None else most + 1)
        if most is not None and len(content) > most:
            raise BadPackage(f"{name} has more than {most // MIB} MiB.")
        return content

    def question_files(self) -> Iterator[tuple[str, bytes]]:
        """The files of questions, by name. Canvas holds a quiz twice: the fuller one ends in `.xml.qti`.

        Raises BadPackage.
        """
        full = [name for name in self._entries if name.lower().endswith(".xml.qti")]
        for name in full or [
            name for name in self._entries if name.lower().endswith((".xml", ".qti", ".dat"))
        ]:
            head = self._read(self._entries[name], most=_HEAD).lower()
            if any(mark in head for mark in _MARKS):
                yield name, self.read(name)

    def picture(self, address: str, beside: str) -> Found | None:
        """The file that an address in a text stands for: one of the cartridge's, or one beside the file of that name.

        None where there is none, or the package holds more pictures than are read.
        """
        path = address
        if path.startswith(_FILES):
            below = path.removeprefix(_FILES)
            candidates = [posixpath.normpath(folder + below) for folder in _FOLDERS]
        else:
            candidates = [posixpath.normpath(posixpath.join(posixpath.dirname(beside), path))]
        for name in candidates:
            info = self._entries.get(name)
            if info is None:
                continue
            if info.file_size > MAX_BYTES:
                # Enough to be told that it is too large.
                return name, self._read(info, most=MAX_BYTES + 1)
            return name, self._read(info)
        return None

    def _read(self, info: zipfile.ZipInfo, *, most: int | None = None) -> bytes:
        try:
            with self._archive.open(info) as file:
                content = file.read(min(self._left + 1, most or self._left + 1))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError):
            raise BadPackage("The package is damaged.") from None
        self._left -= len(content)
        if self._left < 0:
            raise BadPackage(f"The package is larger than {MOST_BYTES >> 20} MiB unpacked.")
        return content
