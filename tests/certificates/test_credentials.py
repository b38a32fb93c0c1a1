"""Credentials over HTTP: what they say, that the bytes stay, and that what stops holding is told."""

import asyncio
import gzip
import hashlib
import json
import uuid
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from openbadgeslib.ob3.ldp import OB3LdpVerifier
from sqlalchemy import delete
from tests.kit.direct import connect
from tests.kit.earned import Earned, earn
from tests.kit.waiting import someone_waits
from tests.kit.world import Json, World

from learning_service.adapters.credentials import make_key
from learning_service.cli.keys import rotate
from learning_service.domain.certificates.actions.credentials import give_place
from learning_service.domain.certificates.actions.erasing import erase_certificates
from learning_service.domain.certificates.actions.keys import active_key, keep_first_key
from learning_service.domain.certificates.queries.certificates import certificates_with_ids
from learning_service.domain.certificates.rules.credentials import LIST_BITS
from learning_service.domain.jobs.outbox import OutboxRow
from learning_service.routers import credentials
from learning_service.worker.jobs import credentials as signing
from learning_service.worker.jobs.credentials import publish_status_lists, sign_credentials_of_before

BASE = "https://learn.example.org"


@pytest.fixture(autouse=True)
def _lists_are_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "LIST_SECONDS", 0)


@pytest.fixture
async def earned(world: World) -> Earned:
    """Ana's certificate, signed."""
    found = await earn(world)
    await world.run_jobs()
    return found


