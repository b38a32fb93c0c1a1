"""How mails look: text, and HTML in the organization's colour with its logo, both made from the same words."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from jinja2 import Environment, PackageLoader, StrictUndefined

from learning_service.adapters.certificate_colors import DEFAULT_COLOR, readable_on_white
from learning_service.adapters.certificate_content import MailLook

_PAGES = Environment(
    loader=PackageLoader("learning_service", "assets/mail"), autoescape=True, undefined=StrictUndefined
)
_LOGO_ID = "logo"
_TEXT_CONTRAST = 4.5


PLAIN = MailLook()


@dataclass(frozen=True, slots=True)
class Link:
    """Where a mail leads."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A heading with a line for each of several."""

    heading: str
    lines: Sequence[str]
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a mail, in the order in which they are read."""

    language: str
    subject: str
    organization: str
    paragraphs: Sequence[str]
    footer: str
    link_form: str
    """How text writes a link: label and address."""
    deadline: str | None = None
    listings: Sequence[Listing] = ()
    closing: Sequence[str] = ()
    """What is said after them."""
    button: Link | None = None
    links: Sequence[Link] = ()
    unsubscribe: Link | None = None


def mail_body(said: Said, look: MailLook) -> EmailMessage:
    """The two parts, with their MIME headers only. The logo travels with the HTML: nothing is loaded from outside."""
    body = EmailMessage(policy=SMTP)
    body.set_content(_text(said), cte="quoted-printable")
    page = _PAGES.get_template("mail.html").render(
        said=said,
        logo=look.logo,
        logo_id=_LOGO_ID,
        color=readable_on_white(look.color or DEFAULT_COLOR, _TEXT_CONTRAST),
    )
    body.add_alternative(page, subtype="html", cte="quoted-printable")
    if look.logo is not None:
        html = body.get_payload(1)
        assert isinstance(html, EmailMessage)
        html.add_related(
            look.logo.png, "image", "png", cid=f"<{_LOGO_ID}>", disposition="inline", filename="logo.png"
        )
    return body


def _text(said: Said) -> str:
    parts = [said.organization, *said.paragraphs]
    if said.deadline is not None:
        parts.append(said.deadline)
    for one in said.listings:
        goes_on = [] if one.link is None else [_link(said, one.link)]
        parts.append("\n".join([one.heading, *(f"• {line}" for line in one.lines), *goes_on]))
    parts += said.closing
    links = [*([said.button] if said.button else []), *said.links]
    parts += [_link(said, one) for one in links]
    end = ["-- ", said.footer, *([_link(said, said.unsubscribe)] if said.unsubscribe else [])]
    return "\n\n".join([*parts, "\n".join(end)]) + "\n"


def _link(said: Said, link: Link) -> str:
    return said.link_form.replace("{label}", link.label).replace("{url}", link.url)
