"""How mails look: both parts say the same, and lead to the page that they are about."""

import re
from dataclasses import fields, replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from tests.kit import documents as files
from tests.kit.mails import ENDING, MOMENT, SAMPLES, parts_of, sample_look, written
from tests.kit.sending import send, settled
from tests.reminders.post import Post, assigned, remind, soon

from learning_service.adapters.mail_look import PLAIN
from learning_service.domain.reminders.rules import Mail

HOSTILE = '<img src=x onerror="alert(1)">{organization}%s &lt;b&gt; {{ 7*7 }}'
"""As HTML, as a format and as a template."""


class Reader(HTMLParser):
    """What HTML says: a line for each block, links with their address."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        self.tags: list[str] = []
        self.links: list[str] = []
        self._hidden = 0
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden += tag in ("style", "title")
        if tag in ("p", "li", "h1", "h2", "div"):
            self.lines.append("• " if tag == "li" else "")
        if tag == "a":
            self._href = dict(attrs)["href"] or ""
            self.links.append(self._href)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")
        if tag == "a":
            self.lines[-1] += f": {self._href}"

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.lines[-1] += data.strip()


def read_html(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def same(text: str) -> list[str]:
    """Lines without the space that French puts before a colon."""
    lines = (re.sub(r"\s+:", ":", line).strip() for line in text.splitlines())
    return [line for line in lines if line and line != "--"]


@pytest.mark.parametrize("locale", ["en", "es", "fr"])
@pytest.mark.parametrize("name", SAMPLES)
def test_text_and_html_say_the_same(name: str, locale: str) -> None:
    for look in (PLAIN, sample_look()):
        text, page = parts_of(written(replace(SAMPLES[name], locale=locale), look))
        said = same("\n".join(read_html(page).lines))
        assert said == same(text)
        assert not re.search(r"[{}]", text), "every blank is filled in"


@pytest.mark.parametrize("name", SAMPLES)
def test_hostile_names_and_titles_are_only_text(name: str) -> None:
    sample = SAMPLES[name]
    texts = {one.name for one in fields(sample)} & {"name", "course_title", "organization_name"}
    clean, dirty = (
        parts_of(written(replace(sample, **dict.fromkeys(texts, value)), PLAIN))  # type: ignore[arg-type]
        for value in ("Clean", HOSTILE)
    )
    assert read_html(dirty[1]).tags == read_html(clean[1]).tags, "no element more"
    assert same("\n".join(read_html(dirty[1]).lines)) == same(dirty[0])
    assert dirty[0].replace(HOSTILE, "Clean") == clean[0]


def test_a_mail_leads_to_its_page_and_ends_its_kind() -> None:
    mail = SAMPLES["due"]
    assert isinstance(mail, Mail)
    text, page = parts_of(written(mail, sample_look()))
    at = "https://learn.example.org"
    leads = [f"{at}/enrollments/{mail.enrollment_id}", f"{at}/courses/{mail.course_id}", ENDING]
    assert read_html(page).links == leads
    assert [address in text for address in leads] == [True] * 3
    for part in parts_of(written(mail, PLAIN, ending=None)):
        assert "http" not in part, "where nothing is known to lead to, nothing leads"


@pytest.mark.parametrize("name", ["due", "overdue"])
def test_a_reminder_of_a_renewal_is_a_reminder(name: str) -> None:
    """What is renewed expires too; the mail is about the due time all the same."""
    mail = SAMPLES[name]
    assert isinstance(mail, Mail)
    renewal = written(replace(mail, expires_at=MOMENT + timedelta(days=3)), PLAIN)
    plain = written(mail, PLAIN)
    assert (renewal["Subject"], parts_of(renewal)) == (plain["Subject"], parts_of(plain))


def test_a_mail_is_in_the_organization_s_colour_with_its_logo_inside() -> None:
    message = written(SAMPLES["due"], sample_look("#ffd700"))
    _, page = parts_of(message)
    assert "#ffd700" not in page, "white on gold cannot be read: it is darkened"
    assert re.search(r"background:#[0-9a-f]{6};color:#ffffff", page)
    [logo] = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert f"cid:{logo['Content-ID'].strip('<>')}" in page
    assert len(logo.get_content()) < 50_000
    assert "src=" not in parts_of(written(SAMPLES["due"], PLAIN))[1]


async def test_mails_are_sent_with_the_organization_s_look(post: Post) -> None:
    world, due = post.world, soon(days=9.5)
    picture = await send(world.admin, files.picture(300, 100, "PNG", "#c02010"))
    document = (await settled(world, picture.json()["id"]))["id"]
    url = "https://learn.example.org/app/"
    change = {"frontend_url": url, "primary_color": "#0a6b4f", "logo": f"document:{document}"}
    await world.admin.ok("PATCH", "/api/organization/", change)
    await assigned(world, due, "ana")
    await world.run_jobs()
    assert await remind(post, due - timedelta(days=6.9)) == 1
    [mine] = (await world.member().ok("GET", "/api/users/enrollments/"))["items"]
    for message in post.inbox.messages:
        _, page = parts_of(message)
        assert f'href="{url}enrollments/{mine["id"]}"' in page
        assert f'href="{url}courses/{mine["course_id"]}"' in page
        assert "#0a6b4f" in page
        assert "cid:logo" in page
        listed = message["List-Unsubscribe"].replace(" ", "").strip("<>")
        assert f'href="{listed}"' in page
