"""The verification page: what it says in each state and language, and what it must never contain."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib import resources
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning_service.api.verification_page import (
    LANGUAGES,
    PAGE_HEADERS,
    Attested,
    VerificationView,
    render_unknown_page,
    render_verification_page,
)
from learning_service.domain.certificates.rules.codes import printed_code

NUMBER = UUID("6f1c2f0a-8a0e-4f5e-9d6b-2b7c1a9e4d33")
CODE = bytes.fromhex("3bc7d2a4e10f96587a2c")
SUCCESSOR = "https://learn.example.org/certificates/0b8e7a52-7c1d-4a53-8c53-bd4f2d4f9a10/verify/"
VALID = VerificationView(
    certificate_id=NUMBER,
    code=CODE,
    status="valid",
    recipient_name="José Ñandú",
    course_title="Hazing Prevention",
    issuer_name="National Association",
    issued_at=datetime(2026, 11, 22, 15, 4, tzinfo=UTC),
    expires_at=datetime(2028, 2, 29, 15, 4, tzinfo=UTC),
    url="https://learn.example.org/certificates/6f1c2f0a/verify/",
)
STATES = {
    "valid": VALID,
    "expired": replace(VALID, status="expired"),
    "revoked": replace(VALID, status="revoked", revoked_at=datetime(2027, 1, 3, tzinfo=UTC)),
    "superseded": replace(VALID, status="superseded", superseded_by_url=SUCCESSOR),
}
STATUS_WORDS = {
    "en": {"valid": "valid", "expired": "expired", "revoked": "revoked", "superseded": "superseded"},
    "es": {"valid": "válido", "expired": "vencido", "revoked": "revocado", "superseded": "reemplazado"},
    "fr": {"valid": "valide", "expired": "expiré", "revoked": "révoqué", "superseded": "remplacé"},
}
ATTACK = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{ 7*7 }}&amp;'


class _Page(HTMLParser):
    """Tags with their attributes, the visible text, and the style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.style = ""
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.style += data
        elif self._inside != "title" and data.strip():
            self.texts.append(data.strip())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _page(view: VerificationView | None, language: str | None = None) -> _Page:
    if view is None:
        return _Page(render_unknown_page(accept_language=language)[0])
    return _Page(render_verification_page(view, accept_language=language)[0])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", STATES)
def test_each_state_is_said_in_words_in_each_language(status: str, language: str) -> None:
    html, answered = render_verification_page(STATES[status], accept_language=language)
    page = _Page(html)
    said = STATUS_WORDS[language][status]
    assert answered == language
    assert page.named("html") == [{"lang": language, "dir": "ltr"}]
    assert said in page.texts
    assert not (set(STATUS_WORDS[language].values()) - {said}) & set(page.texts)


def test_the_unknown_page_says_so_and_attests_nothing() -> None:
    page = _page(None)
    assert "unknown" in page.texts
    assert page.named("dl") == []
    assert _page(None, "fr").named("html")[0]["lang"] == "fr"


def test_it_says_name_course_issuer_dates_and_number() -> None:
    texts = _page(VALID).texts
    assert {
        "José Ñandú",
        "Hazing Prevention",
        "National Association",
        str(NUMBER),
        printed_code(CODE),
    } <= set(texts)
    assert {"22 November 2026", "29 February 2028"} <= set(texts)
    assert _page(VALID).named("time") == [{"datetime": "2026-11-22"}, {"datetime": "2028-02-29"}]


ATTESTED = Attested(
    signer="did:web:learn.example.org",
    criteria="Complete it.",
    skills=("Law", "Care"),
    badge_url="https://learn.example.org/api/certificates/6f1c2f0a/badge.png/",
)
WHOLE = replace(
    VALID,
    website="https://association.example.org",
    color="#aa3311",
    attested=ATTESTED,
    looked_at=datetime(2026, 12, 1, 8, 5, 9, tzinfo=UTC),
)


def test_it_names_the_issuer_with_website_and_colour_and_who_signed_what() -> None:
    page = _page(WHOLE)
    assert {"did:web:learn.example.org", "Complete it.", "Law", "Care", "2026-12-01 08:05:09 UTC"} <= set(
        page.texts
    )
    assert "https://association.example.org" in [link.get("href") for link in page.named("a")]
    assert [rect["fill"] for rect in page.named("rect") if "fill" in rect] == ["#aa3311"]
    assert [one["src"] for one in page.named("img")] == [f"/api/certificates/{NUMBER}/badge.png/"]
    shared = {meta.get("property"): meta.get("content") for meta in page.named("meta")}
    assert shared["og:image"] == ATTESTED.badge_url
    assert shared["og:title"] == "Hazing Prevention: valid"
    things = [tag["itemtype"] for _, tag in page.tags if "itemtype" in tag]
    assert things == [
        f"https://schema.org/{kind}" for kind in ("EducationalOccupationalCredential", "Organization")
    ]


