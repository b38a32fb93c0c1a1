"""A reissue: the day of issue stays, the signatory is the present one, and an erased person gets none."""

import asyncio
import io
import re
import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pypdf
import pytest
from sqlalchemy import text
from tests.kit.drawn import rounds
from tests.kit.earned import Earned, earn
from tests.kit.waiting import someone_waits
from tests.kit.world import World

from learning_service.domain.certificates.actions.certificates import reissue_certificate

LONG_AGO = "issued_at = '2025-03-05T12:00:00Z'"


async def words_of(earned: Earned, certificate_id: str) -> str:
    """What the stored PDF says."""
    async with earned.world.worker.transaction(None) as session:
        sha256 = await session.scalar(
            text("SELECT pdf_sha256 FROM certificates WHERE id = :id"), {"id": certificate_id}
        )
    body = await earned.world.worker.store.get(f"certificates/{sha256}.pdf")
    return " ".join(pypdf.PdfReader(io.BytesIO(body)).pages[0].extract_text().split())


async def test_the_day_of_issue_stays_and_that_of_the_reissue_is_said(world: World) -> None:
    earned = await earn(world)
    await earned.change(LONG_AGO)
    before = await earned.verify()
    assert "reissued_at" not in before
    answer = await earned.reissue()
    new = answer.json()
    assert new["issued_at"] == before["issued_at"] == "2025-03-05T12:00:00Z"
    assert new["reissued_at"] > new["issued_at"]
    seen = await earned.verify(new["id"])
    assert (seen["issued_at"], seen["reissued_at"]) == (new["issued_at"], new["reissued_at"])
    [many] = (await world.http.post("/api/certificates/verify/", json={"ids": [new["id"]]})).json()["items"]
    assert many == seen
    listed = (await earned.member.ok("GET", "/api/users/certificates/"))["items"]
    assert {(c["id"], c["issued_at"], c["reissued_at"]) for c in listed} == {
        (earned.id, before["issued_at"], None),
        (new["id"], before["issued_at"], new["reissued_at"]),
    }
    page = await world.http.get(f"/certificates/{new['id']}/verify/")
    days = re.findall(r'datetime="([0-9-]{10})"', page.text)
    reissued = datetime.fromisoformat(new["reissued_at"]).astimezone(ZoneInfo("America/New_York"))
    assert days[:2] == ["2025-03-05", f"{reissued:%Y-%m-%d}"]
    assert "Reissued" in page.text
    assert "Reissued" not in (await world.http.get(f"/certificates/{earned.id}/verify/")).text
    await world.run_jobs()
    said = await words_of(earned, new["id"])
    assert re.search(f"Reissued: .*{reissued:%B}", said)
    assert re.search("March.* 2025|2025.*March", said)


async def test_a_reissue_of_a_reissue_keeps_the_first_day(world: World) -> None:
    earned = await earn(world)
    await earned.change(LONG_AGO)
    first = (await earned.reissue()).json()
    again = await world.admin.ok(
        "POST", f"/api/certificates/{first['id']}/reissue/", {"recipient_name": "Ana B", "reason": "Married"}
    )
    assert again["issued_at"] == "2025-03-05T12:00:00Z"
    assert again["reissued_at"] > first["reissued_at"]


async def test_a_reissue_takes_the_present_signatories(world: World) -> None:
    old = {"signatory_name": "Old One", "signatory_title": "President", "second_signatory_name": "Old Two"}
    await world.admin.ok("PATCH", "/api/organization/", old)
    earned = await earn(world)
    new_ones = {"signatory_name": "New One", "signatory_title": "Chair", "second_signatory_name": "New Two"}
    await world.admin.ok("PATCH", "/api/organization/", new_ones)
    new = (await earned.reissue()).json()
    await world.run_jobs()
    said = await words_of(earned, new["id"])
    assert [word in said for word in ("New One", "Chair", "New Two", "Old One", "Old Two")] == [
        *[True] * 3,
        *[False] * 2,
    ]
    before = await words_of(earned, earned.id)
    assert ("Old One" in before, "Old Two" in before, "New Two" in before) == (True, True, False)


async def erase(world: World, user: str = "ana") -> Any:
    """Erase a member."""
    return await world.directory("DELETE", f"/api/directory/members/{user}/")


async def test_a_certificate_of_somebody_erased_is_not_reissued(world: World) -> None:
    earned = await earn(world)
    await world.run_jobs()
    assert (await erase(world)).status_code == 204
    refused = await earned.reissue()
    assert (refused.status_code, refused.json()["code"]) == (410, "erased")
    assert (await earned.verify())["recipient_name"] is None
    await world.add_member("ana", display_name="Another Ana")
    assert (await earned.reissue()).status_code == 410
    page = await world.http.get(f"/certificates/{earned.id}/verify/")
    assert "Ruiz" not in page.text
    assert (await earned.revoke()).status_code == 200


async def names_left(earned: Earned) -> list[str]:
    """The names on the course's certificates."""
    async with earned.world.worker.transaction(None) as session:
        names = await session.scalars(
            text(
                "SELECT recipient_name FROM certificates WHERE course_id = :id AND recipient_name IS NOT NULL"
            ),
            {"id": earned.course["id"]},
        )
        return list(names)


async def test_an_erasure_that_waits_for_a_reissue_erases_that_too(world: World) -> None:
    earned = await earn(world)
    async with world.worker.transaction(world.id) as session:
        new = await reissue_certificate(
            session, uuid.UUID(earned.id), recipient_name="Ana Ruiz", reason="Married", actor_id="boss"
        )
        erasing = asyncio.create_task(erase(world))
        await someone_waits(world.worker)
        assert not erasing.done()
    assert (await erasing).status_code == 204
    assert await names_left(earned) == []
    await world.run_jobs()
    assert (await earned.verify(str(new.id)))["recipient_name"] is None


@pytest.mark.parametrize("round_", rounds(3))
async def test_a_reissue_and_an_erasure_at_once_leave_no_name(world: World, round_: int) -> None:
    earned = await earn(world)
    reissued, erased = await asyncio.gather(earned.reissue(), erase(world))
    assert erased.status_code == 204
    assert reissued.status_code in (201, 410), reissued.text
    assert await names_left(earned) == []
