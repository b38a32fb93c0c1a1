"""The public page that says whether a certificate holds: HTML and one inline style, nothing else to load."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlencode, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.adapters.certificate_words import (
    LANGUAGES,
    long_date,
    percent,
    preferred_language,
    words,
)
from learning_service.api.public_pages import Page, page_headers
from learning_service.domain.certificates.actions.certificates import verification_url
from learning_service.domain.certificates.queries.public import looks_of_certificate, public_credential
from learning_service.domain.certificates.rules.certificates import PublicCertificate
from learning_service.domain.certificates.rules.checks import CheckResult
from learning_service.domain.certificates.rules.codes import printed_code
from learning_service.domain.certificates.rules.pictures import ShownPicture
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.days import last_moment

__all__ = [
    "LANGUAGES",
    "PAGE_HEADERS",
    "Attested",
    "VerificationView",
    "render_checked_page",
    "render_lookup_page",
    "render_unknown_page",
    "render_verification_page",
    "view_of",
]

_LINKEDIN = "https://www.linkedin.com/profile/add"

PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    page_headers(forms=True, pictures=True)
    | {
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
"""Headers of every reply with this page, the unknown one too. Content-Language is added to each."""


@dataclass(frozen=True)
class Attested:
    """What a credential says, and who signed it."""

    signer: str
    """The issuer's identifier, by which anyone finds the keys."""
    criteria: str
    skills: tuple[str, ...]
    badge_url: str
    """A picture, with the credential in it."""


@dataclass(frozen=True)
class VerificationView:
    """What anyone may know of a certificate, as of the moment that was asked.

    Moments are shown as days of the zone that they carry.
    """

    certificate_id: UUID
    code: bytes
    """The short one that is printed."""
    status: Literal["valid", "expired", "revoked", "superseded"]
    recipient_name: str | None
    """None after the person was erased."""
    course_title: str
    issuer_name: str
    issued_at: datetime
    expires_at: datetime | None
    url: str
    """Of this very page, as others reach it."""
    revoked_at: datetime | None = None
    reissued_at: datetime | None = None
    superseded_by_url: str | None = None
    """The page of the certificate that replaces this one."""
    looked_at: datetime | None = None
    """Of when the state is, in UTC."""
    website: str | None = None
    """The issuer's own."""
    color: str | None = None
    """The issuer's, `#rrggbb`."""
    has_logo: bool = False
    """Whether it bears the issuer's."""
    score: Decimal | None = None
    """Percent; None where it is not told."""
    attested: Attested | None = None
    """What its credential says beyond this; None where it is not signed yet or gone."""
    picture: ShownPicture | None = None
    """That of its PDF; None where there is none, or it is not shown."""

    def number(self) -> str:
        """What is printed as its number."""
        return printed_code(self.code)

    def linkedin_url(self) -> str | None:
        """Where its holder adds it to a profile; None for one that is not in force, or whose person was erased."""
        if self.status != "valid" or self.recipient_name is None:
            return None
        facts: dict[str, object] = {
            "startTask": "CERTIFICATION_NAME",
            "name": self.course_title,
            "organizationName": self.issuer_name,
            "issueYear": self.issued_at.year,
            "issueMonth": self.issued_at.month,
            "certUrl": self.url,
            "certId": self.number(),
        }
        if self.expires_at:
            facts |= {"expirationYear": self.expires_at.year, "expirationMonth": self.expires_at.month}
        return f"{_LINKEDIN}?{urlencode(facts)}"


async def view_of(session: AsyncSession, found: PublicCertificate, code: bytes) -> VerificationView:
    """What the page shows of a certificate as of now."""
    zone, instant = ZoneInfo(found.timezone), now(session)
    status = found.status(instant)
    looks, pictures = await looks_of_certificate(session, found.id)
    credential = (await public_credential(session, found.id)).credential
    url = verification_url(session, found.id)
    follower = found.superseded_by if status == "superseded" else None
    return VerificationView(
        certificate_id=found.id,
        code=code,
        status=status,
        recipient_name=found.recipient_name,
        course_title=found.course_title,
        issuer_name=found.issuer_name,
        issued_at=found.issued_at.astimezone(zone),
        reissued_at=found.reissued_at.astimezone(zone) if found.reissued_at else None,
        url=url,
        expires_at=last_moment(found.expires_at).astimezone(zone) if found.expires_at else None,
        revoked_at=found.revoked_at.astimezone(zone) if found.revoked_at else None,
        superseded_by_url=verification_url(session, follower) if follower else None,
        looked_at=instant.astimezone(UTC),
        website=looks.website,
        color=looks.primary_color,
        has_logo=looks.logo_key is not None,
        score=looks.score,
        attested=_attested(credential, url, found.id) if credential else None,
        picture=pictures.shown(status) if pictures else None,
    )


