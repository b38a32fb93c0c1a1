"""What makes the PDF of a certificate or transcript a document for archives (PDF/A-3a) and for everybody (PDF/UA-1).

Colours have a profile, the metadata say in XML what they say elsewhere, and the same as data is a file in it.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from markupsafe import escape
from reportlab.pdfbase.pdfdoc import PDFCatalog, PDFName

from learning_service.adapters.certificate_embedding import Stream, Written, compressed_stream

CREDENTIAL_FILE = "credential.json"
CREATOR = "Learning service"
_VERSION = (1, 7)
_PACKING = 6
_NOT_IN_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


@dataclass(frozen=True, slots=True)
class About:
    """What the document says of itself."""

    title: str
    author: str
    subject: str
    keywords: str
    language: str
    day: date


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a document."""

    name: str
    media_type: str
    """As a name of PDF: `/application#2Fjson`."""
    about: str
    content: str


def credential_file(credential: str) -> Attachment:
    """A certificate's credential, as its PDF carries it."""
    about = "The same as an Open Badges 3.0 credential"
    return Attachment(CREDENTIAL_FILE, "/application#2Fvc+ld+json", about, credential)


class Catalog(PDFCatalog):  # type: ignore[misc]
    """The root of a document, with the entries that reportlab does not know."""

    __NoDefault__ = [*PDFCatalog.__NoDefault__, "AF", "OutputIntents"]
    __Refs__ = ("Pages", "Outlines", "Metadata", "StructTreeRoot")


def root_of(document: Any) -> Catalog:
    """Give the document a root of this kind, before anything is put into it."""
    old = document.Catalog
    root = Catalog()
    root.Pages, root.Lang, root.Outlines = old.Pages, old.Lang, old.Outlines
    document.Catalog = document._catalog = root
    document._pdfVersion = _VERSION
    profile = document.Reference(compressed_stream(_profile(), "/N 3"), "profile")
    root.OutputIntents = Written(
        "[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)/DestOutputProfile ",
        profile, ">>]",
    )  # fmt: skip
    return root


@cache
def _profile() -> bytes:
    """Of sRGB, as a file: a fresh one would have the time in it."""
    file = resources.files("learning_service") / "assets" / "color" / "srgb.icc"
    return zlib.compress(file.read_bytes(), 9)


def describe(document: Any, root: Catalog, about: About) -> None:
    """Say of the document what it is, to old programs and as XML (XMP)."""
    info, seconds = document.info, f"{about.day:%Y%m%d}000000+00'00'"
    info.title, info.author, info.subject, info.keywords = (
        about.title, about.author, about.subject, about.keywords
    )  # fmt: skip
    info.creator = CREATOR
    # reportlab would write, and hash, the year 2000 or the SOURCE_DATE_EPOCH of the process.
    info._dateFormatter = lambda *_: f"D:{seconds}"
    values = (about.title, about.author, about.subject, about.language, about.keywords, info.producer)
    title, author, subject, language, keywords, producer = map(_in_xml, values)
    when = f"{about.day:%Y-%m-%d}T00:00:00+00:00"
    said = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{_HEAD}
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<pdf:Keywords>{keywords}</pdf:Keywords><pdf:Producer>{producer}</pdf:Producer>
<xmp:CreatorTool>{CREATOR}</xmp:CreatorTool><xmp:CreateDate>{when}</xmp:CreateDate><xmp:ModifyDate>{when}</xmp:ModifyDate>
{_TAIL}<?xpacket end="w"?>"""
    root.Metadata = Stream(said.encode(), "/Type/Metadata/Subtype/XML")


def _in_xml(text: str) -> str:
    return str(escape(_NOT_IN_XML.sub("", text)))


_HEAD = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">"""
_TAIL = """<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category><pdfaProperty:description>Part</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def attach(document: Any, root: Catalog, file: Attachment, day: date) -> None:
    """Put a file into the document that says what its pages say."""
    content = file.content.encode()
    kept = compressed_stream(
        zlib.compress(content, 9),
        f"/Type/EmbeddedFile/Subtype{file.media_type}/Params<</Size {len(content)}/ModDate(D:{day:%Y%m%d}000000Z)>>",
    )
    stored = document.Reference(kept, "attachment")
    specification = document.Reference(
        Written(
            f"<</Type/Filespec/F({file.name})/UF({file.name})/Desc({file.about})"
            "/AFRelationship/Alternative/EF<</F ", stored, "/UF ", stored, ">>>>",
        ),
        "attachment:file",
    )  # fmt: skip
    root.AF = Written("[", specification, "]")
    root.Names = Written(f"<</EmbeddedFiles<</Names[({file.name}) ", specification, "]>>>>")


def finish_pages(document: Any, keys: Sequence[int]) -> None:
    """Let each page be read in the order of its structure, and end its stream as archives ask for it."""
    for number, key in enumerate(keys, start=1):
        page = document.idToObject[f"Page{number}"]
        page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]
        page.StructParents, page.Tabs = key, PDFName("S")
        page.Contents = compressed_stream(zlib.compress(page.stream.encode("ascii"), _PACKING))
