"""What a mail's header may hold, whatever a name, a title or an address holds."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.kit.mails import MAIL

from learning_service.adapters import letter as letters
from learning_service.adapters import mail_text
from learning_service.adapters.letter import Letter, UnsafeLetter, in_header, one_line, usable_address
from learning_service.adapters.mail_text import write_mail
from learning_service.domain.reminders.rules import Mail

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SMUGGLED = "=?utf-8?q?Hi=0D=0ABcc:_victim=40evil.example=0D=0A=0D=0Aread_this?="
HEADERS = [
    "Subject",
    "From",
    "To",
    "Message-ID",
    "Date",
    "Auto-Submitted",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
]


def written(**facts: object) -> Letter:
    mail: Mail = replace(MAIL, **facts)  # type: ignore[arg-type]
    return write_mail(mail, sender="Learn <learn@example.org>", sent_at=NOW, instant=NOW)


def parsed(letter: Letter) -> EmailMessage:
    message = message_from_bytes(letter.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def check(letter: Letter, *, name: str, title: str) -> None:
    """By the bytes themselves, then by a parser: the header that was meant, one addressee, one body of two parts."""
    head = letter.content.partition(b"\r\n\r\n")[0]
    lines = re.sub(rb"\r\n[ \t]", b" ", head).split(b"\r\n")
    assert [line.partition(b": ")[0].decode() for line in lines] == HEADERS
    assert b"\r" not in re.sub(rb"\r\n", b"", letter.content)
    assert max(len(line) for line in head.split(b"\r\n")) <= 998
    message = parsed(letter)
    assert not message.defects
    [to] = message["To"].addresses
    # Python's own reader puts a space between two encoded words of a name.
    assert to.addr_spec == letter.recipient
    assert to.display_name.replace(" ", "") == one_line(name).replace(" ", "")
    assert message["Subject"].endswith(f": {in_header(title)}") or not in_header(title)
    # Nor does a reader that decodes what is decoded find anything.
    assert "=?" not in message["Subject"] + to.display_name
    again = message_from_bytes(message.as_bytes(policy=policy.default.clone(refold_source="all")))
    assert again.keys() == HEADERS
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


hostile = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(list('\r\n\x0b\x0c\x1c\x85\u2028\u2029,<>@"\\=?:; ()\u202e\ufeff')),
    ),
    max_size=200,
)


@settings(deadline=None)
@given(hostile, hostile)
@example(SMUGGLED, SMUGGLED)
@example("a, b" * 40, "\u2028")
@example("Hi\r\nBcc: victim@evil.example\r\n\r\nread", "\r\n")
@example("x" * 200, "=?utf-8?b?DQo=?=" * 12)
@example("a?= =?", "\\" * 200)
def test_no_name_and_no_title_writes_a_header(name: str, title: str) -> None:
    check(written(name=name, course_title=title), name=name, title=title)


@settings(deadline=None)
@given(hostile, st.sampled_from(["example.org", "faß.example.org", "a\r\nb", "[127.0.0.1]", "xn--.org", ""]))
@example("ana>\r\nBcc: <victim", "evil.example")
def test_an_address_is_one_address_or_none(local: str, domain: str) -> None:
    try:
        letter = written(address=f"{local}@{domain}")
    except ValueError:
        return
    assert letter.recipient.rpartition("@")[0] == local
    check_wide = letter.content.partition(b"\r\n\r\n")[0].decode()
    assert f"<{letter.recipient}>\r\n" in check_wide
    assert check_wide.count("\r\nBcc") == 0


@pytest.mark.parametrize(
    ("address", "reaches"),
    [
        ("anna@faß.example.org", "anna@xn--fa-hia.example.org"),
        ("anna@Faß.Example.org", "anna@xn--fa-hia.example.org"),
        ("anna@βόλος.example.org", "anna@xn--nxasmm1c.example.org"),
        ("anna@exämple.org", "anna@xn--exmple-cua.org"),
        ("anna@EXAMPLE.org", "anna@example.org"),
        ("zoë@example.org", "zoë@example.org"),
        ("anna@例え。example.org", "anna@xn--r8jz45g.example.org"),
    ],
)
def test_a_domain_goes_to_its_name_of_2008(address: str, reaches: str) -> None:
    assert usable_address(address) == reaches


@pytest.mark.parametrize(
    "address", ["", "ana", "@example.org", "a b@example.org", "a@", "a@-ß-.org", "a@" + "ä" * 64]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        usable_address(address)


@pytest.mark.parametrize("length", [20, 74, 75, 76, 90, 200])
def test_a_long_name_with_a_comma_is_one_addressee(length: int) -> None:
    name = ("Doe, Jane, Dr. " * 20)[:length].strip()
    check(written(name=name), name=name, title="Course")


def test_a_header_that_reads_otherwise_is_no_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should what encodes values ever let one through: nothing leaves."""
    monkeypatch.setattr(letters, "_text", lambda value: value)
    for module in (letters, mail_text):
        monkeypatch.setattr(module, "one_line", lambda value: value)
    for title in ("Hi\r\nBcc: victim@evil.example", "Hi\r\n\r\nbody", "Hi\nX: y", "x" * 2000, "a\0b"):
        with pytest.raises(UnsafeLetter):
            written(course_title=title)


def test_an_addressee_that_a_reader_takes_for_others_is_no_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines are those that were written; who reads them finds somebody else."""
    for told in ("{0}, victim@evil.example", "victim@evil.example", "ana:;"):
        monkeypatch.setattr(letters, "_mailbox", lambda _name, address, told=told: told.format(address))
        with pytest.raises(UnsafeLetter, match="read"):
            written(name="Ana")


def test_a_title_of_before_with_a_line_separator_is_mailed() -> None:
    for title in ("Know\u2028the\u2029law", SMUGGLED):
        check(written(course_title=title), name="Ana", title=title)
