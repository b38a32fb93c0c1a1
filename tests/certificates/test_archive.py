"""Certificates as documents for archives and for everybody: PDF/A-3a and PDF/UA-1, signed or not."""

import io
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from tests.kit.archives import PROFILES, SCRIPTS, judged_by_verapdf
from tests.kit.printed import PLAIN

from learning_service.adapters.certificate_content import CertificateContent
from learning_service.adapters.certificate_pdf import render_certificate
from learning_service.adapters.credentials import make_key
from learning_service.adapters.pdf_signature import Signing, sign_pdf

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}


def _picture(mode: str, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, (120, 20, 20, 128)[: len(mode)]).save(file, "PNG")
    return file.getvalue()


def _logo() -> bytes:
    return _picture("RGBA", (200, 60))


FULL = replace(
    PLAIN,
    expires_on=date(2027, 11, 22),
    reissued_on=date(2026, 12, 1),
    signatory_name="Jane Doe",
    signatory_title="Director",
    signature_image=_picture("RGB", (300, 90)),
    seal=_picture("RGBA", (200, 200)),
    credential='{"id":"urn:uuid:7"}',
)
TWO = replace(
    FULL,
    second_signatory_name="John Roe",
    second_signatory_title="Chair",
    second_signature_image=_picture("RGBA", (200, 90)),
)


def _read(content: CertificateContent) -> Any:
    return pypdf.PdfReader(io.BytesIO(render_certificate(content)), strict=True)


def _tree(node: Any) -> Iterator[tuple[int, str, str | None]]:
    """The elements below, as a reader walks them: how deep, of what kind, what is said in their place."""
    found = node["/K"]
    for kid in found if isinstance(found, list) else [found]:
        one = kid.get_object()
        if isinstance(one, dict) and one.get("/Type") == "/StructElem":
            yield 0, one["/S"], one.get("/Alt")
            yield from ((deep + 1, kind, said) for deep, kind, said in _tree(one))


def test_a_screen_reader_finds_heading_texts_links_and_figure() -> None:
    root = _read(FULL).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    [document] = root["/StructTreeRoot"]["/K"]
    assert document.get_object()["/S"] == "/Document"
    said = "Verify this certificate"
    text = (0, "/P", None)
    assert list(_tree(document.get_object())) == [
        text, (0, "/H1", None), *[text] * 4,  # issuer, heading, who has done what
        (0, "/Figure", "Signature: Jane Doe"), *[text] * 2,  # signatory
        (0, "/Figure", f"Seal: {FULL.issuer_name}"),
        *[text] * 5,  # dates
        (0, "/Link", None), (1, "/Figure", said), *[text] * 2,  # code
        (0, "/Link", None), (1, "/P", None),  # address
    ]  # fmt: skip


def test_who_signs_is_read_from_the_left_and_each_picture_says_whose_it_is() -> None:
    [document] = _read(TWO).trailer["/Root"]["/StructTreeRoot"]["/K"]
    read = list(_tree(document.get_object()))
    figures = [said for _, kind, said in read if kind == "/Figure"]
    assert figures[:3] == ["Signature: Jane Doe", "Signature: John Roe", f"Seal: {TWO.issuer_name}"]
    first = read.index((0, "/Figure", "Signature: Jane Doe"))
    assert read[first + 1 : first + 4] == [
        (0, "/P", None), (0, "/P", None), (0, "/Figure", "Signature: John Roe"),
    ]  # fmt: skip


def test_each_mark_on_the_page_has_its_element_and_each_link_too() -> None:
    reader = _read(FULL)
    page, tree = reader.pages[0], reader.trailer["/Root"]["/StructTreeRoot"]
    stream = page.get_contents().get_data()
    numbers = tree["/ParentTree"]["/Nums"]
    by_key = dict(zip(numbers[::2], numbers[1::2], strict=True))
    marks = stream.count(b"/MCID")
    assert [one.get_object()["/K"] for one in by_key[page["/StructParents"]]] == list(range(marks))
    assert page["/Tabs"] == "/S"
    for link in page["/Annots"]:
        annotation = link.get_object()
        assert annotation["/Contents"] == "Verify this certificate"
        assert annotation["/F"] == 4
        element = by_key[annotation["/StructParent"]].get_object()
        assert [kid["/Obj"].get_object() for kid in element["/K"] if "/Obj" in kid] == [annotation]
    assert tree["/ParentTreeNextKey"] == len(by_key)


