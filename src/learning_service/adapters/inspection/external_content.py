"""Whether a presentation shows something that lies elsewhere and of which it has no copy.

Ordinary links are harmless, as are linked sounds and films: a PDF shows neither. A chart is drawn from the values
that it keeps, whatever workbook they came from; a linked picture or object may have a picture of itself in the file.
A relation that nothing uses shows nothing.
"""

import re
import zipfile
from collections.abc import Mapping

from learning_service.adapters.inspection.findings import Unusable
from learning_service.adapters.inspection.xml_parts import local_name, read_part

_HARMLESS = frozenset({"hyperlink", "video", "audio", "media"})
_IMPLICIT = frozenset({"slide", "slideLayout", "slideMaster", "theme", "diagramDrawing"})
"""A part of this kind is shown without anything that names its relation."""
_DRAWN_FROM_COPIES = frozenset({"externalData", "custData", "tags"})
_WITH_PICTURE = frozenset({"oleObj", "control"})
"""Elements that have a picture of what they link to inside, or in the drawing that `spid` names."""
_SHOWING = frozenset(
    {"image", "object", "object-ole", "floating-frame", "applet", "fill-image", "background-image"}
)
_REPLACEABLE = frozenset({"object", "object-ole", "floating-frame", "applet"})
_OUTSIDE = re.compile(r"\A\s*(?:[a-z][a-z0-9+.-]*:|//|\\\\|/|\.\./\.\./)", re.IGNORECASE)


def outside_relations(package: zipfile.ZipFile, name: str) -> Mapping[str, str]:
    """Relations of a part to what lies elsewhere: what they say by id. Raises Unusable for one that shows by itself.

    `NULL` is what PowerPoint writes for a link to nothing.
    """
    found: dict[str, str] = {}

    def note(element: str, attributes: Mapping[str, str]) -> None:
        if local_name(element) != "Relationship" or attributes.get("TargetMode") != "External":
            return
        kind, target = attributes.get("Type", "").rpartition("/")[2], attributes.get("Target", "").strip()
        if kind in _HARMLESS or target.upper() in ("", "NULL"):
            return
        what = f"{kind[:40]}: {target[:200]}"
        if kind in _IMPLICIT:
            raise Unusable("external-content", what)
        found[attributes.get("Id", "")] = what

    read_part(package, name, note)
    return found


class PartUses:
    """What a part of an Office file shows by relations to elsewhere. Its methods are the parser's handlers."""

    def __init__(self, outside: Mapping[str, str]) -> None:
        self._outside = outside
        self._depth = 0
        self._linked: list[tuple[int, str]] = []
        """Objects without a picture so far: how deep they began, and what they link to."""

    def start(self, element: str, attributes: Mapping[str, str]) -> None:
        """An element begins. Raises Unusable."""
        self._depth += 1
        named = {local_name(name): value for name, value in attributes.items() if ":" in name}
        used = [name for name, value in named.items() if value in self._outside]
        kind = local_name(element)
        if "embed" in named and named["embed"] not in self._outside:
            self._linked.clear()
        if not used or kind in _DRAWN_FROM_COPIES:
            return
        what = self._outside[named[used[0]]]
        if kind in _WITH_PICTURE:
            if "spid" not in attributes:
                self._linked.append((self._depth, what))
        elif not (
            set(used) <= {"link", "href"} and any(n in named for n in ("embed", "relid", "id", "pict"))
        ):
            raise Unusable("external-content", what)

    def end(self, _element: str) -> None:
        """An element ends. Raises Unusable for an object that ends without a picture."""
        if self._linked and self._linked[-1][0] == self._depth:
            raise Unusable("external-content", self._linked[-1][1])
        self._depth -= 1


class FrameUses:
    """What an OpenDocument file shows from elsewhere, and how many pages it has. Its methods are a parser's handlers.

    A frame shows the first of its contents that can be shown: an object's picture stands beside it.
    """

    def __init__(self) -> None:
        self.pages = 0
        self._frames: list[tuple[list[str], list[str]]] = []
        """For each open frame, objects from elsewhere, and pictures that are here."""

    def start(self, element: str, attributes: Mapping[str, str]) -> None:
        """An element begins. Raises Unusable."""
        kind = local_name(element)
        if kind == "frame":
            self._frames.append(([], []))
        self.pages += element == "draw:page"
        if kind not in _SHOWING:
            return
        for name, value in attributes.items():
            if local_name(name) != "href":
                continue
            if not _OUTSIDE.match(value):
                if self._frames and kind == "image":
                    self._frames[-1][1].append(value)
            elif self._frames and kind in _REPLACEABLE:
                self._frames[-1][0].append(value)
            else:
                raise Unusable("external-content", value[:200])

    def end(self, element: str) -> None:
        """An element ends. Raises Unusable for a frame with an object from elsewhere and no picture of it."""
        if local_name(element) == "frame" and self._frames:
            objects, pictures = self._frames.pop()
            if objects and not pictures:
                raise Unusable("external-content", objects[0][:200])