def test_of_an_erased_person_it_shows_no_badge_and_tells_others_nothing() -> None:
    page = _page(replace(WHOLE, recipient_name=None))
    assert page.named("img") == []
    assert not [meta for meta in page.named("meta") if "property" in meta]


def test_dates_are_written_in_the_language() -> None:
    assert "29 de febrero de 2028" in _page(VALID, "es").texts
    assert "29 février 2028" in _page(VALID, "fr").texts


def test_a_revoked_one_says_when_and_an_expired_one_until_when() -> None:
    assert "3 January 2027" in _page(STATES["revoked"]).texts
    assert any("withdrew" in text and "3 January 2027" in text for text in _page(STATES["revoked"]).texts)
    assert any("ended on 29 February 2028" in text for text in _page(STATES["expired"]).texts)


def test_one_without_expiry_says_so() -> None:
    assert "No expiry" in _page(replace(VALID, expires_at=None)).texts


def test_a_superseded_one_leads_to_its_successor() -> None:
    assert _followed(_page(STATES["superseded"])) == [SUCCESSOR]
    assert SUCCESSOR not in _followed(_page(VALID))


def _followed(page: _Page) -> list[str]:
    """Where the page leads, but for itself in another language."""
    return [str(link["href"]) for link in page.named("a") if "hreflang" not in link]


def test_a_certificate_in_force_is_added_to_a_profile_elsewhere() -> None:
    view = replace(VALID, course_title="Ethik & <Recht> 倫理", issuer_name="A+B")
    [address] = _followed(_page(view))
    place, _, query = address.partition("?")
    assert place == "https://www.linkedin.com/profile/add"
    assert parse_qs(query) == {
        "startTask": ["CERTIFICATION_NAME"],
        "name": ["Ethik & <Recht> 倫理"],
        "organizationName": ["A+B"],
        "issueYear": ["2026"],
        "issueMonth": ["11"],
        "expirationYear": ["2028"],
        "expirationMonth": ["2"],
        "certUrl": [VALID.url],
        "certId": [printed_code(CODE)],
    }
    [lasting] = _followed(_page(replace(VALID, expires_at=None)))
    assert "expiration" not in lasting
    assert _followed(_page(replace(VALID, recipient_name=None))) == []
    for status in ("expired", "revoked", "superseded"):
        assert not [link for link in _followed(_page(STATES[status])) if "linkedin" in link]


@pytest.mark.parametrize("view", [*STATES.values(), None], ids=[*STATES, "unknown"])
def test_the_reader_finds_the_other_languages(view: VerificationView | None) -> None:
    links = [link for link in _page(view, "fr").named("a") if "hreflang" in link]
    assert [link["href"] for link in links] == ["?lang=en", "?lang=es", "?lang=fr"]
    assert [link["hreflang"] for link in links] == [link["lang"] for link in links] == list(LANGUAGES)
    assert [link["hreflang"] for link in links if "aria-current" in link] == ["fr"]


@pytest.mark.parametrize(
    ("chosen", "language"),
    [("es", "es"), ("en", "en"), ("de", "fr"), ("", "fr"), ("ES\0", "fr"), ("x" * 9999, "fr"), (None, "fr")],
)
def test_a_chosen_language_comes_before_the_browsers(chosen: str | None, language: str) -> None:
    assert render_verification_page(VALID, accept_language="fr", chosen=chosen)[1] == language
    assert render_unknown_page(accept_language="fr", chosen=chosen)[1] == language


def test_an_erased_name_is_not_shown() -> None:
    page = _page(replace(VALID, recipient_name=None))
    assert "Name erased" in page.texts
    assert "None" not in page.texts


def test_markup_in_what_others_wrote_is_only_text() -> None:
    view = replace(VALID, recipient_name=ATTACK, course_title=ATTACK, issuer_name=ATTACK)
    page = _page(view)
    assert page.texts.count(ATTACK) == 4
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in _page(VALID).tags]


@pytest.mark.parametrize("view", [*STATES.values(), None], ids=[*STATES, "unknown"])
def test_nothing_runs_nothing_is_loaded_nothing_is_sent(view: VerificationView | None) -> None:
    page = _page(view)
    forbidden = {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "video",
        "audio",
    }
    assert not forbidden & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        assert not [
            name for name in attributes if name.startswith("on") or name in ("style", "src", "srcset")
        ]
        assert tag == "a" or "href" not in attributes
    assert [form["action"] for form in page.named("form")] == ["/c/", "/api/certificates/check/?lang=en"]
    assert "url(" not in page.style
    assert "@import" not in page.style