def test_metadata_say_the_same_in_both_forms() -> None:
    hostile = replace(FULL, recipient_name="Zoë </rdf:li> & <x>\ufffe", locale="fr-CA", mark="revoked")
    reader = _read(hostile)
    about = reader.metadata
    described = ET.fromstring(reader.trailer["/Root"]["/Metadata"].get_data().decode()).find(
        ".//rdf:Description", NAMESPACES
    )
    assert described is not None
    said = {name: "".join(one.itertext()).strip() for name in (
        "dc:title", "dc:creator", "dc:description", "dc:language", "pdf:Keywords", "pdf:Producer", "xmp:CreatorTool",
        "xmp:CreateDate",
    ) for one in described.findall(name, NAMESPACES)}  # fmt: skip
    assert "</rdf:li> & <x>" in said["dc:title"]
    assert said["dc:title"] == about["/Title"].replace("\ufffe", "")
    assert (said["dc:creator"], said["dc:description"]) == (about["/Author"], about["/Subject"])
    assert said["dc:language"] == reader.trailer["/Root"]["/Lang"] == "fr"
    assert (said["pdf:Keywords"], said["pdf:Producer"]) == (about["/Keywords"], about["/Producer"])
    assert said["xmp:CreatorTool"] == about["/Creator"] == "Learning service"
    assert said["xmp:CreateDate"] == "2026-11-22T00:00:00+00:00"
    assert about.creation_date is not None
    assert about.creation_date.isoformat() == said["xmp:CreateDate"]


@pytest.mark.parametrize("mark", [None, "revoked"])
def test_qpdf_finds_nothing(mark: Any) -> None:
    pdf = render_certificate(replace(FULL, mark=mark, logo=_logo(), recipient_name="王小明 محمد Σ"))
    for one in (pdf, sign_pdf(pdf, Signing(make_key("pdf").secret))):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pikepdf.open(io.BytesIO(one)) as opened:
                assert opened.check_pdf_syntax() == []


def _looks() -> Iterator[CertificateContent]:
    """Ten scripts, and every way in which a certificate may look."""
    for script in SCRIPTS:
        yield replace(
            TWO, recipient_name=script, course_title=f"{script} {script}", second_signatory_name=script
        )
    yield PLAIN
    yield replace(TWO, orientation="portrait")
    yield replace(TWO, seal=None, logo=_logo(), second_signature_image=None, paper="letter", mark="revoked")
    yield replace(FULL, signature_image=None, seal=None)
    yield replace(FULL, signatory_name=None, orientation="portrait")
    yield replace(FULL, logo=_logo(), primary_color="#ffee00", locale="fr-CA", mark="superseded")
    yield replace(FULL, logo=_logo(), orientation="portrait", paper="letter", locale="es", mark="revoked")
    yield replace(PLAIN, recipient_name="A very long name of many words " * 6, orientation="portrait")


@pytest.mark.long
@pytest.mark.timeout(240)
def test_verapdf_accepts_them_in_ten_scripts_signed_and_unsigned(tmp_path: Path) -> None:
    signing, files = Signing(make_key("pdf", "learn.example.org").secret), []
    for number, content in enumerate(_looks()):
        pdf = render_certificate(content)
        for name, made in ((f"{number}", pdf), (f"{number}-signed", sign_pdf(pdf, signing))):
            files.append(tmp_path / f"{name}.pdf")
            files[-1].write_bytes(made)
    plain = io.BytesIO()
    canvas = Canvas(plain)
    canvas.drawString(90, 90, "Without tags")
    canvas.save()
    (tmp_path / "another.pdf").write_bytes(plain.getvalue())
    found = judged_by_verapdf([*files, tmp_path / "another.pdf"])
    assert all(found.pop(("another", profile)) for profile in PROFILES), (
        "it finds faults where there are some"
    )
    assert {place: faults for place, faults in found.items() if faults} == {}
