"""The structure of a document's pages, by which screen readers read it: headings, texts, links and figures.

What is drawn stands between marks; each mark has its element in the tree. The rest is decoration and says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

from reportlab.pdfbase.pdfdoc import PDFObjectReference, PDFString
from reportlab.pdfgen.canvas import Canvas

from learning_service.adapters.certificate_embedding import Written

Kind: TypeAlias = Literal["H1", "H2", "P"]
Box: TypeAlias = tuple[float, float, float, float]
_TREE, _DOCUMENT = PDFObjectReference("structure"), PDFObjectReference("structure:document")
_PRINTED = 4
"""Flag of an annotation that is there in print as well."""


class Structure:
    """The tree of a document, made as its pages are drawn."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._parent, self._children = _DOCUMENT, list[PDFObjectReference]()
        self._parents: list[PDFObjectReference | list[PDFObjectReference]] = []
        self.pages: list[int] = []
        """The key of each page in the tree."""
        self.begin_page()

    def begin_page(self) -> None:
        """What is drawn from now on is on another page."""
        self._marked: list[PDFObjectReference] = []
        self.pages.append(len(self._parents))
        self._parents.append(self._marked)

    @contextmanager
    def decoration(self) -> Iterator[None]:
        """What is drawn says nothing."""
        self._canvas._code.append("/Artifact BMC")
        yield
        self._canvas._code.append("EMC")

    @contextmanager
    def text(self, kind: Kind = "P") -> Iterator[None]:
        """What is drawn is one text of this kind."""
        with self._marks(kind, ""):
            yield

    @contextmanager
    def figure(self, said: str, box: Box) -> Iterator[None]:
        """What is drawn in this place is a figure; what is said stands for it."""
        placed = " ".join(f"{one:.2f}" for one in self._canvas._absRect(box, 1))
        with self._marks("Figure", f"/A<</O/Layout/Placement/Block/BBox[{placed}]>>/Alt ", PDFString(said)):
            yield

    @contextmanager
    def link(self, address: str, said: str) -> Iterator[list[Box]]:
        """What is drawn leads to an address; the caller tells by which box one gets there."""
        mark = len(self._parents)
        name = f"structure:link{mark}"
        outside, boxes = self._children, list[Box]()
        self._parent, self._children = PDFObjectReference(name), []
        yield boxes
        [box] = boxes
        self._canvas.linkURL(
            address, box, relative=1, F=_PRINTED, Contents=PDFString(said), StructParent=mark
        )
        there = self._canvas._doc.refAnnotation(f"NUMBER{self._canvas._annotationCount}")
        kids = [*_spaced(self._children), "<</Type/OBJR/Obj ", there, ">>"]
        self._parent, self._children = _DOCUMENT, outside
        self._parents.append(self._add(name, "Link", "/K[", *kids, "]"))

    def close(self, root: Any) -> None:
        """Put the tree into the document."""
        document = self._canvas._doc
        document.Reference(
            Written("<</Type/StructElem/S/Document/P ", _TREE, "/K[", *_spaced(self._children), "]>>"),
            _DOCUMENT.name,
        )
        numbers: list[Any] = []
        for key, parent in enumerate(self._parents):
            numbers += (
                [f" {key}[", *_spaced(parent), "]"] if isinstance(parent, list) else [f" {key} ", parent]
            )
        root.StructTreeRoot = Written(
            "<</Type/StructTreeRoot/K[", _DOCUMENT, f"]/ParentTreeNextKey {len(self._parents)}",
            "/ParentTree<</Nums[", *numbers, "]>>>>",
        )  # fmt: skip
        document.Reference(root.StructTreeRoot, _TREE.name)
        root.MarkInfo = Written("<</Marked true>>")

    @contextmanager
    def _marks(self, kind: str, *entries: Any) -> Iterator[None]:
        number = len(self._marked)
        page = self._canvas._doc.thisPageRef()
        self._marked.append(
            self._add(f"structure:{self.pages[-1]}:{number}", kind, *entries, "/Pg ", page, f"/K {number}")
        )
        self._canvas._code.append(f"/{kind}<</MCID {number}>>BDC")
        yield
        self._canvas._code.append("EMC")

    def _add(self, name: str, kind: str, *entries: Any) -> PDFObjectReference:
        element = Written(f"<</Type/StructElem/S/{kind}/P ", self._parent, *entries, ">>")
        made = self._canvas._doc.Reference(element, name)
        self._children.append(made)
        return made


def _spaced(references: list[PDFObjectReference]) -> Iterator[Any]:
    for one in references:
        yield one
        yield " "
