"""Logos of every kind that tools write are printed in their own colours."""

import io
import struct
import zlib
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader
from tests.kit.printed import PLAIN

from learning_service.adapters.certificate_pdf import render_certificate

SIZE = (60, 40)
RED, WHITE = (200, 30, 60), (255, 255, 255)


def _halves(mode: str, left: Any, right: Any) -> Image.Image:
    """A picture of two colours."""
    picture = Image.new(mode, SIZE, right)
    picture.paste(left, (0, 0, SIZE[0] // 2, SIZE[1]))
    return picture


def _saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _png(depth: int, color: int, rows: list[bytes], *extra: bytes, interlaced: bool = False) -> bytes:
    """A PNG file byte by byte: not every kind comes out of a library."""
    header = struct.pack(">IIBBBBB", *SIZE, depth, color, 0, 0, int(interlaced))
    content = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = (_chunk(b"IHDR", header), *extra, _chunk(b"IDAT", content), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _grey16(left: int, right: int, *extra: bytes) -> bytes:
    half = SIZE[0] // 2
    return _png(16, 0, [struct.pack(">H", left) * half + struct.pack(">H", right) * half] * SIZE[1], *extra)


def _interlaced(left: tuple[int, ...], right: tuple[int, ...]) -> bytes:
    """Adam7: the picture in seven passes, each finer than the one before."""
    rows = []
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):  # fmt: skip  # noqa: E501
        for _ in range(y0, SIZE[1], dy):
            rows.append(b"".join(bytes(left if x < SIZE[0] // 2 else right) for x in range(x0, SIZE[0], dx)))
    return _png(8, 2, rows, interlaced=True)


def _unmarked(jpeg: bytes) -> bytes:
    at = jpeg.index(b"\xff\xee")
    return jpeg[:at] + jpeg[at + 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0] :]


def _turned() -> bytes:
    """Lying on its side, with the note that a viewer has to turn it back."""
    picture = _halves("RGB", RED, WHITE).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    return _saved(picture, "JPEG", exif=exif, quality=95)


CMYK = (0, 216, 178, 55)
KINDS: dict[str, tuple[bytes, tuple[int, ...], tuple[int, ...]]] = {
    "16-bit grey": (_grey16(0x4000, 0xC000), (64,) * 3, (192,) * 3),
    "16-bit grey with a transparent value": (
        _grey16(0x4000, 0xC000, _chunk(b"tRNS", struct.pack(">H", 0xC000))), (64,) * 3, (192, 192, 192, 0),
    ),
    "16-bit grey, nearly the transparent value": (
        _grey16(0x4000, 0xC001, _chunk(b"tRNS", struct.pack(">H", 0xC000))), (64,) * 3, (192,) * 3,
    ),
    "16-bit colour": (
        _png(16, 2, [struct.pack(">3H", 0xC800, 0x1E00, 0x3C00) * SIZE[0]] * SIZE[1]), RED, RED,
    ),
    "16-bit grey and alpha": (_png(16, 4, [struct.pack(">2H", 0x4000, 0x8000) * SIZE[0]] * SIZE[1]),
                              (64, 64, 64, 128), (64, 64, 64, 128)),
    "1-bit": (_saved(_halves("1", 0, 1)), (0, 0, 0), WHITE),
    "2-bit grey": (_png(2, 0, [b"\x55" * 15] * SIZE[1]), (85,) * 3, (85,) * 3),
    "palette with a transparent colour": (
        _saved(_halves("RGBA", (*RED, 255), (0, 255, 0, 0)).quantize(4)), RED, (0, 255, 0, 0),
    ),
    "grey with a transparent value": (_saved(_halves("L", 40, 255), transparency=255), (40,) * 3, (*WHITE, 0)),
    "grey and alpha": (_saved(_halves("LA", (40, 255), (99, 7))), (40,) * 3, (99, 99, 99, 7)),
    "interlaced": (_interlaced(RED, WHITE), RED, WHITE),
    "grey JPEG": (_saved(_halves("L", 40, 200), "JPEG", quality=95), (40,) * 3, (200,) * 3),
    "progressive JPEG": (_saved(_halves("RGB", RED, WHITE), "JPEG", quality=95, progressive=True), RED, WHITE),
    "inverted CMYK JPEG of Adobe": (_saved(_halves("CMYK", CMYK, (0,) * 4), "JPEG"), (200, 31, 60), WHITE),
    "plain CMYK JPEG": (
        _unmarked(_saved(_halves("CMYK", (255, 39, 77, 200), (255,) * 4), "JPEG")),
        (200, 31, 60), WHITE,
    ),
    "turned JPEG": (_turned(), RED, WHITE),
}  # fmt: skip


def _printed(logo: bytes) -> Image.Image:
    page = PdfReader(io.BytesIO(render_certificate(replace(PLAIN, logo=logo)))).pages[0]
    resources: Any = page["/Resources"]
    picture = resources["/XObject"]["/FormXob.background"]["/Resources"]["/XObject"]["/Logo"]
    size = (picture["/Width"], picture["/Height"])
    printed = Image.frombytes("RGB", size, picture.get_data()).convert("RGBA")
    if "/SMask" in picture:
        printed.putalpha(Image.frombytes("L", size, picture["/SMask"].get_data()))
    return printed


@pytest.mark.parametrize("kind", KINDS)
def test_a_logo_is_printed_in_its_colours(kind: str) -> None:
    logo, left, right = KINDS[kind]
    printed = _printed(logo)
    assert printed.size == SIZE
    for (x, color), y in product(((10, left), (50, right)), (5, 35)):
        found: Any = printed.getpixel((x, y))
        expected = (*color, 255)[:4]
        assert found[3] == pytest.approx(expected[3], abs=3), "opacity"
        if expected[3]:
            assert found[:3] == pytest.approx(expected[:3], abs=6)
