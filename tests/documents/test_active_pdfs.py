"""PDFs byte by byte, with valid tables, that hide what they would do where a reader finds it and a check may not.

What is hidden is looked for in the copy that is shown: no reader finds there what was in none of its bytes.
"""

import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pypdf import PdfReader

from learning_service.adapters.inspection import pdfs
from learning_service.adapters.inspection.findings import CLEAN, found_by
from learning_service.adapters.inspection.inspections import inspect_pdf
from learning_service.domain.documents.rules import Refused

CATALOG = b"<</Type/Catalog/Pages 2 0 R%s>>"
PAGES = {
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
}
LAUNCH = b"<</S/Launch/F(evil.exe)>>"
OPENS = CATALOG % b"/OpenAction 8 0 R"
STREAM, TABLE = 50, 60


def plain(objects: Mapping[int, bytes], *, unlisted: bytes = b"") -> bytes:
    """A file with a table of references; `unlisted` stands in it and the table does not say where."""
    out, at = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + unlisted), {}
    for number, content in objects.items():
        at[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table, size = len(out), max(at) + 1
    out += b"xref\n0 %d\n" % size
    for number in range(size):
        out += b"%010d %s \n" % (at.get(number, 0), b"00000 n" if number in at else b"65535 f")
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, table)
    return bytes(out)


