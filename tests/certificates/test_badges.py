"""The picture of a badge: what is drawn, the credential in it, and who may have it."""

import io
import json
import uuid
import zlib

import pytest
from openbadgeslib.ob3.ldp import OB3LdpVerifier
from openbadgeslib.ob3.verifier import OB3Verifier
from PIL import Image, ImageDraw
from sqlalchemy import text
from tests.kit.earned import Earned, earn
from tests.kit.world import World

from learning_service.adapters.badge_picture import SIDE, draw_badge, initials
from learning_service.adapters.certificate_content import BadgeLook
from learning_service.domain.certificates.actions.erasing import erase_certificates
from learning_service.domain.certificates.rules.badges import bake, picture_id, unbake

TITLE = "Hazing prevention"


def logo() -> bytes:
    drawn, written = Image.new("RGBA", (400, 160)), io.BytesIO()
    ImageDraw.Draw(drawn).ellipse((0, 0, 160, 160), fill=(200, 30, 40, 255))
    drawn.save(written, "PNG")
    return written.getvalue()


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    assert (picture.format, picture.size) == ("PNG", (SIDE, SIDE))
    return picture.convert("RGBA")


def test_it_is_the_same_bytes_each_time_and_small() -> None:
    look = BadgeLook(TITLE, "#a3131f", logo())
    first = draw_badge(look)
    draw_badge.cache_clear()
    assert draw_badge(look) == first
    assert len(first) < 25_000


def test_the_colour_is_the_organizations_and_the_ground_is_open() -> None:
    picture = opened(draw_badge(BadgeLook(TITLE, "#a3131f", None)))
    assert picture.getpixel((0, 0))[3] == 0  # type: ignore[index]
    red, green, blue, alpha = picture.getpixel((256, 20))  # type: ignore[misc]
    assert alpha > 250
    assert red > 140
    assert max(green, blue) < 50


def test_at_96_pixels_emblem_and_ground_differ_clearly() -> None:
    for look in (BadgeLook(TITLE, "#f2c200", None), BadgeLook(TITLE, None, logo())):
        small = opened(draw_badge(look)).resize((96, 96), Image.Resampling.LANCZOS)
        emblem = small.crop((24, 24, 72, 54)).convert("L")
        darkest, lightest = emblem.getextrema()
        assert lightest - darkest > 120  # type: ignore[operator]


@pytest.mark.parametrize(
    "title", ["", "إدارة الأزمات", "危機管理と倫理", "x" * 200, "<b>&amp;</b> \u202e", "🎓"]
)
def test_any_title_is_drawn(title: str) -> None:
    opened(draw_badge(BadgeLook(title, None, None)))


def test_initials_are_of_the_words_that_count() -> None:
    expected = {
        TITLE: "HP",
        "First Aid": "FA",
        "Ethics of care": "EC",
        "law": "L",
        "…": "✓",
        "倫理と法": "倫",
    }
    assert {title: initials(title) for title in expected} == expected


def test_baking_is_undone_and_anything_else_is_not() -> None:
    picture = draw_badge(BadgeLook(TITLE, None, None))
    badge = bake(picture, '{"name": "Zoë"}')
    assert unbake(badge) == (picture, '{"name": "Zoë"}')
    at = badge.index(b"openbadge")
    for changed in (picture, badge[:60], b"", badge[:at] + b"O" + badge[at + 1 :], badge[:33] + b"\xff" * 8):
        assert unbake(changed) is None
    assert zlib.crc32(badge[37 : 41 + int.from_bytes(badge[33:37], "big")]).to_bytes(4, "big") in badge
    opened(badge)


@pytest.fixture
async def earned(world: World) -> Earned:
    """Ana's certificate, signed."""
    found = await earn(world)
    await world.run_jobs()
    return found


async def test_anyone_gets_the_picture_with_the_credential(earned: Earned) -> None:
    http = earned.world.http
    badge = await http.get(f"/api/certificates/{earned.id}/badge.png/")
    assert (badge.status_code, badge.headers["content-type"]) == (200, "image/png")
    assert badge.headers["access-control-allow-origin"] == "*"
    credential = await http.get(f"/api/certificates/{earned.id}/credential/")
    read = OB3Verifier.extract_token_from_png(badge.content)
    assert read == credential.text
    key = json.loads(read)["issuer"]["id"].removeprefix("did:key:")
    OB3LdpVerifier.for_issuer_did(f"did:key:{key}").verify(read)
    same = await http.get(
        f"/api/certificates/{earned.id}/badge.png/", headers={"If-None-Match": badge.headers["etag"]}
    )
    assert same.status_code == 304
    assert (await http.get(f"/api/certificates/{uuid.uuid4()}/badge.png/")).status_code == 404


async def test_those_that_look_the_same_share_one_picture(earned: Earned) -> None:
    world = earned.world
    other = await earn(world, "bob", course=earned.course)
    await world.run_jobs()
    one, two = [
        (await world.http.get(f"/api/certificates/{e.id}/badge.png/")).content for e in (earned, other)
    ]
    assert one != two
    assert unbake(one).picture == unbake(two).picture  # type: ignore[union-attr]
    async with world.worker.transaction(None) as session:
        rows = await session.scalars(
            text("SELECT id FROM badge_pictures WHERE organization_id = :o"), {"o": world.id}
        )
        assert rows.all() == [picture_id(TITLE, None, None)]


async def test_pending_before_it_is_drawn_and_gone_after_erasure(earned: Earned) -> None:
    world, address = earned.world, f"/api/certificates/{earned.id}/badge.png/"
    later = await earn(world, "bob", course=earned.course)
    assert (await world.http.get(f"/api/certificates/{later.id}/badge.png/")).status_code == 202
    async with world.worker.transaction(None) as session:
        await erase_certificates(session, organization_id=world.id, user_id="ana")
    gone = await world.http.get(address)
    assert (gone.status_code, gone.json()["code"]) == (410, "erased")


@pytest.mark.usefixtures("looks_here")
async def test_a_badge_is_checked_as_a_file(earned: Earned) -> None:
    world = earned.world
    badge = (await world.http.get(f"/api/certificates/{earned.id}/badge.png/")).content
    found = unbake(badge)
    assert found is not None
    other = draw_badge(BadgeLook("Another course", None, None))
    expected = {
        "genuine": [badge],
        "altered": [badge + b"\0", bake(other, found.credential), forged(badge)],
        "not-ours": [found.picture],
    }
    for result, files in expected.items():
        for content in files:
            sent = {"file": ("badge.png", content, "image/png")}
            answer = (await world.http.post("/api/certificates/check/", files=sent)).json()
            assert answer["result"] == result
    await earned.change("expires_at = expires_at + interval '1 day'")
    async with world.worker.transaction(None) as session:
        # As if it had been signed anew for another expiry: this one is still what was issued.
        await session.execute(
            text("UPDATE certificate_credentials SET credential = '{}' WHERE certificate_id = :i"),
            {"i": uuid.UUID(earned.id)},
        )
    sent = {"file": ("badge.png", badge, "image/png")}
    assert (await world.http.post("/api/certificates/check/", files=sent)).json()["result"] == "genuine"
    sent = {"file": ("badge.png", forged(badge), "image/png")}
    assert (await world.http.post("/api/certificates/check/", files=sent)).json()["result"] == "altered"


def forged(badge: bytes) -> bytes:
    """The same picture with a credential of another achievement."""
    found = unbake(badge)
    assert found is not None
    return bake(found.picture, found.credential.replace(TITLE, "Brain surgery"))
