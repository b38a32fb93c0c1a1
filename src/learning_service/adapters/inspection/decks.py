"""Looks whether a file is a presentation that may be converted; run as a process of its own.

A deck that shows content from elsewhere, of which it has no copy, is refused: nothing would be fetched for it, so the
result would lack it. See `external_content`.
"""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from learning_service.adapters.inspection.compound_files import MAGIC, CompoundFile
from learning_service.adapters.inspection.external_content import FrameUses, PartUses, outside_relations
from learning_service.adapters.inspection.findings import Unusable, answer
from learning_service.adapters.inspection.old_decks import check_ppt
from learning_service.adapters.inspection.packages import open_package
from learning_service.adapters.inspection.xml_parts import local_name, read_part

_PRESENTATION = re.compile(
    r"application/vnd\.(openxmlformats-officedocument\.presentationml|ms-powerpoint)"
    r"\.(presentation|slideshow|template|presentation\.macroEnabled|slideshow\.macroEnabled"
    r"|template\.macroEnabled)(\.main)?\+xml",
    re.IGNORECASE,
)
_UNSHOWN = re.compile(r"notes|handout|comment|custom", re.IGNORECASE)
"""Kinds of parts that no page of the PDF shows."""
_ODF_PRESENTATION = re.compile(rb"application/vnd\.oasis\.opendocument\.presentation(-template)?")


def look(path: Path) -> Mapping[str, object]:
    """`kind`: ppt, pptx or odp. Raises Unusable."""
    with path.open("rb") as file:
        start = file.read(8)
        if start == MAGIC:
            check_ppt(CompoundFile(path))
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


def _check_pptx(package: zipfile.ZipFile) -> None:
    kinds: dict[str, str] = {}

    def note_type(_element: str, attributes: Mapping[str, str]) -> None:
        part = attributes.get("PartName") or attributes.get("Extension", "")
        kinds[part.lower()] = attributes.get("ContentType", "")

    read_part(package, "[Content_Types].xml", note_type)
    presentations = [part for part, kind in kinds.items() if _PRESENTATION.fullmatch(kind)]
    if not presentations:
        raise Unusable("not-a-deck")
    names = {f"/{name.lower()}": name for name in package.namelist()}
    _check_slides(package, kinds, names, presentations)
    for name in package.namelist():
        if name.endswith(".rels"):
            if outside := outside_relations(package, name):
                _check_uses(package, name, outside, kinds, names)
        elif name.endswith((".xml", ".vml")):
            read_part(package, name, None)


def _check_slides(
    package: zipfile.ZipFile, kinds: Mapping[str, str], names: Mapping[str, str], presentations: list[str]
) -> None:
    listed = 0

    def count(element: str, _attributes: Mapping[str, str]) -> None:
        nonlocal listed
        listed += local_name(element) == "sldId"

    for part in presentations:
        if part in names:
            read_part(package, names[part], count)
    # Of a presentation without slides LibreOffice makes empty pages, and says that all is well.
    if not listed:
        raise Unusable("no-slides")
    slides = {part for part, kind in kinds.items() if kind.endswith(".slide+xml")}
    if slides and not slides & names.keys():
        raise Unusable("damaged", "its slides are missing")


def _check_uses(
    package: zipfile.ZipFile,
    relations: str,
    outside: Mapping[str, str],
    kinds: Mapping[str, str],
    names: Mapping[str, str],
) -> None:
    folder, _, file = relations.rpartition("/")
    owner = f"/{folder.removesuffix('_rels')}{file.removesuffix('.rels')}".lower()
    if owner in names and not _UNSHOWN.search(kinds.get(owner, "")):
        uses = PartUses(outside)
        read_part(package, names[owner], uses.start, uses.end)


def _check_odp(package: zipfile.ZipFile) -> None:
    with package.open("mimetype") as file:
        if not _ODF_PRESENTATION.fullmatch(file.read(100).strip()):
            raise Unusable("not-a-deck")
    names = package.namelist()
    # First of all: what is encrypted reads as damaged.
    if "META-INF/manifest.xml" in names:
        read_part(package, "META-INF/manifest.xml", _refuse_encryption)
    if "encrypted-package" in names:
        raise Unusable("password-protected")
    if "content.xml" not in names:
        raise Unusable("damaged")
    for name in names:
        if name.endswith(("content.xml", "styles.xml")):
            uses = FrameUses()
            read_part(package, name, uses.start, uses.end)
            if name == "content.xml" and not uses.pages:
                raise Unusable("no-slides")
        elif name.endswith(".xml"):
            read_part(package, name, None)


def _refuse_encryption(element: str, _attributes: Mapping[str, str]) -> None:
    if local_name(element) == "encryption-data":
        raise Unusable("password-protected")


if __name__ == "__main__":
    answer(look)
