"""Signing in at an identity provider, a real one of the tests' own: OpenID Connect, code flow with PKCE."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from tests.kit.browser import serving
from tests.kit.chromium import Browser
from tests.kit.identity_provider import CLIENT, Account, Provider
from tests.kit.screens import Person
from tests.kit.world import Signer, World

from learning_service.core.settings import Issuer, Settings, WebSignIn
from learning_service.main import create_app

DESK = 1440
STORED = "JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage), document.cookie])"


@dataclass
class Door:
    """Ana before the closed door, and the provider that opens it."""

    ana: Person
    provider: Provider


@pytest.fixture(scope="module")
async def entrance(
    built_web: None, settings: Settings, signer: Signer
) -> AsyncIterator[tuple[str, Provider]]:
    """The application as in production: no demonstration, people sign in at the provider."""
    provider = Provider(signer, Account("", "ana", "Ana Lindqvist"))
    async with serving(provider.app()) as provider.address:
        sign_in = WebSignIn(issuer=provider.address, client_id=CLIENT)
        issuers = [Issuer(issuer=provider.address, jwks_file=signer.jwks_file)]
        app = create_app(settings.model_copy(update={"web_sign_in": sign_in, "auth_issuers": issuers}))
        async with app.router.lifespan_context(app), serving(app) as address:
            provider.redirect_uri = f"{address}/app/signed-in"
            yield address, provider


@pytest.fixture
async def door(entrance: tuple[str, Provider], browser: Browser, world: World) -> AsyncIterator[Door]:
    """The provider as if it had heard of no one yet, and a browser that has been nowhere."""
    await world.course(category="Safety")
    address, provider = entrance
    provider.begin(Account(world.id, "ana", "Ana Lindqvist"))
    async with browser.tab() as tab:
        yield Door(Person(tab, address, DESK, ["light"]), provider)
        assert tab.errors == []


async def _enters(door: Door, path: str) -> None:
    await door.ana.opens(path)
    await door.ana.sees_heading("Sign in")
    await door.ana.chooses("Sign in")
    await door.ana.sees("Who are you?")
    await door.ana.chooses("I am Ana")


@pytest.mark.timeout(90)
async def test_who_signs_in_is_where_they_wanted_to_be_and_no_token_is_stored(door: Door) -> None:
    ana, provider = door.ana, door.provider
    await ana.opens("/app/courses?x=1")
    await ana.sees_heading("Sign in")
    await ana.looks_at_it("sign-in-provider")
    await _enters(door, "/app/courses?x=1")
    await ana.sees_heading("Catalogue")
    assert await ana.tab.evaluate("location.pathname + location.search") == "/app/courses?x=1"
    assert "eyJ" not in await ana.tab.evaluate(STORED)
    assert provider.grants == ["authorization_code"]
    # A reload forgets the token; the provider still knows the person.
    await ana.opens("/app/requirements")
    await ana.sees_heading("Requirements")
    assert provider.grants == ["authorization_code"] * 2
    await ana.chooses("A", "summary")
    await ana.chooses("Sign out")
    await ana.sees_heading("Sign in")
    await ana.opens("/app/requirements")
    await ana.sees_heading("Sign in")
    await ana.chooses("Sign in")
    await ana.sees("Who are you?")
    assert not ana.faults, "\n".join(ana.faults)


@pytest.mark.timeout(90)
async def test_a_token_is_renewed_before_it_ends(door: Door) -> None:
    door.provider.ttl = 3
    await _enters(door, "/app/courses")
    await door.ana.sees_heading("Catalogue")
    await asyncio.sleep(4)
    await door.ana.chooses("Required")
    await door.ana.sees_heading("Requirements")
    assert "refresh_token" in door.provider.grants
    assert "session has ended" not in await door.ana.tab.evaluate("document.body.innerText")


@pytest.mark.timeout(90)
async def test_without_renewal_one_signs_in_beside_and_the_screen_stays(door: Door) -> None:
    ana, provider = door.ana, door.provider
    provider.ttl, provider.refreshes = 4, False
    await _enters(door, "/app/courses")
    await ana.sees_heading("Catalogue")
    await ana.types("small", "#q")
    await asyncio.sleep(4)
    await ana.chooses("Required")
    await ana.sees("Your session has ended")
    provider.ttl = 3600
    await ana.reaches("Go on as Ana Lindqvist")
    # By a key, as a press of a person: browsers open windows for nothing less.
    await ana.presses("Enter")
    await ana.sees("What your organization asks of you.")
    await ana.waits_for("!document.querySelector('dialog[open]')", "the question is still there")
    assert provider.grants == ["authorization_code"] * 2
    assert all("401" in error for error in ana.tab.errors)
    ana.tab.errors.clear()


@pytest.mark.timeout(60)
async def test_an_answer_that_was_not_asked_for_lets_no_one_in(door: Door) -> None:
    """A link with a stranger's code would sign the reader in as the stranger."""
    await door.ana.opens("/app/signed-in?code=stolen&state=made-up")
    await door.ana.sees("You can close this window")
    assert door.provider.grants == []
    assert ["may close only" in error for error in door.ana.tab.errors] == [True]
    door.ana.tab.errors.clear()
