"""XML from outside, read into small trees with lines: no entities, no external parts, bounded depth."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_DEPTH = 60
MAX_CHILDREN = 100_000
PIECE = 64 * 1024
MAX_TAG = 4 * PIECE
"""Of a tag, and whatever else expat reads only as a whole: it lets no other thread run meanwhile."""


class BadXml(Exception):
    """The file is no XML that is taken; `line` says where."""

    def __init__(self, detail: str, line: int) -> None:
        super().__init__(detail)
        self.line = line


@dataclass(slots=True)
class Node:
    """An element. Its name has no prefix."""

    name: str
    line: int
    attributes: dict[str, str]
    content: list["Node | str"] = field(default_factory=list)
    """Elements and words, in order."""
    around: dict[str, str] = field(default_factory=dict)
    """Of an element that was looked for: the attributes of the one in which it stands."""

    @property
    def text(self) -> str:
        """The words directly in it."""
        return "".join(part for part in self.content if isinstance(part, str)).strip()

    @property
    def children(self) -> list["Node"]:
        """The elements directly in it."""
        return [part for part in self.content if isinstance(part, Node)]

    def all(self, name: str) -> Iterator["Node"]:
        """The children of that name."""
        return (part for part in self.content if isinstance(part, Node) and part.name == name)

    def first(self, name: str) -> "Node | None":
        """The first child of that name."""
        return next(self.all(name), None)

    def all_within(self) -> Iterator["Node"]:
        """All elements at any depth, in order."""
        for child in self.children:
            yield child
            yield from child.all_within()

    def within(self, name: str, *, unless: str = "") -> Iterator["Node"]:
        """All of that name at any depth, in order, but for those inside an element called `unless`."""
        waiting = list(reversed(self.children))
        while waiting:
            node = waiting.pop()
            if node.name == name:
                yield node
            if node.name != unless:
                waiting.extend(reversed(node.children))

    def text_of(self, *path: str) -> str:
        """The words of what is found down this path; empty where it is not there."""
        node: Node | None = self
        for name in path:
            node = None if node is None else node.first(name)
        return "" if node is None else node.text


def elements(data: bytes, *names: str) -> Iterator[Node]:
    """The elements of those names in UTF-8, one after the other, each forgotten before the next. Raises BadXml."""
    reader = _Reader(names)
    try:
        for at in range(0, len(data), PIECE):
            reader.parser.Parse(data[at : at + PIECE], False)
            if at + PIECE - max(reader.parser.CurrentByteIndex, 0) > MAX_TAG:
                raise BadXml(f"The XML has a tag of more than {MAX_TAG // 1024} KiB.", reader.line)
            yield from reader.whole()
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BadXml(f"The XML is not well-formed: {expat.ErrorString(error.code)}.", error.lineno) from None
    yield from reader.whole()


class _Reader:
    def __init__(self, names: Collection[str]) -> None:
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._words
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._names = names
        self._open: list[Node] = []
        self._above: list[dict[str, str]] = []
        self._ready: list[Node] = []

    def whole(self) -> list[Node]:
        """The elements that have ended since the last call."""
        ready, self._ready = self._ready, []
        return ready

    def _doctype(self, _name: str, _system: str | None, _public: str | None, has_subset: bool) -> None:
        # One that only names what lies elsewhere is passed over: nothing is fetched.
        if has_subset:
            raise BadXml(
                "The XML declares a document type of its own, which no question file does.", self.line
            )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        around = self._above[-1] if self._above else {}
        self._above.append(attributes)
        if len(self._above) > MAX_DEPTH:
            raise BadXml(f"The XML has more than {MAX_DEPTH} elements inside each other.", self.line)
        if not self._open and name not in self._names:
            return
        node = Node(name, self.line, attributes, around={} if self._open else around)
        if self._open:
            parent = self._open[-1]
            if len(parent.content) >= MAX_CHILDREN:
                raise BadXml("An element has too many others in it.", self.line)
            parent.content.append(node)
        self._open.append(node)

    def _end(self, _: str) -> None:
        self._above.pop()
        if self._open:
            node = self._open.pop()
            if not self._open:
                self._ready.append(node)

    def _words(self, words: str) -> None:
        if self._open:
            self._open[-1].content.append(words)

    @property
    def line(self) -> int:
        """Where the reader is."""
        return self.parser.CurrentLineNumber