def _bit(status_credential: Json, index: int) -> bool:
    encoded = status_credential["credentialSubject"]["encodedList"]
    assert encoded[0] == "u"
    bits = gzip.decompress(urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert len(bits) == LIST_BITS // 8
    return bool(bits[index // 8] & 0x80 >> index % 8)


async def _read(earned: Earned, certificate_id: str | None = None, **headers: str) -> Any:
    address = f"/api/certificates/{certificate_id or earned.id}/credential/"
    return await earned.world.http.get(address, headers=headers)


async def test_it_is_signed_once_and_says_what_the_certificate_says(earned: Earned) -> None:
    answer = await _read(earned)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vc+ld+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    said = answer.json()
    seen = await earned.verify()
    assert said["name"] == said["credentialSubject"]["achievement"]["name"] == seen["course_title"]
    assert said["validFrom"] == seen["issued_at"][:19] + "Z"
    assert said["issuer"]["name"] == seen["issuer"]["name"]
    [who] = said["credentialSubject"]["identifier"]
    digest = hashlib.sha256(f"ana@example.org{who['salt']}".encode()).hexdigest()
    assert who["identityHash"] == f"sha256${digest}"
    for secret in ("ana@", seen["recipient_name"]):
        assert secret not in answer.text
    await earned.world.run_jobs()
    again = await _read(earned)
    assert (again.content, again.headers["etag"]) == (answer.content, answer.headers["etag"])
    unchanged = await _read(earned, **{"If-None-Match": answer.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    key = said["issuer"]["id"].removeprefix("did:key:")
    OB3LdpVerifier.for_issuer_did(f"did:key:{key}").verify(answer.text)


async def test_it_is_a_jwt_for_who_asks_so(earned: Earned) -> None:
    by_header = await _read(earned, Accept="application/vc+jwt")
    by_path = await earned.world.http.get(f"/api/certificates/{earned.id}/credential.jwt/")
    without = await earned.world.http.get(f"/api/certificates/{earned.id}/credential.jwt")
    assert without.headers["location"] == f"/api/certificates/{earned.id}/credential.jwt/"
    assert by_header.content == by_path.content
    assert by_path.headers["content-type"] == "application/vc+jwt"
    jwks = (await earned.world.http.get("/.well-known/jwks.json")).json()
    head = json.loads(urlsafe_b64decode(by_path.text.split(".")[0] + "=="))
    assert head["kid"] in {key["kid"] for key in jwks["keys"]}
    assert head["kid"].startswith(f"{BASE}/.well-known/jwks.json#")
    assert not any("d" in key or "p" in key for key in jwks["keys"])
    both = await _read(earned, Accept="application/json, application/vc+jwt;q=0.5")
    assert both.headers["content-type"] == "application/vc+ld+json"


async def test_before_it_is_signed_it_is_pending_and_those_of_before_are_signed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await earn(world)
    pending = await _read(found)
    assert (pending.status_code, pending.headers["retry-after"]) == (202, "2")
    # Others' certificates may be in the database by thousands: all are queued, and this one is signed.
    monkeypatch.setattr(signing, "AT_ONCE", 100_000)
    await sign_credentials_of_before(world.worker, None)
    async with world.worker.transaction(None) as session:
        await session.execute(delete(OutboxRow).where(OutboxRow.organization_id != world.id))
    await world.run_jobs()
    assert (await _read(found)).status_code == 200


async def test_an_unknown_one_is_not_found(world: World) -> None:
    for name in (str(uuid.uuid4()), "nonsense", "%00"):
        for form in ("credential", "credential.jwt"):
            answer = await world.http.get(f"/api/certificates/{name}/{form}/")
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    for number in ("0", "-1", "999999999", "99999999999", "x", "1e9", "%D9%A1"):
        answer = await world.http.get(f"/status/{number}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), number


async def _listed(earned: Earned, credential: Json) -> bool:
    """Whether the list that the credential names says that it no longer holds."""
    await publish_status_lists(earned.world.worker, None)
    entry = credential["credentialStatus"]
    answer = await earned.world.http.get(entry["statusListCredential"].removeprefix(BASE))
    assert answer.status_code == 200
    key = answer.json()["issuer"].removeprefix("did:key:")
    assert answer.json()["issuer"] == credential["issuer"]["id"] == f"did:key:{key}"
    return _bit(answer.json(), int(entry["statusListIndex"]))


async def test_what_is_revoked_or_reissued_or_erased_is_listed(earned: Earned) -> None:
    world = earned.world
    bob = await earn(world, "bob", course=earned.course)
    cyd = await earn(world, "cyd", course=earned.course)
    await world.run_jobs()
    first, second, third = [(await _read(one)).json() for one in (earned, bob, cyd)]
    assert len({one["credentialStatus"]["statusListIndex"] for one in (first, second, third)}) == 3
    assert not any([await _listed(earned, one) for one in (first, second, third)])
    assert (await earned.revoke()).status_code == 200
    new = (await bob.reissue()).json()["id"]
    async with world.worker.transaction(world.id) as session:
        await erase_certificates(session, organization_id=world.id, user_id="cyd")
    await world.run_jobs()
    assert [await _listed(earned, one) for one in (first, second, third)] == [True, True, True]
    gone = await _read(cyd)
    assert (gone.status_code, gone.json()["code"]) == (410, "erased")
    follower = (await _read(bob, new)).json()
    assert follower["id"] != second["id"]
    assert not await _listed(earned, follower)
    assert (await _read(earned)).json() == first


async def test_a_list_in_which_nothing_changed_keeps_its_bytes(earned: Earned) -> None:
    entry = (await _read(earned)).json()["credentialStatus"]
    address = entry["statusListCredential"].removeprefix(BASE)
    await publish_status_lists(earned.world.worker, None)
    before = await earned.world.http.get(address)
    await publish_status_lists(earned.world.worker, None)
    after = await earned.world.http.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.content) == (304, b"")
    assert int(before.headers["cache-control"].rpartition("=")[2]) <= 20


async def test_one_that_is_revoked_before_it_is_signed_is_listed(world: World) -> None:
    found = await earn(world)
    await found.revoke()
    await publish_status_lists(world.worker, None)
    await world.run_jobs()
    assert await _listed(found, (await _read(found)).json())


async def test_old_keys_stay_for_what_they_signed(earned: Earned) -> None:
    world = earned.world
    before = (await _read(earned)).json()
    told = await asyncio.to_thread(rotate, world.worker.settings, "all")
    assert [line.split()[0] for line in told.splitlines()] == ["ed25519", "rs256", "pdf"]
    bob = await earn(world, "bob", course=earned.course)
    await world.run_jobs()
    after = (await _read(bob)).json()
    assert after["issuer"]["id"] == f"did:key:{told.split()[1]}" != before["issuer"]["id"]
    assert (await _read(earned)).json() == before
    did = (await world.http.get("/.well-known/did.json")).json()
    assert did["id"] == "did:web:learn.example.org"
    multikeys = {key["publicKeyMultibase"] for key in did["verificationMethod"]}
    assert {one["issuer"]["id"].removeprefix("did:key:") for one in (before, after)} <= multikeys
    assert did["assertionMethod"] == [key["id"] for key in did["verificationMethod"]]
    assert (
        before["credentialStatus"]["statusListCredential"]
        != after["credentialStatus"]["statusListCredential"]
    )
    await earned.revoke()
    assert await _listed(earned, before)
    assert not await _listed(bob, after)


async def test_the_achievement_is_a_document_and_a_page(earned: Earned) -> None:
    said = (await _read(earned)).json()["credentialSubject"]["achievement"]
    address = said["id"].removeprefix(BASE)
    document = await earned.world.http.get(address)
    assert document.json() == {"@context": document.json()["@context"], **said}
    assert document.headers["access-control-allow-origin"] == "*"
    assert said["tag"] == ["Hazing prevention"]
    page = await earned.world.http.get(address, headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert page.headers["content-language"] == "fr"
    assert said["name"] in page.text
    assert "Compétences" in page.text
    for wrong in (address.replace("/1/", "/2/"), f"/achievements/{uuid.uuid4()}/1/", "/achievements/x/1/"):
        assert (await earned.world.http.get(wrong)).status_code == 404


async def test_the_api_reads_no_secret_key(earned: Earned, settings: Any) -> None:
    connection = await connect(settings.database_url)
    await connection.execute("SET ROLE learning_api")
    assert await connection.fetchval("SELECT count(public_key) FROM signing_keys") >= 2
    with pytest.raises(Exception, match="permission denied"):
        await connection.fetchval("SELECT sealed_key FROM signing_keys")
    await connection.close()


async def test_two_who_sign_one_certificate_at_once_give_it_one_place(world: World) -> None:
    earned = await earn(world)
    async with world.worker.transaction(world.id) as session:
        [certificate] = await certificates_with_ids(session, [uuid.UUID(earned.id)])
    async with world.worker.transaction(None) as session:
        await keep_first_key(session, make_key("ed25519"), world.worker.seal)
        found = await active_key(session, "ed25519")
        assert found is not None
        key = found.id
    async with world.worker.transaction(None) as first, world.worker.transaction(None) as second:
        given = await give_place(first, certificate, key)
        late = asyncio.create_task(give_place(second, certificate, key))
        await someone_waits(world.worker)
        assert not late.done()
        await first.commit()
        assert await late == given
