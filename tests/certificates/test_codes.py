"""The short code on a certificate: how it is written and read, and where it leads."""

import asyncio
import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.kit.direct import connect
from tests.kit.earned import Earned, earn
from tests.kit.migrating import migrate
from tests.kit.stack import create_database, drop_database
from tests.kit.world import World

from learning_devstack.parts import Parts
from learning_service.domain.certificates.rules.codes import printed_code, read_code, short_address

# Crockford's own example of a check: 1234 has D after it, and 37 divides by itself.
KNOWN = {
    (1234).to_bytes(10, "big"): "0000-0000-0000-016J-D",
    (36).to_bytes(10, "big"): "0000-0000-0000-0014-U",
    (2**80 - 1).to_bytes(10, "big"): "ZZZZ-ZZZZ-ZZZZ-ZZZZ-~",
}


@pytest.fixture
async def earned(world: World) -> Earned:
    """Ana's certificate."""
    return await earn(world)


def test_the_known_codes_are_written_as_they_should_be() -> None:
    assert {code: printed_code(code) for code in KNOWN} == KNOWN
    assert short_address("https://a.example/b/certificates/x/verify/", bytes(10)) == (
        "https://a.example/b/c/0000-0000-0000-0000-0"
    )


@given(st.binary(min_size=10, max_size=10))
def test_a_code_is_read_however_it_is_typed(code: bytes) -> None:
    printed = printed_code(code)
    assert read_code(printed) == code
    sloppy = printed.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read_code(f" {sloppy} ") == code
    assert read_code(printed.replace("1", "I").replace("-", "\u2013")) == code


@given(
    st.binary(min_size=10, max_size=10),
    st.integers(0, 16),
    st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
)
def test_one_wrong_character_is_noticed(code: bytes, place: int, other: str) -> None:
    typed = printed_code(code).replace("-", "")
    wrong = typed[:place] + other + typed[place + 1 :]
    assert read_code(wrong) == (code if wrong == typed else None)


@given(st.binary(min_size=10, max_size=10), st.integers(0, 14))
def test_two_neighbours_that_changed_places_are_noticed(code: bytes, place: int) -> None:
    typed = printed_code(code).replace("-", "")
    turned = typed[:place] + typed[place + 1] + typed[place] + typed[place + 2 :]
    assert read_code(turned) == (code if turned == typed else None)


@given(st.text())
@example("")
@example("-" * 65)
@example("0000-0000-0000-016J-")
@example("0000-0000-0000-016J-D-0")
@example("٠000-0000-0000-016J-D")
@example("0000\x000000-0000-016J-D")
@example("ſ000-0000-0000-016J-D")
def test_anything_else_is_no_code(text: str) -> None:
    assert read_code(text) is None


async def test_the_printed_code_leads_to_the_page(earned: Earned) -> None:
    http = earned.world.http
    code = printed_code(await earned.code())
    page = f"/certificates/{earned.id}/verify/"
    for typed in (code, code.lower(), code.replace("-", "")):
        answer = await http.get(f"/c/{typed}/")
        assert (answer.status_code, answer.headers["location"]) == (307, page)
        assert answer.headers["cache-control"] == "no-store"
    without_slash = await http.get(f"/c/{code}")
    assert (without_slash.status_code, without_slash.headers["location"]) == (307, f"/c/{code}/")
    shown = await http.get(page)
    assert code in shown.text
    assert 'action="/c/"' in shown.text


async def test_the_field_takes_code_and_id_and_keeps_the_language(earned: Earned) -> None:
    http = earned.world.http
    code = printed_code(await earned.code())
    page = f"/certificates/{earned.id}/verify/"
    for typed in (code, f"  {code.lower()} ", earned.id, earned.id.upper()):
        answer = await http.get("/c/", params={"code": typed, "lang": "es"})
        assert (answer.status_code, answer.headers["location"]) == (307, f"{page}?lang=es")
    other = await http.get("/c/", params={"code": code, "lang": "x\r\ny"})
    assert other.headers["location"] == page
    empty = await http.get("/c/", headers={"Accept-Language": "fr"})
    assert (empty.status_code, empty.headers["content-language"]) == (200, "fr")
    assert "Vérifier" in empty.text


async def test_a_wrong_code_is_the_page_of_the_unknown_and_repeats_nothing(world: World) -> None:
    wrong = ("0000-0000-0000-016J-D", "nonsense", "<script>", "%00", "x" * 5000, "\u202e" + "0" * 17)
    for typed in wrong:
        for answer in (
            await world.http.get("/c/", params={"code": typed}),
            await world.http.get(f"/c/{typed.replace('<', '%3C')}/"),
        ):
            assert answer.status_code == 404, typed
            assert answer.headers["content-type"].startswith("text/html")
            assert typed not in answer.text


async def test_codes_differ_and_a_reissue_has_its_own(earned: Earned) -> None:
    new = (await earned.reissue()).json()["id"]
    codes = [await earned.code(), await earned.code(new)]
    assert len(set(codes)) == 2
    assert all(len(code) == 10 for code in codes)


@pytest.mark.long
async def test_the_migration_gives_those_of_before_a_code(parts: Parts) -> None:
    name = f"codes_{uuid.uuid4().hex[:12]}"
    url = await create_database(parts, name)
    try:
        await migrate(url, "upgrade", "0770")
        connection = await connect(url)
        await connection.execute(
            "INSERT INTO certificate_organizations SELECT gen_random_uuid(), 'o' FROM generate_series(1, 25000)"
        )
        await migrate(url)
        found = await connection.fetchrow(
            "SELECT count(DISTINCT code) AS codes, min(length(code)) AS shortest FROM certificate_organizations"
        )
        assert found is not None
        assert tuple(found) == (25000, 10)
        await asyncio.wait_for(connection.close(), 10)
    finally:
        await drop_database(parts, name)
