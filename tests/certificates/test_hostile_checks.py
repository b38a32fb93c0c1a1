"""Files made to mislead the check: each has its right result in bounded time, and nobody else waits for it."""

import asyncio
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
import pypdf
import pytest
from PIL import Image, PngImagePlugin
from pypdf.annotations import FreeText
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from tests.kit.earned import Earned, checked, earn
from tests.kit.waiting import PATIENCE_SECONDS
from tests.kit.world import World

PDF, PNG = "application/pdf", "image/png"
MANY = 5 * 1024 * 1024 - 1000


def _appended(pdf: bytes, change: Callable[[pypdf.PdfWriter], object]) -> bytes:
    writer = pypdf.PdfWriter(io.BytesIO(pdf), incremental=True)
    change(writer)
    written = io.BytesIO()
    writer.write(written)
    assert written.getvalue().startswith(pdf)
    assert written.getvalue() != pdf
    return written.getvalue()


def _with_metadata(pdf: bytes) -> bytes:
    return _appended(pdf, lambda writer: writer.add_metadata({"/Subject": "First class"}))


def _with_annotation(pdf: bytes) -> bytes:
    note = FreeText(text="First class honours", rect=(100, 300, 400, 340), font_size="20pt")
    return _appended(pdf, lambda writer: writer.add_annotation(0, note))


def _with_field(pdf: bytes) -> bytes:
    field = DictionaryObject(
        {NameObject("/FT"): NameObject("/Tx"), NameObject("/T"): TextStringObject("name")}
    )
    return _appended(pdf, lambda writer: writer._add_object(field))


def _saved(pdf: bytes, **how: Any) -> bytes:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(written, **how)
    return written.getvalue()


def _linearized(pdf: bytes) -> bytes:
    return _saved(pdf, linearize=True)


def _packed(pdf: bytes) -> bytes:
    return _saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _encrypted(pdf: bytes, user: str = "") -> bytes:
    return _saved(pdf, encryption=pikepdf.Encryption(owner="boss", user=user, R=6))


def _twice_ended(pdf: bytes) -> bytes:
    return pdf + b"%%EOF\n"


def _cut_and_ended(pdf: bytes) -> bytes:
    return pdf[: pdf.rindex(b"startxref")] + b"%%EOF\n%%EOF\n"


def _after_a_shebang(pdf: bytes) -> bytes:
    return b"#!/bin/sh\n" + pdf


CHANGED = [
    _with_metadata, _with_annotation, _with_field, _linearized, _packed, _encrypted, _twice_ended,
    _cut_and_ended, _after_a_shebang,
]  # fmt: skip


async def _issued(world: World) -> Earned:
    earned = await earn(world)
    await world.run_jobs()
    return earned


@pytest.mark.usefixtures("looks_here")
async def test_whatever_another_program_makes_of_it_it_is_altered(world: World) -> None:
    earned = await _issued(world)
    pdf = await earned.file()
    for change in CHANGED:
        assert await checked(world, change(pdf), PDF) == ("altered", earned.id), change.__name__
    assert await checked(world, pdf, PDF) == ("genuine", earned.id)


@pytest.mark.usefixtures("looks_here")
async def test_one_that_a_stranger_locked_cannot_be_read_and_names_nobody(world: World) -> None:
    earned = await _issued(world)
    locked = _encrypted(await earned.file(), user="secret")
    assert await checked(world, locked, PDF) == ("unreadable", None)


@pytest.mark.usefixtures("looks_here")
async def test_a_file_that_only_carries_ours_is_not_genuine(world: World) -> None:
    earned = await _issued(world)
    pdf = await earned.file()
    writer, written = pypdf.PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.add_attachment("certificate.pdf", pdf)
    writer.compress_identical_objects()
    for page in writer.pages:
        page.compress_content_streams()
    writer.write(written)
    result, _ = await checked(world, written.getvalue(), PDF)
    assert result in ("not-ours", "altered")
    both = pdf + pdf
    assert (await checked(world, both, PDF))[0] == "altered"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _moving(badge: bytes) -> bytes:
    """The badge as an animation whose second picture is another."""
    head, rest = badge[:33], badge[33:]
    wide, high = struct.unpack(">II", badge[16:24])
    first = _chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, wide, high, 0, 0, 1, 10, 0, 0))
    return head + _chunk(b"acTL", struct.pack(">II", 1, 0)) + first + rest


