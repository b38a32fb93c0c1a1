"""What makes the PDF of a certificate a document for archives: the credential that it carries as a file."""

import zlib
from datetime import date
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFCatalog

from learning_service.adapters.certificate_embedding import Written, compressed_stream

CREDENTIAL_FILE = "credential.json"
_MEDIA_TYPE = "/application#2Fvc+ld+json"
_ABOUT = "The same as an Open Badges 3.0 credential"
_VERSION = (1, 7)


class Catalog(PDFCatalog):  # type: ignore[misc]
    """The root of a document, with the entries that reportlab does not know."""

    __NoDefault__ = [*PDFCatalog.__NoDefault__, "AF"]


def root_of(document: Any) -> Catalog:
    """Give the document a root of this kind, before anything is put into it."""
    old = document.Catalog
    root = Catalog()
    root.Pages, root.Lang, root.Outlines = old.Pages, old.Lang, old.Outlines
    document.Catalog = document._catalog = root
    document._pdfVersion = _VERSION
    return root


def attach_credential(document: Any, root: Catalog, credential: str, day: date) -> None:
    """Put the credential into the document as a file that says what the page says."""
    content = credential.encode()
    about = Written(f"<</Size {len(content)}/ModDate(D:{day:%Y%m%d}000000Z)>>")
    kept = compressed_stream(
        zlib.compress(content, 9),
        {"Type": Written("/EmbeddedFile"), "Subtype": Written(_MEDIA_TYPE), "Params": about},
    )
    file = document.Reference(kept, "credential")
    specification = document.Reference(
        Written(
            f"<</Type/Filespec/F({CREDENTIAL_FILE})/UF({CREDENTIAL_FILE})/Desc({_ABOUT})"
            "/AFRelationship/Alternative/EF<</F ", file, "/UF ", file, ">>>>",
        ),
        "credential:file",
    )  # fmt: skip
    root.AF = Written("[", specification, "]")
    root.Names = Written(f"<</EmbeddedFiles<</Names[({CREDENTIAL_FILE}) ", specification, "]>>>>")