def _attested(credential: str, url: str, certificate_id: UUID) -> Attested:
    said = json.loads(credential)
    achievement = said["credentialSubject"]["achievement"]
    parts = urlsplit(url)
    return Attested(
        signer=said["issuer"]["id"],
        criteria=achievement["criteria"]["narrative"],
        skills=tuple(achievement.get("tag", ())),
        badge_url=f"{parts.scheme}://{parts.netloc}/api/certificates/{certificate_id}/badge.png/",
    )


@dataclass(frozen=True)
class _Day:
    label: str
    text: str
    iso: str


_PAGE = Page("verification.html")


def render_verification_page(
    view: VerificationView, *, accept_language: str | None, chosen: str | None = None
) -> tuple[str, str]:
    """The page of one certificate: its HTML, and the language that it is in (for Content-Language)."""
    language = preferred_language(accept_language, chosen)
    return _render(language, view.status, _meaning(view, language), view, _days(view, language)), language


def render_checked_page(
    result: CheckResult, view: VerificationView | None, *, accept_language: str | None, chosen: str | None
) -> tuple[str, str]:
    """The page that says what a file is: of a genuine one what its certificate's own page says, and that it is so."""
    language = preferred_language(accept_language, chosen)
    status: str = result
    meaning = words(language)[f"{result}_meaning"]
    if result == "genuine" and view is not None:
        status, meaning = view.status, f"{_meaning(view, language)} {meaning}"
    days = _days(view, language) if view else []
    return _render(language, status, meaning, view, days, languages_at="/c/"), language


def _meaning(view: VerificationView, language: str) -> str:
    day = view.revoked_at if view.status == "revoked" else view.expires_at
    return words(language)[f"{view.status}_meaning"].replace("{date}", _on(day, language) if day else "–")


def render_unknown_page(*, accept_language: str | None, chosen: str | None = None) -> tuple[str, str]:
    """The page for a number that no certificate has. It repeats nothing of what was asked."""
    language = preferred_language(accept_language, chosen)
    return _render(language, "unknown", words(language)["unknown_meaning"], None, []), language


def render_lookup_page(*, accept_language: str | None, chosen: str | None = None) -> tuple[str, str]:
    """The page with nothing but the field for a number."""
    language = preferred_language(accept_language, chosen)
    return _render(language, "lookup", "", None, []), language


def _render(
    language: str,
    status: str,
    meaning: str,
    view: VerificationView | None,
    days: list[_Day],
    languages_at: str = "",
) -> str:
    return _PAGE.render(
        language=language, words=words(language), status=status, meaning=meaning, view=view, days=days,
        score=percent(view.score, language) if view and view.score is not None else None,
        languages_at=languages_at,
        languages=[(tag, words(tag)["own_name"]) for tag in LANGUAGES],
    )  # fmt: skip


def _days(view: VerificationView, language: str) -> list[_Day]:
    """The dates of a certificate in the order of its life."""
    text = words(language)
    days = [_day("issued", view.issued_at, language)]
    if view.reissued_at:
        days.append(_day("reissued", view.reissued_at, language))
    if view.expires_at:
        days.append(_day("expired_on" if view.status == "expired" else "expires", view.expires_at, language))
    else:
        days.append(_Day("expires", text["no_expiry"], ""))
    if view.revoked_at:
        days.append(_day("revoked_on", view.revoked_at, language))
    return days


def _day(label: str, moment: datetime, language: str) -> _Day:
    return _Day(label, _on(moment, language), moment.date().isoformat())


def _on(moment: datetime, language: str) -> str:
    return long_date(moment.date(), language)