@pytest.mark.parametrize("view", [*STATES.values(), None], ids=[*STATES, "unknown"])
def test_the_policy_allows_exactly_the_style_that_is_in_the_page(view: VerificationView | None) -> None:
    digest = base64.b64encode(hashlib.sha256(_page(view).style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in PAGE_HEADERS["Content-Security-Policy"]


def test_the_headers_close_every_door() -> None:
    policy = PAGE_HEADERS["Content-Security-Policy"]
    for rule in ("default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert "noindex" in PAGE_HEADERS["X-Robots-Tag"]
    assert PAGE_HEADERS["Cache-Control"] == "no-store"
    assert PAGE_HEADERS["Vary"] == "Accept-Language"


@pytest.mark.parametrize("view", [*STATES.values(), None], ids=[*STATES, "unknown"])
def test_a_screen_reader_finds_its_way(view: VerificationView | None) -> None:
    page = _page(view)
    assert len(page.named("main")) == len(page.named("h1")) == 1
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert page.named("section")
    assert all(section["aria-labelledby"] in ids for section in page.named("section"))
    assert all(svg["aria-hidden"] == "true" for svg in page.named("svg"))
    assert "width=device-width" in str(page.named("meta")[1]["content"])


def test_each_state_has_a_sign_of_its_own() -> None:
    def sign(view: VerificationView | None) -> str:
        return str([(tag, a) for tag, a in _page(view).tags if tag in ("circle", "path", "rect")])

    assert len({sign(view) for view in (*STATES.values(), None)}) == 5


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("*", "en"),
        ("de-DE,de", "en"),
        ("es", "es"),
        ("es-419,es;q=0.9,en;q=0.8", "es"),
        ("FR-ca", "fr"),
        ("de, fr;q=0.5, es;q=0.7", "es"),
        ("en;q=0.1, fr;q=0.2", "fr"),
        ("fr;q=0, es;q=0.1", "es"),
        ("fr;q=NaN, es;q=x, fr;q=-1, es;q=7", "en"),
        (",;,;;q=,=,", "en"),
        ("es\x00,\xff\U0001f600;q=1", "en"),
        ("x" * 100_000, "en"),
        (",".join(["de"] * 1000 + ["fr"]), "en"),
    ],
)
def test_the_reader_chooses_the_language(header: str | None, language: str) -> None:
    assert render_verification_page(VALID, accept_language=header)[1] == language
    assert render_unknown_page(accept_language=header)[1] == language


@given(st.text(st.sampled_from("enfrsENFR-_*;q=0.19, \x00é"), max_size=60))
@settings(deadline=None, derandomize=True)
def test_any_header_gets_a_language_that_there_is(header: str) -> None:
    assert render_unknown_page(accept_language=header)[1] in LANGUAGES


def test_the_catalogs_have_the_same_keys_and_no_empty_text() -> None:
    folder = resources.files("learning_service") / "assets" / "translations"
    catalogs = [json.loads((folder / f"{language}.json").read_text("utf-8")) for language in LANGUAGES]
    assert all(catalog.keys() == catalogs[0].keys() for catalog in catalogs)
    assert all(text.strip() for catalog in catalogs for text in catalog.values())


def _schemes() -> list[dict[str, str]]:
    """The colours in force for each state, light and dark."""
    style = _page(VALID).style
    dark_at = style.index("@media (prefers-color-scheme:dark)")
    light, dark = style[:dark_at], style[dark_at : style.index("@media (min-width")]
    found = []
    for sheets in ((light,), (light, dark)):
        for status in ("", ".expired", ".revoked", ".superseded", ".unknown"):
            colors: dict[str, str] = {}
            for sheet in sheets:
                for selector in (":root", status):
                    for rule in (
                        re.findall(rf"(?m)^{re.escape(selector)}\{{([^}}]*)\}}", sheet) if selector else []
                    ):
                        colors |= re.findall(r"--(\w+):(#[0-9a-f]{3,6})", rule)
            found.append(colors)
    return found


def _contrast(one: str, other: str) -> float:
    def luminance(color: str) -> float:
        digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_text_has_the_contrast_of_wcag_aa_in_light_and_dark() -> None:
    schemes = _schemes()
    assert len({colors["tone"] for colors in schemes}) == 10
    for colors in schemes:
        for ink in ("ink", "quiet"):
            for ground in ("paper", "ground", "tint"):
                assert _contrast(colors[ink], colors[ground]) >= 4.5, (ink, ground, colors)
        assert _contrast(colors["tone"], colors["tint"]) >= 4.5, colors
        assert _contrast(colors["link"], colors["paper"]) >= 4.5, colors
