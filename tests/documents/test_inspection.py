"""What is found inside presentations and PDFs: what is refused, why, and what goes through."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject
from tests.kit import documents as files
from tests.kit.sending import seen, send
from tests.kit.world import World

from learning_service.adapters.inspection import decks, pdfs
from learning_service.adapters.inspection.findings import CLEAN, found_by
from learning_service.adapters.inspection.inspections import inspect_deck, inspect_pdf
from learning_service.domain.documents.rules import Refused

ELSEWHERE = "file:///C:/books/figures.xlsx"
CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"


async def refusal(look: Any, content: bytes, tmp_path: Path) -> str | None:
    """The word for why the file is refused; None: it is not."""
    (tmp_path / "file").write_bytes(content)
    try:
        await look(tmp_path / "file")
    except Refused as error:
        return error.code
    return None


def with_parts(more: Mapping[str, bytes | str], **options: Any) -> bytes:
    return files.packed({**files.pptx_parts(**options), **more})


def chart(kind: str, used: str = '<c:externalData r:id="rId1"/>') -> bytes:
    spaces = (
        'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
        ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    )
    return with_parts(
        {
            "ppt/charts/chart1.xml": f"<c:chartSpace {spaces}><c:chart/>{used}</c:chartSpace>",
            "ppt/charts/_rels/chart1.xml.rels": files.relations(
                ("rId1", kind, ELSEWHERE), external=("rId1",)
            ),
        },
        relation=("rIdX", "chart", "../charts/chart1.xml"),
    )


def linked(kind: str, target: str, **options: Any) -> bytes:
    return files.pptx(relation=("rIdX", kind, target), external=True, **options)


PICTURE = '<p:pic><p:blipFill><a:blip r:embed="rId1"/></p:blipFill></p:pic>'
BOTH = '<p:pic><p:blipFill><a:blip r:embed="rId1" r:link="rIdX"/></p:blipFill></p:pic>'
FRAME = '<draw:frame><draw:object xlink:href="http://x.example/a.ods"/>{}</draw:frame>'


@pytest.mark.parametrize(
    ("deck", "code"),
    [
        (chart("oleObject"), None),
        (chart("package"), None),
        (chart("image", '<a:blip r:embed="rId1"/>'), "external-content"),
        (linked("image", "NULL", show="r:embed"), None),
        (linked("image", "null", show="r:link"), None),
        (linked("image", "https://x.example/a.png"), None),
        (linked("image", "https://x.example/a.png", show="r:link"), "external-content"),
        (linked("image", "https://x.example/a.png", show="r:embed"), "external-content"),
        (linked("image", "https://x.example/a.png", extra=BOTH), None),
        (linked("oleObject", ELSEWHERE), None),
        (linked("oleObject", ELSEWHERE, extra=files.linked_object()), "external-content"),
        (linked("oleObject", ELSEWHERE, extra=files.linked_object() + PICTURE), "external-content"),
        (linked("oleObject", ELSEWHERE, extra=files.linked_object(PICTURE)), None),
        (linked("oleObject", ELSEWHERE, extra=files.linked_object(spid=' spid="_x0000_s1026"')), None),
        (linked("slideLayout", "https://x.example/a.potx"), "external-content"),
        (linked("attachedTemplate", "https://x.example/a.potx"), None),
        (linked("somethingNew", "https://x.example/a", show="r:embed"), "external-content"),
        (files.odp(FRAME.format("")), "external-content"),
        (files.odp(FRAME.format('<draw:image xlink:href="./ObjectReplacements/a"/>')), None),
        (files.odp(FRAME.format('<draw:image xlink:href="http://x.example/a.png"/>')), "external-content"),
        (files.odp('<draw:image xlink:href="http://x.example/a.png"/>'), "external-content"),
        (files.pptx(0), "no-slides"),
        (files.pptx(1, hidden=frozenset({1})), None),
    ],
)
def test_a_deck_is_refused_only_for_what_it_shows_and_does_not_have(
    deck: bytes, code: str | None, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(deck)
    assert found_by(decks.look, tmp_path / "file").get("code") == code


def odp_parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(files.odp())) as package:
        return {name: package.read(name) for name in package.namelist()}


async def test_an_encrypted_opendocument_says_so_in_whatever_order_it_was_packed(tmp_path: Path) -> None:
    parts = odp_parts()
    manifest = parts.pop(
        "META-INF/manifest.xml", b"<manifest:manifest xmlns:manifest='m'></manifest:manifest>"
    )
    encrypted = manifest.replace(b"</manifest:manifest>", b"<manifest:encryption-data/></manifest:manifest>")
    stored = frozenset({"mimetype"})
    old = {**parts, "content.xml": b"\x93\x01\xff" * 300, "META-INF/manifest.xml": encrypted}
    assert await refusal(inspect_deck, files.packed(old, stored=stored), tmp_path) == "password-protected"
    whole = {"mimetype": parts["mimetype"], "encrypted-package": b"\x00" * 100}
    assert await refusal(inspect_deck, files.packed(whole, stored=stored), tmp_path) == "password-protected"
    empty = {**parts, "content.xml": parts["content.xml"].replace(b"draw:page", b"draw:g")}
    assert await refusal(inspect_deck, files.packed(empty, stored=stored), tmp_path) == "no-slides"


def active_pdf(how: str) -> bytes:
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    name, text = NameObject, TextStringObject

    def action(kind: str, **more: Any) -> DictionaryObject:
        entries = {name(f"/{key}"): value for key, value in more.items()}
        return DictionaryObject({name("/S"): name(kind), **entries})

    if how == "script":
        script = writer._add_object(action("/JavaScript", JS=text("app.alert('boo')")))
        tree = DictionaryObject({name("/Names"): ArrayObject([text("start"), script])})
        scripts = DictionaryObject({name("/JavaScript"): writer._add_object(tree)})
        writer._root_object[name("/Names")] = writer._add_object(scripts)
    elif how == "attachment":
        writer.add_attachment("virus.exe", b"MZ" * 500)
    elif how == "opens-program":
        writer._root_object[name("/OpenAction")] = action("/Launch", F=text("cmd.exe"))
    elif how == "page-trigger":
        page[name("/AA")] = DictionaryObject({name("/O"): action("/JavaScript", JS=text("app.alert(1)"))})
    else:
        kinds = {"submits": "/SubmitForm", "imports": "/ImportData", "launches": "/Launch"}
        link = DictionaryObject(
            {
                name("/Type"): name("/Annot"), name("/Subtype"): name("/Link"),
                name("/A"): writer._add_object(action(kinds[how], F=text("http://x.example/"))),
            }
        )  # fmt: skip
        page[name("/Annots")] = ArrayObject([writer._add_object(link)])
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


HOW = ["script", "attachment", "opens-program", "page-trigger", "submits", "imports", "launches"]
WORDS = (
    b"/JavaScript",
    b"/JS",
    b"/Launch",
    b"/SubmitForm",
    b"/ImportData",
    b"/EmbeddedFile",
    b"virus",
    b"MZMZ",
    b"/AA",
)


@pytest.mark.parametrize("how", HOW)
def test_what_a_pdf_would_do_by_itself_is_taken_out(how: str, tmp_path: Path) -> None:
    content = active_pdf(how)
    assert any(word in content for word in WORDS)
    (tmp_path / "file").write_bytes(content)
    assert found_by(pdfs.look, tmp_path / "file") == {"pages": 1, "clean": True}
    shown = tmp_path / CLEAN
    clean = shown.read_bytes()
    assert not [word for word in WORDS if word in clean]
    assert PdfReader(io.BytesIO(clean)).attachments == {}
    assert found_by(pdfs.look, shown) == {"pages": 1}
    assert shown.read_bytes() == clean


@pytest.mark.parametrize("how", ["taken out", "written over"])
async def test_an_earlier_state_of_a_pdf_does_nothing_either(how: str, tmp_path: Path) -> None:
    """A script that a later revision has no more is still in the file, for a reader that rebuilds it."""
    writer = PdfWriter(io.BytesIO(active_pdf("script")), incremental=True)
    if how == "written over":
        names: Any = writer._root_object["/Names"]
        scripts = names["/JavaScript"]
        scripts["/Names"][1].get_object().clear()
        names.clear()
    del writer._root_object["/Names"]
    later = io.BytesIO()
    writer.write(later)
    (tmp_path / "file").write_bytes(later.getvalue())
    assert b"/JavaScript" in later.getvalue()
    _, shown = await inspect_pdf(tmp_path / "file")
    assert b"/JavaScript" not in shown.read_bytes()


async def test_a_pdf_that_does_nothing_stays_as_it_came(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(files.pdf(3)))
    writer.add_outline_item(title="To the second", page_number=1)
    writer.add_metadata({"/Title": "A plan (/JavaScript is mentioned in words)"})
    made = io.BytesIO()
    writer.write(made)
    (tmp_path / "file").write_bytes(files.pdf(3))
    assert await inspect_pdf(tmp_path / "file") == (3, tmp_path / "file")
    (tmp_path / "file").write_bytes(made.getvalue())
    assert (await inspect_pdf(tmp_path / "file"))[0] == 3, "a word in a text costs a copy at most"


async def test_what_learners_download_has_no_script(world: World) -> None:
    made = (await send(world.admin, active_pdf("script"), "forms.pdf")).json()
    await world.run_jobs()
    ready = await seen(world, made["id"])
    assert (ready["status"], ready["pages"]) == ("ready", 1)
    shown = await world.admin("GET", ready["url"])
    async with httpx.AsyncClient() as browser:
        fetched = (await browser.get(shown.headers["location"])).content
    assert fetched.startswith(b"%PDF-")
    assert b"JavaScript" not in fetched
    assert b"app.alert" not in fetched


def broken_metadata() -> Mapping[str, bytes]:
    whole = files.pdf(2)
    info = whole.replace(b"/Producer", b"/Producer", 1)
    at = whole.index(b"/Producer")
    line_end = whole.index(b"\n", at)
    return {
        "no such object": whole.replace(b"/Info ", b"/Info 99 0 R\n/Infp ", 1),
        "not closed": whole[:at] + b"/Producer ((((" + b" " * (line_end - at - 14) + whole[line_end:],
        "not a dictionary": whole.replace(b"/Info ", b"/Info 7 /Infp ", 1),
        "as before": info,
    }


@pytest.mark.parametrize("how", ["no such object", "not closed", "not a dictionary", "as before"])
def test_a_readable_pdf_with_broken_metadata_is_taken(how: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(broken_metadata()[how])
    assert "code" not in found_by(pdfs.look, tmp_path / "file")


async def test_encrypted_pdfs_say_what_is_encrypted(tmp_path: Path) -> None:
    locked = files.pdf(1, password="secret")
    assert await refusal(inspect_pdf, locked, tmp_path) == "password-protected"
    only = io.BytesIO()
    writer = PdfWriter(clone_from=io.BytesIO(files.pdf(1)))
    writer.encrypt("secret", algorithm="AES-128")
    writer.write(only)
    attachments = (
        only.getvalue()
        .replace(b"/StmF /StdCF", b"/StmF /Identity\n/EFF /StdCF")
        .replace(b"/StrF /StdCF", b"/StrF /Identity")
    )
    assert b"/EFF" in attachments
    assert await refusal(inspect_pdf, attachments, tmp_path) == "protected-attachments"