def _encoded_anew(badge: bytes, *, with_text: bool) -> bytes:
    with Image.open(io.BytesIO(badge)) as picture:
        texts = PngImagePlugin.PngInfo()
        for keyword, text in picture.text.items() if with_text else ():  # type: ignore[attr-defined]
            texts.add_itxt(keyword, str(text), zip=True)
        written = io.BytesIO()
        picture.save(written, "PNG", pnginfo=texts, compress_level=1)
    return written.getvalue()


@pytest.mark.usefixtures("looks_here")
async def test_badges_that_were_drawn_anew_or_changed_hands(world: World) -> None:
    earned = await _issued(world)
    other = await earn(world, "bob", title="Another course")
    await world.run_jobs()
    badge, theirs = [
        (await world.http.get(f"/api/certificates/{one.id}/badge.png/")).content for one in (earned, other)
    ]
    assert await checked(world, badge, PNG) == ("genuine", earned.id)
    assert await checked(world, _moving(badge), PNG) == ("altered", earned.id)
    assert await checked(world, _encoded_anew(badge, with_text=True), PNG) == ("altered", earned.id)
    assert await checked(world, _encoded_anew(badge, with_text=False), PNG) == ("not-ours", None)
    assert await checked(world, badge + b"more", PNG) != ("genuine", earned.id)
    size = struct.unpack(">I", badge[33:37])[0] + 12
    moved = theirs[:33] + badge[33 : 33 + size] + theirs[33 + struct.unpack(">I", theirs[33:37])[0] + 12 :]
    assert await checked(world, moved, PNG) == ("altered", earned.id)
    assert await checked(world, theirs[:33] + badge[33 : 33 + size] + theirs[33:], PNG) != (
        "genuine",
        other.id,
    )


def _nested() -> bytes:
    half = MANY // 2
    return b"%PDF-1.7\n1 0 obj" + b"[" * half + b"]" * half + b"endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


def _dictionaries() -> bytes:
    return b"%PDF-1.7\n1 0 obj" + b"<</A" * (MANY // 4) + b"\ntrailer<</Root 1 0 R>>\n%%EOF"


def _chain() -> bytes:
    """Objects that refer one to the next, and the last to the first."""
    count = MANY // 60
    objects = b"".join(
        b"%d 0 obj<</Type/Pages/Count 1/Kids[%d 0 R]>>endobj\n" % (one, one % count + 1)
        for one in range(1, count + 1)
    )
    return b"%PDF-1.7\n" + objects + b"trailer<</Root 1 0 R>>\n%%EOF"


def _text_bomb() -> bytes:
    """A picture with 200 texts where credentials are, each of 20 MB once it is unpacked."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    packed = zlib.compress(b"[" * 20_000_000, 9)
    chunk = _chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0" + packed)
    return picture.getvalue()[:33] + chunk * 200 + picture.getvalue()[33:]


@pytest.mark.long
@pytest.mark.parametrize(
    ("made", "kind", "result"),
    [
        (_nested, PDF, "unreadable"),
        (_dictionaries, PDF, "unreadable"),
        (_chain, PDF, "unreadable"),
        (_text_bomb, PNG, "not-ours"),
    ],
    ids=["lists", "dictionaries", "chain", "texts"],
)
async def test_others_are_answered_while_five_megabytes_are_looked_through(
    world: World, made: Callable[[], bytes], kind: str, result: str
) -> None:
    earned, content = await _issued(world), made()
    assert len(content) < 5 * 1024 * 1024
    looking = asyncio.create_task(checked(world, content, kind))
    for _ in range(20):
        assert (await earned.verify())["status"] == "valid"
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await looking == (result, None)
    assert await checked(world, await earned.file(), PDF) == ("genuine", earned.id)
