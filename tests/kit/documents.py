"""Small files of every kind, made here: presentations, PDFs, pictures."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Mapping

from PIL import Image
from pypdf import PdfWriter

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_PRESENTATION = "application/vnd.openxmlformats-officedocument.presentationml"
_SPACES = f'xmlns:a="{_DRAWING}" xmlns:r="{_OFFICE}" xmlns:p="{_MAIN}"'
_TREE_HEAD = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
_MAP = (
    '<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3"'
    ' accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/>'
)
ODP_TYPE = b"application/vnd.oasis.opendocument.presentation"


def relations(*entries: tuple[str, str, str], external: tuple[str, ...] = ()) -> str:
    """A part of relationships: id, kind, target; ids in `external` point outside."""
    rows = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"'
        + (' TargetMode="External"/>' if name in external else "/>")
        for name, kind, target in entries
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}">{rows}</Relationships>'


def _shape(number: int, text: str) -> str:
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="t{number}"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr>'
        '<a:xfrm><a:off x="914400" y="914400"/><a:ext cx="7000000" cy="1500000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:rPr sz='4400'/><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def _picture(relation: str, attribute: str) -> str:
    return (
        '<p:pic><p:nvPicPr><p:cNvPr id="9" name="pic"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr>'
        f'<p:blipFill><a:blip {attribute}="{relation}"/><a:stretch><a:fillRect/></a:stretch></p:blipFill>'
        '<p:spPr><a:xfrm><a:off x="914400" y="3000000"/><a:ext cx="2000000" cy="2000000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr></p:pic>'
    )


def linked_object(picture: str = "", spid: str = "") -> str:
    """A shape that shows an object linked by `rIdX`, with a picture of it or without."""
    return (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="8" name="o"/><p:cNvGraphicFramePr/><p:nvPr/>'
        '</p:nvGraphicFramePr><p:xfrm><a:off x="0" y="0"/><a:ext cx="9" cy="9"/></p:xfrm><a:graphic>'
        '<a:graphicData uri="http://schemas.openxmlformats.org/presentationml/2006/ole">'
        f'<p:oleObj r:id="rIdX" progId="Excel.Sheet.8"{spid}><p:link/>{picture}</p:oleObj>'
        "</a:graphicData></a:graphic></p:graphicFrame>"
    )


def pptx_parts(
    slides: int = 1,
    *,
    text: str = "Two ways out of every room",
    relation: tuple[str, str, str] | None = None,
    show: str = "",
    extra: str = "",
    external: bool = False,
    hidden: frozenset[int] = frozenset(),
) -> dict[str, bytes | str]:
    """The parts of a presentation that PowerPoint opens too.

    `relation` is one more relationship of the first slide, `external` or not; `show` puts a picture there that uses
    it, by the attribute so named (`r:embed` or `r:link`), `extra` any other shape. Slides may be `hidden`.
    """
    numbers = range(1, slides + 1)
    overrides = "".join(
        f'<Override PartName="/{part}" ContentType="{_PRESENTATION}.{kind}+xml"/>'
        for part, kind in (
            ("ppt/presentation.xml", "presentation.main"),
            ("ppt/slideMasters/slideMaster1.xml", "slideMaster"),
            ("ppt/slideLayouts/slideLayout1.xml", "slideLayout"),
            *((f"ppt/slides/slide{n}.xml", "slide") for n in numbers),
        )
    )
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n + 1}"/>' for n in numbers)
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": f'<?xml version="1.0"?><Types xmlns="{_TYPES}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": relations(("rId1", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f'<?xml version="1.0"?><p:presentation {_SPACES}>'
        '<p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst>'
        f'<p:sldIdLst>{ids}</p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/>'
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            ("rId1", "slideMaster", "slideMasters/slideMaster1.xml"),
            *((f"rId{n + 1}", "slide", f"slides/slide{n}.xml") for n in numbers),
        ),
        "ppt/slideMasters/slideMaster1.xml": f'<?xml version="1.0"?><p:sldMaster {_SPACES}><p:cSld><p:spTree>'
        f"{_TREE_HEAD}</p:spTree></p:cSld>{_MAP}"
        '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst></p:sldMaster>',
        "ppt/slideMasters/_rels/slideMaster1.xml.rels": relations(
            ("rId1", "slideLayout", "../slideLayouts/slideLayout1.xml")
        ),
        "ppt/slideLayouts/slideLayout1.xml": f'<?xml version="1.0"?><p:sldLayout {_SPACES}><p:cSld><p:spTree>'
        f"{_TREE_HEAD}</p:spTree></p:cSld></p:sldLayout>",
        "ppt/slideLayouts/_rels/slideLayout1.xml.rels": relations(
            ("rId1", "slideMaster", "../slideMasters/slideMaster1.xml")
        ),
    }
    for n in numbers:
        first = n == 1
        picture = _picture("rIdX", show) if show and first else ""
        parts[f"ppt/slides/slide{n}.xml"] = (
            f'<?xml version="1.0"?><p:sld {_SPACES}{" show=" + chr(34) + "0" + chr(34) if n in hidden else ""}>'
            f"<p:cSld><p:spTree>{_TREE_HEAD}{_shape(2, f'{text} {n}')}{picture}{extra if first else ''}"
            "</p:spTree></p:cSld></p:sld>"
        )
        more = (("rIdX", relation[1], relation[2]),) if relation and first else ()
        parts[f"ppt/slides/_rels/slide{n}.xml.rels"] = relations(
            ("rId1", "slideLayout", "../slideLayouts/slideLayout1.xml"),
            *more,
            external=("rIdX",) if external else (),
        )
    return parts


def packed(parts: Mapping[str, bytes | str], *, stored: frozenset[str] = frozenset()) -> bytes:
    """The parts as a ZIP archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            kind = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 22, 9, 0, 0)), content, kind)
    return made.getvalue()


def pptx(slides: int = 1, **options: object) -> bytes:
    """A whole presentation; options as `pptx_parts`."""
    return packed(pptx_parts(slides, **options))  # type: ignore[arg-type]


def odp(body: str = "", *, text: str = "Out", manifest: str = "") -> bytes:
    """An OpenDocument presentation of one page, with `body` put on it."""
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
        ' xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'
        ' xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2"'
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:presentation>'
        '<draw:page draw:name="p1"><draw:frame svg:x="1cm" svg:y="1cm" svg:width="10cm" svg:height="3cm">'
        f"<draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>{body}</draw:page>"
        "</office:presentation></office:body></office:document-content>"
    )
    space = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
    listed = (
        f'<?xml version="1.0"?><manifest:manifest {space} manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODP_TYPE.decode()}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">'
        f"{manifest}</manifest:file-entry></manifest:manifest>"
    )
    parts: dict[str, bytes | str] = {
        "mimetype": ODP_TYPE,
        "content.xml": content,
        "META-INF/manifest.xml": listed,
    }
    return packed(parts, stored=frozenset({"mimetype"}))


def pdf(pages: int = 1, *, password: str | None = None, padding: int = 0) -> bytes:
    """A PDF of empty pages, with an attachment of `padding` bytes that cannot be packed."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(400, 300)
    if padding:
        writer.add_attachment("padding.bin", random.Random(padding).randbytes(padding))
    if password:
        writer.encrypt(password, algorithm="AES-256")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def picture(width: int = 40, height: int = 30, kind: str = "PNG", color: str = "#336699") -> bytes:
    """A picture of one colour."""
    made = io.BytesIO()
    Image.new("RGB", (width, height), color).save(made, kind)
    return made.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and is small itself."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )
