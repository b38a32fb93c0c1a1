"""Fonts embedded in certificates, and the operators that draw glyphs of them.

A document gives each glyph that it uses, with the characters that it stands for, a code of its own, so that a
reader gets the text back whatever shaping has done. The codes of what most certificates are written with are fixed:
documents which need no others share one subset of the font, made and compressed once per process.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any

import uharfbuzz as hb
from reportlab.pdfbase import pdfdoc, pdfmetrics

from learning_service.adapters.certificate_fonts import VOICES, Font
from learning_service.adapters.certificate_shaping import KEPT_LINES, Cluster, Glyph, Line, Run, shaped

COMMON = "".join(map(chr, (*range(0x20, 0x7F), *range(0xC0, 0x100), 0xB7, 0x2013, 0x2019)))
"""What nearly every certificate in a Latin script is written with. More would make every file larger."""
_LIGATURES = ("ff", "fi", "fl", "ffi", "ffl")
_UNUSED_TABLES = (
    "GSUB",
    "GPOS",
    "GDEF",
    "kern",
    "name",
    "OS/2",
    "post",
    "cmap",
    "STAT",
    "DSIG",
    "BASE",
    "JSTF",
)
_KEPT = 64
_NOTHING = "\u200b"
"""What a glyph stands for whose characters another one stands for; readers make a sign of no text at all."""
_SYMBOLIC = 4
"""Flag of a font whose codes are its own, not those of a standard encoding."""
_ROWS = 100
"""So many rows a block of the table of characters may have."""
_Key = tuple[int, str]
"""A glyph of a font, and the characters that it stands for."""


class _NoFont:
    """The first settings of a canvas, so that reportlab embeds and names no font of its own."""

    fontName = "none"  # noqa: N815
    _dynamicFont = True  # noqa: N815
    face = type("Face", (), {"name": "none"})


pdfmetrics._fonts[_NoFont.fontName] = _NoFont
NO_FONT = _NoFont.fontName


@cache
def _common(font: Font) -> dict[_Key, int]:
    """The fixed codes of a font: from 1 upwards."""
    voices = [voice for voice, name in VOICES.items() if name == font.name]
    lines = [shaped(part, voice) for voice in voices for part in (*COMMON, *_LIGATURES)]
    keys = dict.fromkeys(key for line in lines for run in line.runs for key in _keys(run))
    return {key: code for code, key in enumerate(keys, start=1)}


def _keys(run: Run) -> Iterator[_Key]:
    for cluster in run.clusters:
        for glyph, text in _shown(run.font, cluster):
            yield glyph.number, text


def _shares(cluster: Cluster) -> list[str]:
    """Which characters each glyph of a cluster stands for where a reader does not look at the whole of it."""
    text, count = cluster.text, len(cluster.glyphs)
    if count == len(text):
        return list(text)
    widest = max(range(count), key=lambda n: cluster.glyphs[n].advance)
    return [text if n == widest else _NOTHING for n in range(count)]


class DocumentFonts:
    """The fonts of one document. They are put into it when it is saved, as reportlab does with its own."""

    def __init__(self, document: Any) -> None:
        self._used: dict[Font, _Used] = {}
        document.delayedFonts.append(self)

    def operators(self, line: Line) -> Iterator[str]:
        """What draws a line at size 1 from where the pen stands; the matrix of the text gives the size."""
        for run in line.runs:
            used = self._used.setdefault(run.font, _Used(_common(run.font)))
            used.runs.append(run)
            yield _common_text(run) or _text(run, used.code_of)

    def addObjects(self, document: Any) -> None:  # noqa: N802
        """Put the subsets into the document."""
        fonts = document.idToObject["BasicFonts"].dict
        for font, used in self._used.items():
            made = _subset(font, used.codes())
            fonts[font.name] = document.Reference(made.dictionary(document), f"font:{font.name}")


class _Used:
    """What one document uses of a font."""

    def __init__(self, common: dict[_Key, int]) -> None:
        self.common = common
        self.runs: list[Run] = []
        self.further: dict[_Key, int] = {}

    def code_of(self, key: _Key) -> int:
        """The code of a glyph, given on first use where it has no fixed one."""
        code = self.common.get(key) or self.further.get(key)
        if code is None:
            code = self.further[key] = len(self.common) + len(self.further) + 1
        return code

    def codes(self) -> tuple[tuple[_Key, int], ...]:
        """Glyphs and codes of the subset: the common ones, or where these do not do, exactly those that were used."""
        if not self.further:
            return tuple(self.common.items())
        used = {key: self.code_of(key) for run in self.runs for key in _keys(run)}
        return tuple(sorted(used.items(), key=lambda pair: pair[1]))


@lru_cache(maxsize=KEPT_LINES)
def _common_text(run: Run) -> str | None:
    """The operators of a run that needs none but fixed codes."""
    try:
        return _text(run, _common(run.font).__getitem__)
    except KeyError:
        return None


def _text(run: Run, code_of: Callable[[_Key], int]) -> str:
    """The operators that show a run.

    Glyphs that only together are some characters say so (ActualText): readers take a shifted accent for a word.
    """
    parts = [f"/{run.font.name} 1 Tf["]
    rise = moved = 0
    for cluster in run.clusters:
        joined = len(cluster.glyphs) > 1
        if joined:
            said = cluster.text.encode("utf-16-be").hex()
            parts.append(f"{_moved(moved)}]TJ/Span<</ActualText<FEFF{said}>>>BDC[")
            moved = 0
        for glyph, text in _shown(run.font, cluster):
            if glyph.up != rise:
                rise = glyph.up
                parts.append(f"]TJ {rise / 1000:g} Ts[")
            key = (glyph.number, text)
            parts.append(f"{_moved(moved - glyph.right)}<{code_of(key):04x}>")
            # The pen goes where HarfBuzz has it go, not by the font's width from where the glyph stands.
            moved = glyph.right + _wide(run.font, key) - glyph.advance
        if joined:
            parts.append("]TJ EMC[")
    parts.append(_moved(moved) + ("]TJ 0 Ts" if rise else "]TJ"))
    return "".join(parts).replace("[]TJ", "").replace("><", "")


def _moved(back: int) -> str:
    return str(back) if back else ""


def _shown(font: Font, cluster: Cluster) -> Iterable[tuple[Glyph, str]]:
    """The glyphs of a cluster and what each stands for.

    Readers take the first and the last glyph of those that belong together for their edges, and marks stand anywhere:
    so blanks of no width are put there.
    """
    if len(cluster.glyphs) == 1:
        return ((cluster.glyphs[0], cluster.text),)
    blank = Glyph(font.blank, 0, 0, 0)
    return ((blank, _NOTHING), *zip(cluster.glyphs, _shares(cluster), strict=True), (blank, _NOTHING))


def _wide(font: Font, key: _Key) -> int:
    return font.widths[key[0]]


@dataclass(frozen=True)
class _Subset:
    """An embedded subset, ready to be put into any document."""

    name: str
    font: Font
    program: bytes
    length: int
    to_unicode: bytes
    glyphs: bytes
    widths: str

    def dictionary(self, document: Any) -> Any:
        """The font as PDF objects."""
        program = self._stream(document, "program", self.program, f"/Length1 {self.length}")
        left, bottom, right, top = self.font.box
        descriptor = Written(
            f"<</Type/FontDescriptor/FontName/{self.name}/Flags {_SYMBOLIC}/FontBBox[{left} {bottom} {right} {top}]"
            f"/ItalicAngle 0/Ascent {top}/Descent {bottom}/CapHeight {top}/StemV 80/FontFile2 ", program, ">>",
        )  # fmt: skip
        descendant = Written(
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{self.name}"
            f"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/W {self.widths}/CIDToGIDMap ",
            self._stream(document, "glyphs", self.glyphs),
            "/FontDescriptor ", document.Reference(descriptor, f"descriptor:{self.name}"), ">>",
        )  # fmt: skip
        return Written(
            f"<</Type/Font/Subtype/Type0/BaseFont/{self.name}/Encoding/Identity-H/ToUnicode ",
            self._stream(document, "unicode", self.to_unicode),
            "/DescendantFonts[", document.Reference(descendant, f"descendant:{self.name}"), "]>>",
        )  # fmt: skip

    def _stream(self, document: Any, kind: str, content: bytes, *entries: str) -> Any:
        return document.Reference(compressed_stream(content, *entries), f"{kind}:{self.name}")


class Written(pdfdoc.PDFObject):  # type: ignore[misc]
    """An object of PDF as it is written, but for the numbers of others; reportlab takes long to write each name."""

    def __init__(self, *parts: Any) -> None:
        self._parts = parts

    def format(self, document: Any) -> bytes:
        """As reportlab asks for it."""
        parts = (
            part.encode("ascii") if isinstance(part, str) else part.format(document) for part in self._parts
        )
        return b"".join(parts)


@lru_cache(maxsize=_KEPT)
def _subset(font: Font, codes: tuple[tuple[_Key, int], ...]) -> _Subset:
    wanted = hb.SubsetInput()
    wanted.glyph_set.update(glyph for (glyph, _), _ in codes)
    wanted.drop_table_tag_set.update(
        int.from_bytes(tag.ljust(4).encode("ascii"), "big") for tag in _UNUSED_TABLES
    )
    wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE
    plan = hb.SubsetPlan(font.face, wanted)
    program = bytes(plan.execute().blob.data)
    places = dict(plan.old_to_new_glyph_mapping)
    glyphs = bytearray(2 * (codes[-1][1] + 1))
    for (glyph, _), code in codes:
        glyphs[2 * code : 2 * code + 2] = places[glyph].to_bytes(2, "big")
    widths = " ".join(f"{code}[{_wide(font, key)}]" for key, code in codes)
    tag = "".join(chr(65 + byte % 26) for byte in sha256(program + bytes(glyphs)).digest()[:6])
    return _Subset(
        name=f"{tag}+{font.name}",
        font=font,
        program=zlib.compress(program, 9),
        length=len(program),
        to_unicode=zlib.compress(_to_unicode([(code, text) for (_, text), code in codes]), 9),
        glyphs=zlib.compress(bytes(glyphs), 9),
        widths=f"[{widths}]",
    )


def _to_unicode(codes: list[tuple[int, str]]) -> bytes:
    """The table by which a reader gets characters from codes."""
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        "1 begincodespacerange <0000> <FFFF> endcodespacerange",
    ]
    for start in range(0, len(codes), _ROWS):
        rows = codes[start : start + _ROWS]
        lines.append(f"{len(rows)} beginbfchar")
        lines += [f"<{code:04X}> <{text.encode('utf-16-be').hex()}>" for code, text in rows]
        lines.append("endbfchar")
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode("ascii")


class Stream(pdfdoc.PDFObject):  # type: ignore[misc]
    """A stream of bytes as they are, with the end of line after them that archives ask for, and further entries."""

    __RefOnly__ = 1

    def __init__(self, content: bytes, *entries: Any) -> None:
        self._content, self._entries = content, entries

    def format(self, document: Any) -> bytes:
        """As reportlab asks for it."""
        said = Written("<<", *self._entries, f"/Length {len(self._content)}>>\nstream\n").format(document)
        return b"".join([said, self._content, b"\nendstream\n"])


def compressed_stream(content: bytes, *entries: Any) -> Stream:
    """A stream of bytes that are compressed already."""
    return Stream(content, "/Filter/FlateDecode", *entries)
