"""Looks whether a file is a presentation that may be converted; run as a process of its own.

What shows content from elsewhere is refused: nothing would be fetched for it, so the result would lack it. Ordinary
links are harmless, as are linked sounds and films: a PDF shows neither.
"""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.parsers import expat

from learning_service.adapters.inspection.compound_files import MAGIC, CompoundFile
from learning_service.adapters.inspection.findings import Unusable, answer
from learning_service.adapters.inspection.packages import open_package

_HARMLESS_RELATIONS = frozenset({"hyperlink", "video", "audio", "media"})
_PRESENTATION = re.compile(
    r"application/vnd\.(openxmlformats-officedocument\.presentationml|ms-powerpoint)"
    r"\.(presentation|slideshow|template|presentation\.macroEnabled|slideshow\.macroEnabled"
    r"|template\.macroEnabled)(\.main)?\+xml",
    re.IGNORECASE,
)
_ODF_PRESENTATION = re.compile(rb"application/vnd\.oasis\.opendocument\.presentation(-template)?")
_SHOWING = frozenset(
    {"image", "object", "object-ole", "floating-frame", "applet", "fill-image", "background-image"}
)
_OUTSIDE = re.compile(r"\A\s*(?:[a-z][a-z0-9+.-]*:|//|\\\\|/|\.\./\.\./)", re.IGNORECASE)
_ENCRYPTED_PPT = 0xF3D1C4DF
_PIECE = 64 * 1024


def look(path: Path) -> Mapping[str, object]:
    """`kind`: ppt, pptx or odp. Raises Unusable."""
    with path.open("rb") as file:
        start = file.read(8)
        if start == MAGIC:
            _check_ppt(CompoundFile(path))
            return {"kind": "ppt"}
        with open_package(file) as package:
            names = set(package.namelist())
            if "[Content_Types].xml" in names:
                _check_pptx(package)
                return {"kind": "pptx"}
            if "mimetype" in names:
                _check_odp(package)
                return {"kind": "odp"}
    raise Unusable("not-a-deck")


def _check_ppt(compound: CompoundFile) -> None:
    streams = compound.streams
    if "EncryptedPackage" in streams or "EncryptedSummary" in streams:
        raise Unusable("password-protected")
    if "PowerPoint Document" not in streams and "PP40" not in streams:
        raise Unusable("not-a-deck")
    if "Current User" in streams:
        header = compound.start_of("Current User", 16)
        if int.from_bytes(header[12:16], "little") == _ENCRYPTED_PPT:
            raise Unusable("password-protected")


def _check_pptx(package: zipfile.ZipFile) -> None:
    kinds: dict[str, str] = {}

    def note_type(_element: str, attributes: Mapping[str, str]) -> None:
        part = attributes.get("PartName") or attributes.get("Extension", "")
        kinds[part.lower()] = attributes.get("ContentType", "")

    _read_xml(package, "[Content_Types].xml", note_type)
    if not any(_PRESENTATION.fullmatch(kind) for kind in kinds.values()):
        raise Unusable("not-a-deck")
    # Of a presentation whose slides are gone LibreOffice makes empty pages, and says that all is well.
    slides = {part for part, kind in kinds.items() if kind.endswith(".slide+xml")}
    if slides and not slides & {f"/{name.lower()}" for name in package.namelist()}:
        raise Unusable("damaged", "its slides are missing")
    for name in package.namelist():
        if name.endswith(".rels"):
            _read_xml(package, name, _refuse_external_relation)
        elif name.endswith((".xml", ".vml")):
            _read_xml(package, name, None)


def _refuse_external_relation(element: str, attributes: Mapping[str, str]) -> None:
    if element.rpartition(":")[2] != "Relationship" or attributes.get("TargetMode") != "External":
        return
    relation = attributes.get("Type", "").rpartition("/")[2]
    if relation not in _HARMLESS_RELATIONS:
        raise Unusable("external-content", f"{relation[:40]}: {attributes.get('Target', '')[:200]}")


def _check_odp(package: zipfile.ZipFile) -> None:
    with package.open("mimetype") as file:
        if not _ODF_PRESENTATION.fullmatch(file.read(100).strip()):
            raise Unusable("not-a-deck")
    names = package.namelist()
    if "content.xml" not in names:
        raise Unusable("damaged")
    for name in names:
        if name == "META-INF/manifest.xml":
            _read_xml(package, name, _refuse_encryption)
        elif name.endswith(("content.xml", "styles.xml")):
            _read_xml(package, name, _refuse_external_showing)
        elif name.endswith(".xml"):
            _read_xml(package, name, None)


def _refuse_encryption(element: str, _attributes: Mapping[str, str]) -> None:
    if element.rpartition(":")[2] == "encryption-data":
        raise Unusable("password-protected")


def _refuse_external_showing(element: str, attributes: Mapping[str, str]) -> None:
    if element.rpartition(":")[2] not in _SHOWING:
        return
    for name, value in attributes.items():
        if name.rpartition(":")[2] == "href" and _OUTSIDE.match(value):
            raise Unusable("external-content", value[:200])


class _SeenEnough(Exception):
    """The beginning of a part was all that mattered."""


def _read_xml(package: zipfile.ZipFile, name: str, on_element: Any) -> None:
    """Read a part, all of it if `on_element` wants its elements, else up to the first one.

    Raises Unusable for a document type with declarations of its own: that is how entities come in.
    """
    parser = expat.ParserCreate()

    def on_doctype(_name: str, system_id: str | None, _public_id: str | None, has_declarations: int) -> None:
        # Old OpenDocument files name the type of their manifest; that declares nothing.
        if has_declarations or (system_id is not None and "/" in system_id):
            raise Unusable("entities")

    def on_start(element: str, attributes: dict[str, str]) -> None:
        if on_element is None:
            raise _SeenEnough
        on_element(element, attributes)

    parser.StartDoctypeDeclHandler = on_doctype
    parser.StartElementHandler = on_start
    try:
        with package.open(name) as part:
            while piece := part.read(_PIECE):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
    except _SeenEnough:
        return
    except (expat.ExpatError, zipfile.BadZipFile, EOFError, OSError) as error:
        if on_element is None:
            return  # Not one of those that decide; the converter will cope with it, or not.
        raise Unusable("damaged") from error


if __name__ == "__main__":
    answer(look)
