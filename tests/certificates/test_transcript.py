"""A member's transcript: everything that is valid now, and nothing else."""

from tests.kit.earned import Earned, earn
from tests.kit.world import Json, World


async def _transcript(earned: Earned) -> Json:
    found: Json = await earned.member.ok("GET", "/api/users/transcript/")
    return found


async def test_it_has_what_is_valid_with_skills_and_proofs(world: World) -> None:
    earned = await earn(world)
    shown, listed = await _transcript(earned), await earned.verify()
    [entry] = shown["items"]
    assert entry["certificate_id"] == earned.id
    assert (entry["course_title"], entry["skills"]) == ("Hazing prevention", ["Hazing prevention"])
    assert (entry["issued_at"], entry["expires_at"]) == (listed["issued_at"], listed["expires_at"])
    assert (shown["display_name"], shown["organization_name"]) == (
        listed["recipient_name"],
        listed["issuer"]["name"],
    )
    assert f"/certificates/{earned.id}/verify/" in entry["verification_url"]
    assert entry["credential_url"].endswith(f"/api/certificates/{earned.id}/credential/")
    page = await world.http.get(f"/c/{entry['number']}/")
    assert page.headers["location"] == f"/certificates/{earned.id}/verify/"
    other = await earn(world, "bob")
    assert [one["certificate_id"] for one in (await _transcript(other))["items"]] == [other.id]


async def test_what_is_no_longer_in_force_leaves_it(world: World) -> None:
    earned = await earn(world)
    again = (await earned.reissue()).json()["id"]
    assert [one["certificate_id"] for one in (await _transcript(earned))["items"]] == [again]
    await earned.change("expires_at = now() - interval '1 day'", again)
    assert (await _transcript(earned))["items"] == []
    await earned.change("expires_at = now() + interval '1 day'", again)
    assert len((await _transcript(earned))["items"]) == 1
    revoked = await world.admin("POST", f"/api/certificates/{again}/revoke/", {"reason": "Fraud"})
    assert revoked.status_code == 200
    assert (await _transcript(earned))["items"] == []
