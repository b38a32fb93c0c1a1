"""What a file is by its first bytes, what it is called, and where documents are shown."""

import json
import pickle
import uuid

import pytest

from learning_service.domain.courses.rules.documents import shown_documents
from learning_service.domain.courses.rules.tree import parse_tree
from learning_service.domain.documents import rules

ID = uuid.UUID("01a20371-504b-77c7-91f6-b56ddf5371fa")
OTHER = uuid.UUID("01a20371-5388-7c1e-9d1b-1c2d3e4f5a6b")
REFERENCE = f"document:{ID}"


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"%PDF-1.7", rules.PDF),
        (b"\x89PNG\r\n\x1a\n..", rules.PNG),
        (b"\xff\xd8\xff\xe0", rules.JPEG),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", rules.PPT),
        (b"PK\x03\x04" + b"0" * 26 + b"ppt/", rules.PPTX),
        (b"PK\x03\x04" + b"0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.presentation", rules.ODP),
        (b"PK\x03\x04" + b"0" * 27 + b"mimetypeapplication/vnd.oasis.opendocument.presentation", rules.PPTX),
    ],
)
def test_the_type_is_what_the_first_bytes_say(head: bytes, media_type: str) -> None:
    assert rules.media_type_of(head) == media_type


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "is empty"),
        (b" %PDF-1.7", "is of another type; PDF, PNG"),
        (b"GIF89a", "is of another type; PDF, PNG"),
        (b"<?xml?><SVG xmlns=", "is an SVG picture, which may hold programs; PDF, PNG"),
        (b" " * 4090 + b"<svg", "is an SVG"),
        (b" " * 4093 + b"<svg", "is of another type"),
    ],
)
def test_what_is_not_taken_says_what_is(head: bytes, said: str) -> None:
    with pytest.raises(rules.UnusableDocument) as refusal:
        rules.media_type_of(head)
    [fault] = refusal.value.faults
    assert (refusal.value.code, fault.pointer) == ("unusable-document", "/file")
    assert fault.detail.startswith(said)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        ("", None),
        ("..", None),
        ("slides.pptx", "slides.pptx"),
        ("C:\\docs\\slides.pptx", "slides.pptx"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nb\t c.pdf", "a b c.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("a\x07b\u200bc.pdf", "a b c.pdf"),
        ("Xmas.pdf.", "Xmas.pdf"),
        ("e\u0301.pdf", "é.pdf"),
        (" .hidden. ", "hidden"),
        ("x" * 200, "x" * 200),
        ("x" * 300, "x" * 200),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("a.b" + "x" * 300 + ".pdf", "a.b" + "x" * 193 + ".pdf"),
        ("x" * 195 + " .pdf", "x" * 195 + " .pdf"),
        ("x" * 300 + ".12345678", "x" * 191 + ".12345678"),
        ("x" * 300 + ".123456789", "x" * 200),
        ("x" * 195 + " yyyyy.pdf", "x" * 195 + ".pdf"),
    ],
)
def test_a_name_is_one_line_without_its_path(given: str | None, kept: str | None) -> None:
    assert rules.clean_name(given) == kept


@pytest.mark.parametrize(
    ("name", "shown", "download"),
    [
        ("slides.pptx", rules.PDF, "slides.pdf"),
        ("slides.PPTM", rules.PDF, "slides.pdf"),
        ("slides.potx", rules.PDF, "slides.pdf"),
        ("slides.ppsx", rules.PDF, "slides.pdf"),
        ("slides.pps", rules.PDF, "slides.pdf"),
        ("slides.pot", rules.PDF, "slides.pdf"),
        ("1. my.slides.pptx", rules.PDF, "1. my.slides.pdf"),
        ("photo.jpeg", rules.JPEG, "photo.jpg"),
        ("my.notes", rules.PDF, "my.notes.pdf"),
        ("plain", rules.PNG, "plain.png"),
        (".pdf", rules.PDF, ".pdf.pdf"),
        (None, rules.PDF, "document.pdf"),
        ("", rules.PDF, "document.pdf"),
    ],
)
def test_a_download_ends_as_what_it_is(name: str | None, shown: str, download: str) -> None:
    assert rules.download_name(name, shown) == download


def test_a_refusal_has_its_sentence_and_what_exactly() -> None:
    assert rules.Refused("damaged").reason == rules.REASONS["damaged"]
    assert rules.Refused("damaged", "page 3").reason == rules.REASONS["damaged"] + " (page 3)"
    assert rules.Refused("damaged").code == "damaged"
    assert rules.Refused("damaged").detail == ""
    carried = pickle.loads(pickle.dumps(rules.Refused("damaged", "page 3")))
    assert (carried.code, carried.detail) == ("damaged", "page 3"), "from process to process"
    assert str(carried) == "('damaged', 'page 3')"


def test_references() -> None:
    assert rules.reference_to(ID) == REFERENCE
    assert rules.referenced_id(REFERENCE) == ID
    for other in (None, "", str(ID), REFERENCE + "x", "x" + REFERENCE):
        assert rules.referenced_id(other) is None
    assert rules.shown_url(REFERENCE) == f"/api/documents/{ID}/file/"
    assert rules.shown_url("https://a.example/") == "https://a.example/"
    assert rules.shown_url(None) is None


def test_pictures_in_rich_text() -> None:
    html = f'<p>{REFERENCE}</p><img alt="a" src="document:{OTHER}"><img src="{REFERENCE}"><img src="https://x.y/">'
    assert rules.referenced_ids_in_html(html) == {ID, OTHER}
    shown = rules.shown_html(html)
    assert f'<img alt="a" src="/api/documents/{OTHER}/file/">' in shown
    assert f'<img src="/api/documents/{ID}/file/">' in shown
    assert f"<p>{REFERENCE}</p>" in shown, "words are words"
    for plain in ("", "<p>x</p>", f"<p>{REFERENCE}</p>"):
        assert rules.referenced_ids_in_html(plain) == frozenset()
        assert rules.shown_html(plain) == plain


def test_every_place_of_a_tree_that_shows_a_document() -> None:
    lesson = {
        "kind": "lesson",
        "title": "L",
        "body_html": f'<img src="{REFERENCE}"><img src="document:{OTHER}">',
        "document_url": REFERENCE,
        "image_url": f"document:{OTHER}",
        "video_url": "https://v.example/1",
    }
    final = {"title": "F", "questions": [{"type": "free_form", "rubric_html": f'<img src="{REFERENCE}">'}]}
    tree = parse_tree(
        json.dumps({"title": "T", "modules": [{"title": "M", "items": [lesson]}], "assessment": final})
    )
    item = "/modules/0/items/0"
    assert {(one.document_id, one.pointer, one.as_picture) for one in shown_documents(tree)} == {
        (ID, f"{item}/body_html", True),
        (OTHER, f"{item}/body_html", True),
        (ID, f"{item}/document_url", False),
        (OTHER, f"{item}/image_url", True),
        (ID, "/assessment/questions/0/rubric_html", True),
    }
    assert [one.document_id for one in shown_documents(tree)][:2] == sorted([ID, OTHER])