def padded(content: bytes, spaces: int) -> bytes:
    """What zlib would make of the content and so many spaces, without having them: one piece is repeated."""
    piece = b" " * 1_000_000
    stream = zlib.compressobj()
    start = content + b" " * (spaces % len(piece))
    out = stream.compress(start) + stream.flush(zlib.Z_FULL_FLUSH)
    again = stream.compress(piece) + stream.flush(zlib.Z_FULL_FLUSH)
    # The checksum goes on as its definition says (RFC 1950, section 9).
    high, low = divmod(zlib.adler32(start), 1 << 16)
    more = spaces // len(piece) * len(piece)
    high = (high + more * low + 32 * more * (more + 1) // 2) % 65521
    low = (low + 32 * more) % 65521
    return out + again * (spaces // len(piece)) + b"\x03\x00" + (high << 16 | low).to_bytes(4, "big")


@pytest.mark.parametrize("spaces", [1, 999_999, 1_000_000, 3_500_000])
def test_what_is_padded_unpacks_to_all_of_it(spaces: int) -> None:
    assert zlib.decompress(padded(b"<<>>", spaces)) == b"<<>>" + b" " * spaces


def object_stream(
    hidden: Mapping[int, bytes],
    *,
    filters: bytes = b"/FlateDecode",
    padding: int = 0,
    encode: Callable[[bytes], bytes] = zlib.compress,
) -> bytes:
    """The stream object that holds these."""
    head, body = b"", b""
    for number, content in hidden.items():
        head += b"%d %d " % (number, len(body))
        body += content + b"\n"
    packed = padded(head + body, padding) if padding else encode(head + body)
    entries = b"/Type/ObjStm/N %d/First %d/Length %d/Filter%s" % (
        len(hidden),
        len(head),
        len(packed),
        filters,
    )
    return b"<<%s>>stream\n%s\nendstream" % (entries, packed)


def packed(
    hidden: Mapping[int, bytes],
    objects: Mapping[int, bytes] = PAGES,
    *,
    listed: bool = True,
    **options: object,
) -> bytes:
    """A file with a stream of references, and objects within an object stream; `listed`: found there by it."""
    out, at = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, content in {**objects, STREAM: object_stream(hidden, **options)}.items():  # type: ignore[arg-type]
        at[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    at[TABLE] = len(out)
    rows, inside = b"", list(hidden) if listed else []
    for number in range(TABLE + 1):
        if number in at:
            rows += b"\x01" + at[number].to_bytes(4, "big") + bytes(2)
        elif number in inside:
            rows += b"\x02" + STREAM.to_bytes(4, "big") + inside.index(number).to_bytes(2, "big")
        else:
            rows += bytes(7)
    table = zlib.compress(rows)
    entries = b"/Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Length %d/Filter/FlateDecode" % (TABLE + 1, len(table))
    out += b"%d 0 obj\n<<%s>>stream\n%s\nendstream\nendobj\n" % (TABLE, entries, table)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % at[TABLE])


OUTSIDE = {1: OPENS, **PAGES}
SCRIPT = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/J#61vaScript/#4aS(evil)>>>>"
HOSTILE = {
    "its kind is said elsewhere": plain({1: CATALOG % b"/OpenAction<</S 7 0 R/F(evil)>>", **PAGES, 7: b"/Launch"}),
    "its kind is said elsewhere, packed": packed({1: CATALOG % b"/OpenAction<</S 7 0 R/F(evil)>>", 7: b"/Launch"}),
    "sends, its kind is said elsewhere": packed({1: OPENS, 7: b"/SubmitForm", 8: b"<</S 7 0 R/F(evil)>>"}),
    "a kind by way of another": packed({1: OPENS, 6: b"/Launch", 7: b"6 0 R", 8: b"<</S 7 0 R/F(evil)>>"}),
    "launches": packed({1: OPENS, 8: LAUNCH}),
    "escaped names": packed({1: OPENS, 8: b"<</#53/L#61unch/F(evil)>>"}),
    "a chain": packed({1: CATALOG % b"/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next[8 0 R]>>", 8: LAUNCH}),
    "opens a share": packed({1: OPENS, 8: rb"<</S/GoToR/F(\\\\evil\\x.pdf)/D[0/Fit]>>"}),
    "opens an address": packed({1: OPENS, 8: b"<</S/URI/URI(http://evil/)>>"}),
    "opens an address after a page": packed(
        {1: CATALOG % b"/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next 8 0 R>>", 8: b"<</S/URI/URI(http://evil/)>>"}
    ),
    "a stream from a share": plain(
        {1: CATALOG % b"/Metadata 9 0 R", **PAGES, 9: b"<</Length 0/F(//evil/x)>>stream\n\nendstream"}
    ),
    "more than we unpack": packed({8: LAUNCH}, OUTSIDE, padding=90_000_000),
    "a filter that we do not know": packed({8: LAUNCH}, OUTSIDE, filters=b"/Fl"),
    "packed twice": packed(
        {8: LAUNCH}, OUTSIDE, filters=b"[/ASCIIHexDecode/FlateDecode]",
        encode=lambda data: zlib.compress(data).hex().encode(),
    ),
    "packed and not listed": packed({8: LAUNCH}, OUTSIDE, listed=False),
    "a stream that is not listed": plain(
        {1: CATALOG % b"", **PAGES}, unlisted=b"50 0 obj\n%s\nendobj\n" % object_stream({8: LAUNCH})
    ),
    "a catalog that is not listed": plain({1: CATALOG % b"", **PAGES}, unlisted=b"1 0 obj\n%s\nendobj\n" % SCRIPT),
    "a script in a model": packed(
        {1: CATALOG % b"/X 8 0 R", 8: b"<</Type/3D/OnInstantiate 9 0 R>>", 9: b"(evil)"}
    ),
}  # fmt: skip
HARMLESS = {
    "nothing": plain({1: CATALOG % b"", **PAGES}),
    "packed": packed({1: CATALOG % b""}),
    "opens at a page": packed({1: OPENS, 8: b"<</S/GoTo/D[3 0 R/Fit]>>"}),
    "opens at a place": packed({1: CATALOG % b"/OpenAction[3 0 R/Fit]"}),
    "a link": packed(
        {1: CATALOG % b"", 3: PAGES[3].replace(b">>", b"/Annots[8 0 R]>>"),
         8: b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://good.example/)>>>>"},
        {2: PAGES[2]},
    ),
}  # fmt: skip
_WORD = re.compile(rb"evil|Launch|SubmitForm|GoToR|JavaScript")


def _all_bytes(content: bytes) -> bytes:
    """The file, and its streams unpacked as far as they can be."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL)
    unpacked = []
    for stream in streams:
        try:
            unpacked.append(zlib.decompressobj().decompress(stream, 1_000_000))
        except zlib.error:
            continue
    return b"\n".join([content, *unpacked])


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_a_reader_might_find_and_do_is_not_in_what_is_shown(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    found = found_by(pdfs.look, tmp_path / "file")
    if "code" in found:
        return
    assert found == {"pages": 1, "clean": True}
    shown = tmp_path / CLEAN
    clean = shown.read_bytes()
    assert len(PdfReader(shown).pages) == 1
    assert not _WORD.findall(_all_bytes(clean))
    assert found_by(pdfs.look, shown) == {"pages": 1}


@pytest.mark.parametrize("content", HARMLESS.values(), ids=HARMLESS)
def test_what_does_nothing_by_itself_stays_as_it_came(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    assert found_by(pdfs.look, tmp_path / "file") == {"pages": 1}


@pytest.mark.parametrize(
    "content",
    [
        packed({n: b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (n + 1) for n in range(100, 4000)}, OUTSIDE),
        plain({1: CATALOG % (b"/X " + b"[" * 100_000 + b"]" * 100_000), **PAGES}),
        plain({1: CATALOG % (b"/X " + b"<</a " * 20_000 + b"1" + b">>" * 20_000), **PAGES}),
        plain({1: CATALOG % b"", 2: b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>", 3: PAGES[3]}),
        plain({1: CATALOG % b"/OpenAction 8 0 R", **PAGES, 8: b"<</S/GoTo/D[3 0 R/Fit]/Next 8 0 R>>"}),
        plain({1: CATALOG % b"/OpenAction 8 0 R", **PAGES, 8: b"8 0 R"}),
        packed({8: LAUNCH}, OUTSIDE, padding=800_000_000),
    ],
    ids=["tree", "array", "dictionary", "own parent", "own successor", "itself", "bomb"],
)  # fmt: skip
async def test_no_shape_stops_the_look(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    code, pages = None, 1
    try:
        pages, _ = await inspect_pdf(tmp_path / "file")
    except Refused as error:
        code = error.code
    assert pages == 1
    assert code in (None, "damaged", "active-content", "too-greedy")
