"""Fonts embedded in certificates: subsets that most of them share, made and compressed once per process.

reportlab makes a subset for every document from the characters that it meets. Here a document which needs none
but common characters begins with all of those, so that it has the subset of the one before it.
"""

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.ttfonts import SUBSETN, TTFont, makeToUnicodeCMap

COMMON = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xC0, 0x100), 0xB7, 0x2013, 0x2019)))
"""What nearly every certificate in a Latin script is written with. More would make every file larger."""
_IN_ORDER = "".join(sorted(COMMON))
_KEPT = 64


@dataclass(frozen=True)
class _Subset:
    """All of an embedded subset that costs something to make."""

    program: bytes
    length: int
    to_unicode: bytes
    widths: str


class EmbeddedFont(TTFont):  # type: ignore[misc]
    """A TrueType font whose subsets are remembered."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._subset = lru_cache(maxsize=_KEPT)(self._make_subset)

    def begin(self, document: Any) -> None:
        """Give a new document the common characters first."""
        self.splitString(_IN_ORDER, document)

    def _make_subset(self, name: str, codes: tuple[int, ...]) -> _Subset:
        program = self.face.makeSubset(list(codes))
        return _Subset(
            zlib.compress(program, 9),
            len(program),
            zlib.compress(makeToUnicodeCMap(name, codes).encode("ascii"), 9),
            f"[{' '.join(str(int(self.face.getCharWidth(code))) for code in codes)}]",
        )

    def addObjects(self, doc: Any) -> None:  # noqa: N802
        """Put the document's subsets into it, as `TTFont.addObjects` does."""
        state = self.state[doc]
        state.frozen = 1
        for number, codes in enumerate(state.subsets):
            internal = self.getSubsetInternalName(number, doc)[1:]
            tag = b"".join((SUBSETN(number), b"+", self.face.name, self.face.subfontNameX))
            name = tag.decode("pdfdoc")
            made = self._subset(name, tuple(codes))
            font = pdfdoc.PDFTrueTypeFont()
            font.Name, font.BaseFont = internal, name
            font.FirstChar, font.LastChar, font.Widths = 0, len(codes) - 1, made.widths
            font.ToUnicode = doc.Reference(compressed_stream(made.to_unicode), f"toUnicodeCMap:{name}")
            font.FontDescriptor = doc.Reference(self._descriptor(doc, name, made), f"fontDescriptor:{name}")
            doc.Reference(font, internal)
            doc.idToObject["BasicFonts"].dict[internal] = font
        del self.state[doc]

    def _descriptor(self, doc: Any, name: str, made: _Subset) -> Any:
        face = self.face
        program = compressed_stream(made.program, {"Length1": made.length})
        # Codes are the subset's own (symbolic), not those of a standard encoding (bit 6).
        symbolic, nonsymbolic = 4, 32
        return pdfdoc.PDFDictionary(
            {
                "Type": "/FontDescriptor",
                "Ascent": face.ascent,
                "CapHeight": face.capHeight,
                "Descent": face.descent,
                "Flags": face.flags & ~nonsymbolic | symbolic,
                "FontBBox": pdfdoc.PDFArray(face.bbox),
                "FontName": pdfdoc.PDFName(name),
                "ItalicAngle": face.italicAngle,
                "StemV": face.stemV,
                "FontFile2": doc.Reference(program, f"fontFile:{face.filename}({name})"),
                "MissingWidth": face.defaultWidth,
            }
        )


def compressed_stream(content: bytes, entries: dict[str, object] | None = None) -> Any:
    """A stream of bytes that are compressed already."""
    return pdfdoc.PDFStream(
        pdfdoc.PDFDictionary({"Filter": pdfdoc.PDFName("FlateDecode"), **(entries or {})}), content
    )
