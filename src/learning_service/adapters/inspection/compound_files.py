"""The names of streams in a compound file (OLE2, [MS-CFB]), read with bounds everywhere."""

import struct
from collections.abc import Iterator
from pathlib import Path

from learning_service.adapters.inspection.findings import Unusable

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FREE = 0xFFFFFFFA
"""Sector numbers from here on mean the end, or none."""
_ENTRY = 128
_MAX_ENTRIES = 20_000
_STREAM = 2


class CompoundFile:
    """A compound file's directory, and the beginnings of its streams."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        if len(self._data) < 512 or not self._data.startswith(MAGIC):
            raise Unusable("damaged")
        shift, mini_shift = struct.unpack_from("<HH", self._data, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise Unusable("damaged")
        self._size = 1 << shift
        self._first_directory: int = struct.unpack_from("<I", self._data, 48)[0]
        self._fat = self._read_fat()
        self.streams = dict(self._entries())
        """Where each stream starts, and its size, by name."""

    def start_of(self, name: str, length: int) -> bytes:
        """The first bytes of a stream that is large enough for sectors of its own, or lies in the mini stream."""
        first, size = self.streams[name]
        if size >= 4096:
            return self._sector(first)[:length]
        root_first, _ = self.streams.get("Root Entry", (_FREE, 0))
        mini = b"".join(self._sector(number) for number in self._chain(root_first))
        return mini[first * 64 : first * 64 + min(size, 64)][:length]

    def stream(self, name: str) -> bytes:
        """A whole stream that has sectors of its own; of a smaller one, the first bytes."""
        first, size = self.streams[name]
        if size < 4096:
            return self.start_of(name, size)
        return b"".join(self._sector(number) for number in self._chain(first))[:size]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._data[start : start + self._size]

    def _read_fat(self) -> list[int]:
        count, difat, difat_count = struct.unpack_from("<I20xII", self._data, 44)
        numbers = list(struct.unpack_from("<109I", self._data, 76))
        for _ in range(min(difat_count, len(self._data) // self._size)):
            if difat >= _FREE:
                break
            words = self._words(difat)
            numbers += words[:-1]
            difat = words[-1] if words else _FREE
        fat: list[int] = []
        for number in numbers[: min(count, len(self._data) // self._size + 1)]:
            if number < _FREE:
                fat += self._words(number)
        return fat

    def _words(self, number: int) -> list[int]:
        sector = self._sector(number)
        return list(struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4]))

    def _chain(self, number: int) -> Iterator[int]:
        for _ in range(len(self._fat)):
            if number >= min(_FREE, len(self._fat)):
                return
            yield number
            number = self._fat[number]

    def _entries(self) -> Iterator[tuple[str, tuple[int, int]]]:
        seen = 0
        for number in self._chain(self._first_directory):
            sector = self._sector(number)
            for start in range(0, len(sector) - _ENTRY + 1, _ENTRY):
                seen += 1
                if seen > _MAX_ENTRIES:
                    raise Unusable("unsafe-archive", "it has too many parts")
                length, kind = struct.unpack_from("<HB", sector, start + 64)
                if kind in (_STREAM, 5) and 2 <= length <= 64:
                    name = sector[start : start + length - 2].decode("utf-16-le", "replace")
                    first, size = struct.unpack_from("<II", sector, start + 116)
                    yield name, (first, size)
