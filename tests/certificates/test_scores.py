"""The score on certificates, their pages and transcripts: where the organization says so, and nowhere else."""

from dataclasses import replace
from decimal import Decimal

import httpx
import pytest
from tests.kit.earned import POLICY, TREE, Earned
from tests.kit.printed import PLAIN, text_of
from tests.kit.world import World

from learning_service.adapters.certificate_pdf import render_certificate
from learning_service.adapters.certificate_words import percent


@pytest.mark.parametrize(
    ("score", "locale", "said"),
    [
        ("100", "en", "100%"),
        ("0", "en", "0%"),
        ("87.50", "en-US", "87.5%"),
        ("66.666666666666", "en", "66.67%"),
        ("87.5", "es", "87,5\xa0%"),
        ("87.5", "fr-CA", "87,5\xa0%"),
        ("1e-9", "en", "0%"),
    ],
)
def test_a_score_is_written_as_the_locale_has_it(score: str, locale: str, said: str) -> None:
    assert percent(Decimal(score), locale) == said


def test_it_stands_before_hours_and_skills() -> None:
    full = replace(PLAIN, score="87.5%", credit_hours="2.5", skills=("Law",))
    assert "Score: 87.5% · Credit hours: 2.5 · Skills: Law" in text_of(render_certificate(full))
    assert "Score: 87.5%" in text_of(render_certificate(replace(PLAIN, score="87.5%"))).split("\n")


async def _told(world: World, told: bool) -> None:
    await world.admin.ok("PATCH", "/api/organization/", {"score_on_certificates": told})


async def _scored(world: World, user: str = "ana", score: str = "87.5") -> Earned:
    """A certificate of a completion with a score, or with none."""
    await world.add_member(user, display_name=user.title())
    course = await world.course(TREE, **POLICY)
    rows = f"user_id,course_id,completed_on,score\n{user},{course['id']},2026-11-02,{score}\n"
    files = {"file": ("rows.csv", rows.encode(), "text/csv")}
    await world.admin.ok("POST", "/api/imports/?kind=completions", files=files)
    [certificate] = (await world.member(user).ok("GET", "/api/users/certificates/"))["items"]
    return Earned(world, course, world.member(user), certificate["id"])


async def _printed(earned: Earned, certificate_id: str | None = None) -> str:
    await earned.world.run_jobs()
    answer = await earned.pdf(certificate_id=certificate_id)
    assert answer.status_code == 307, answer.text
    async with httpx.AsyncClient() as plain:
        return text_of((await plain.get(answer.headers["location"])).content)


async def _page(earned: Earned, certificate_id: str | None = None, lang: str = "en") -> str:
    address = f"/certificates/{certificate_id or earned.id}/verify/?lang={lang}"
    return (await earned.world.http.get(address)).text


async def _transcript_score(earned: Earned) -> float | None:
    [entry] = (await earned.member.ok("GET", "/api/users/transcript/"))["items"]
    score: float | None = entry["score"]
    return score


async def test_it_is_told_everywhere_where_the_organization_says_so(world: World) -> None:
    await _told(world, True)
    earned = await _scored(world)
    await _told(world, False)
    assert "Score: 87.5%" in await _printed(earned), "it is frozen at issue"
    assert "<dt>Score</dt><dd>87.5%</dd>" in await _page(earned)
    assert "<dt>Calificación</dt><dd>87,5\xa0%</dd>" in await _page(earned, lang="es")
    assert await _transcript_score(earned) == 87.5
    pending = await earned.member("GET", "/api/users/transcript/pdf/")
    assert pending.status_code == 202
    await world.run_jobs()
    answer = await earned.member("GET", "/api/users/transcript/pdf/")
    async with httpx.AsyncClient() as plain:
        assert "Score: 87.5%" in text_of((await plain.get(answer.headers["location"])).content)
    assert "score" not in await earned.verify()


async def test_without_a_word_of_the_organization_nobody_is_told(world: World) -> None:
    earned = await _scored(world)
    assert "Score" not in await _printed(earned)
    assert "<dt>Score" not in await _page(earned)
    assert await _transcript_score(earned) is None


async def test_what_was_not_scored_tells_none(world: World) -> None:
    await _told(world, True)
    earned = await _scored(world, score="")
    assert "Score" not in await _printed(earned)
    assert "<dt>Score" not in await _page(earned)


async def test_a_reissue_does_as_the_organization_says_now(world: World) -> None:
    earned = await _scored(world)
    await _told(world, True)
    again = (await earned.reissue()).json()["id"]
    assert "Score: 87.5%" in await _printed(earned, again)
    assert "<dt>Score</dt><dd>87.5%</dd>" in await _page(earned, again)
    assert "<dt>Score" not in await _page(earned)


async def test_an_erased_person_s_score_is_told_no_more(world: World) -> None:
    await _told(world, True)
    earned = await _scored(world)
    assert (await world.directory("DELETE", "/api/directory/members/ana/")).status_code == 204
    assert "87.5" not in await _page(earned)


async def test_a_checked_file_shows_it_as_its_page_does(world: World) -> None:
    await _told(world, True)
    earned = await _scored(world)
    await world.run_jobs()
    answer = await earned.pdf()
    async with httpx.AsyncClient() as plain:
        pdf = (await plain.get(answer.headers["location"])).content
    files = {"file": ("certificate.pdf", pdf, "application/pdf")}
    page = await world.http.post(
        "/api/certificates/check/?lang=en", files=files, headers={"Accept": "text/html"}
    )
    assert "<dt>Score</dt><dd>87.5%</dd>" in page.text
