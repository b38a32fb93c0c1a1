"""The logo that a certificate bears is on its verification page, as it was at issue."""

import io
import uuid

import pytest
from PIL import Image
from tests.kit.earned import Earned, earn, with_logo
from tests.kit.world import World

from learning_service.domain.certificates.actions.erasing import erase_certificates
from learning_service.domain.certificates.queries.public import looks_of_certificate

pytestmark = pytest.mark.usefixtures("looks_here")


def path(earned: Earned) -> str:
    return f"/api/certificates/{earned.id}/logo.png/"


async def page(earned: Earned) -> str:
    return (await earned.world.http.get(f"/certificates/{earned.id}/verify/")).text


async def test_anyone_sees_the_logo_of_its_issue_until_the_person_is_erased(world: World) -> None:
    before = await earn(world)
    await with_logo(world, "#c02010")
    bearing = await earn(world, "bob", course=before.course)
    await with_logo(world, "#1020c0")
    assert path(before) not in await page(before)
    assert (await world.http.get(path(before))).status_code == 404
    assert f'<img src="{path(bearing)}" alt="">' in await page(bearing)
    answer = await world.http.get(path(bearing))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert (shown.size, shown.info.get("exif")) == ((336, 112), None)
        red, _, blue, *_ = shown.convert("RGB").getpixel((100, 50))  # type: ignore[misc]
        assert red > 150 > 50 > blue
    again = await world.http.get(path(bearing), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    async with world.worker.transaction(None) as session:
        await erase_certificates(session, organization_id=world.id, user_id="bob")
    assert (await world.http.get(path(bearing))).status_code == 404
    assert "logo.png" not in await page(bearing)


async def test_there_is_none_of_the_unknown_and_none_that_the_store_lost(world: World) -> None:
    await with_logo(world, "#c02010")
    earned = await earn(world)
    for certificate_id in (uuid.uuid4(), "x"):
        assert (await world.http.get(f"/api/certificates/{certificate_id}/logo.png/")).status_code == 404
    async with world.worker.transaction(None) as session:
        looks, _ = await looks_of_certificate(session, uuid.UUID(earned.id))
    assert looks.logo_key is not None
    await world.worker.store.delete(looks.logo_key)
    assert (await world.http.get(path(earned))).status_code == 404
    assert "Hazing prevention" in await page(earned)
