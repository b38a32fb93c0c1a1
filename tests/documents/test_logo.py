"""An organization's logo: a picture among its documents, on the certificates that are issued from then on."""

import hashlib
import io

import httpx
import pytest
from PIL import Image
from pypdf import PdfReader
from tests.kit import documents as files
from tests.kit.sending import send, settled
from tests.kit.world import Json, World, small_tree

pytestmark = pytest.mark.usefixtures("looks_here")

LESSON = [{"title": "M", "items": [{"kind": "lesson", "title": "L"}]}]


async def logo_of(world: World, content: bytes) -> str:
    ready = await settled(world, (await send(world.admin, content)).json()["id"])
    assert ready["status"] == "ready"
    return f"document:{ready['id']}"


async def certificate_of(world: World, user: str) -> bytes:
    """The PDF of the certificate that this member earns now."""
    course = await world.course(small_tree(assessment=None, modules=LESSON))
    member = world.member(user)
    await member.ok("POST", f"/api/courses/{course['id']}/enroll/")
    shown = await member.ok("GET", f"/api/courses/{course['id']}/modules/")
    await member.ok("POST", f"/api/lessons/{shown['items'][0]['items'][0]['id']}/complete/")
    await world.run_jobs()
    [certificate] = (await member.ok("GET", "/api/users/certificates/"))["items"]
    answer = await member("GET", f"/api/certificates/{certificate['id']}/pdf/")
    assert answer.status_code == 307, answer.text
    async with httpx.AsyncClient() as browser:
        return (await browser.get(answer.headers["location"])).content


def colors_in(pdf: bytes) -> set[tuple[int, ...]]:
    """The colours of the pictures inside a page's forms."""
    found: set[tuple[int, ...]] = set()
    page = PdfReader(io.BytesIO(pdf)).pages[0]
    for form in page["/Resources"]["/XObject"].values():  # type: ignore[index]
        for name, picture in form.get_object().get("/Resources", {}).get("/XObject", {}).items():
            if name == "/Logo":
                found |= {tuple(picture.get_object().get_data()[:3])}
    return found


@pytest.mark.long
async def test_certificates_issued_from_then_on_carry_it(world: World) -> None:
    assert (await world.admin.ok("GET", "/api/organization/"))["logo"] is None
    before = await certificate_of(world, "ana")
    logo = await logo_of(world, files.picture(300, 100, "PNG", "#c02010"))
    answer: Json = await world.admin.ok("PATCH", "/api/organization/", {"logo": logo})
    assert answer["logo"] == logo == (await world.admin.ok("GET", "/api/organization/"))["logo"]
    other = await world.admin.ok("PATCH", "/api/organization/", {"primary_color": "#224466"})
    assert other["logo"] == logo, "what is not sent stays"
    after = await certificate_of(world, "bob")
    assert (await world.admin.ok("PATCH", "/api/organization/", {"logo": None}))["logo"] is None
    without = await certificate_of(world, "cyd")
    assert [colors_in(pdf) for pdf in (before, after, without)] == [set(), {(0xC0, 0x20, 0x10)}, set()]
    assert len(after) < 100_000


@pytest.mark.long
async def test_signature_and_seal_are_printed_and_only_administrators_have_the_files(world: World) -> None:
    signature = await logo_of(world, files.picture(300, 90, "PNG", "#102050"))
    seal = await logo_of(world, files.picture(200, 200, "PNG", "#806020"))
    second = await logo_of(world, files.picture(300, 80, "PNG", "#402010"))
    marks = {
        "signature_image": signature,
        "seal": seal,
        "signatory_name": "Jane Doe",
        "second_signatory_name": "John Roe",
        "second_signature_image": second,
    }
    answer = await world.admin.ok(
        "PATCH", "/api/organization/", {**marks, "website": "https://a.example.org/"}
    )
    assert {name: answer[name] for name in marks} == marks
    assert answer["website"] == "https://a.example.org"
    page = PdfReader(io.BytesIO(await certificate_of(world, "ana"))).pages[0]
    forms = set(page["/Resources"]["/XObject"])  # type: ignore[index]
    printed = {"/FormXob.signature", "/FormXob.second_signature", "/FormXob.seal"}
    assert printed <= forms
    for reference in (signature, second, seal):
        address = f"/api/documents/{reference.partition(':')[2]}/file/"
        assert (await world.member("ana")("GET", address)).status_code == 404
    cleared = await world.admin.ok("PATCH", "/api/organization/", dict.fromkeys([*marks, "website"]))
    assert {cleared[name] for name in marks} == {None}
    page = PdfReader(io.BytesIO(await certificate_of(world, "bob"))).pages[0]
    assert not printed & set(page["/Resources"]["/XObject"])  # type: ignore[index]


async def test_what_can_be_no_logo_is_refused(world: World, other_world: World) -> None:
    wide = Image.new("1", (16_000, 1_200))
    many = io.BytesIO()
    wide.save(many, "PNG")
    noise = io.BytesIO()
    Image.frombytes("RGB", (900, 900), hashlib.shake_256(b"x").digest(900 * 900 * 3)).save(noise, "PNG")
    checking = (await send(world.admin, files.picture(11, 11))).json()
    cases = {
        await logo_of(world, files.pdf()): "PNG or JPEG",
        await logo_of(other_world, files.picture()): "not a document of this organization",
        await logo_of(world, many.getvalue()): "million pixels",
        await logo_of(world, noise.getvalue()): "MiB",
        "document:0a000000-0000-7000-8000-000000000000": "not a document",
        "https://example.org/logo.png": "document:",
        "document:x": "document:",
    }
    for reference, word in cases.items():
        answer = await world.admin("PATCH", "/api/organization/", {"logo": reference})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/logo"), reference
        assert word in answer.json()["errors"][0]["detail"], reference
    strange = dict.fromkeys(
        ("signature_image", "second_signature_image", "seal"), await logo_of(other_world, files.picture())
    )
    answer = await world.admin("PATCH", "/api/organization/", strange)
    assert [one["pointer"] for one in answer.json()["errors"]] == [f"/{name}" for name in strange]
    soon = (await send(world.admin, files.picture(12, 12))).json()
    answer = await world.admin("PATCH", "/api/organization/", {"logo": f"document:{soon['id']}"})
    assert "still being checked" in answer.json()["errors"][0]["detail"]
    assert checking["status"] == "converting"
    assert (await world.admin.ok("GET", "/api/organization/"))["logo"] is None
