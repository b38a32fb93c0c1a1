"""The XML in a package, read without ever following what it declares."""

import zipfile
from collections.abc import Callable, Mapping
from xml.parsers import expat

from learning_service.adapters.inspection.findings import Unusable

OnStart = Callable[[str, Mapping[str, str]], None]
_PIECE = 64 * 1024


class _SeenEnough(Exception):
    """The beginning of a part was all that mattered."""


def read_part(
    package: zipfile.ZipFile, name: str, on_start: OnStart | None, on_end: Callable[[str], None] | None = None
) -> None:
    """Read a part, all of it if `on_start` wants its elements, else up to the first one.

    Raises Unusable for a document type with declarations of its own: that is how entities come in.
    """
    parser = expat.ParserCreate()

    def on_doctype(_name: str, system_id: str | None, _public_id: str | None, has_declarations: int) -> None:
        # Old OpenDocument files name the type of their manifest; that declares nothing.
        if has_declarations or (system_id is not None and "/" in system_id):
            raise Unusable("entities")

    def started(element: str, attributes: dict[str, str]) -> None:
        if on_start is None:
            raise _SeenEnough
        on_start(element, attributes)

    parser.StartDoctypeDeclHandler = on_doctype
    parser.StartElementHandler = started
    if on_end is not None:
        parser.EndElementHandler = on_end
    try:
        with package.open(name) as part:
            while piece := part.read(_PIECE):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
    except _SeenEnough:
        return
    except (expat.ExpatError, zipfile.BadZipFile, EOFError, OSError) as error:
        if on_start is None:
            return  # Not one of those that decide; the converter will cope with it, or not.
        raise Unusable("damaged") from error


def local_name(name: str) -> str:
    """The name without its prefix."""
    return name.rpartition(":")[2]
