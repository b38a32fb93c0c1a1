"""Rich text: an allow-list, and a report of what did not pass it.

The sanitizer (nh3) parses as browsers do and decides alone what stays. A second pass, whose output is thrown
away, only finds out what was lost, and runs only where something was.
"""

import re
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

import nh3

from learning_service.domain.courses.rules.html_weight import check_weight
from learning_service.domain.courses.rules.tree import MAX_HTML
from learning_service.domain.documents.rules import referenced_id
from learning_service.domain.kernel.characters import WITHOUT_OVERRIDES
from learning_service.domain.kernel.errors import Invalid, Wrong
from learning_service.domain.kernel.pointers import Path, pointer
from learning_service.domain.kernel.values import StrictModel

T = TypeVar("T")
Part = TypeVar("Part", bound=StrictModel)
Clean: TypeAlias = Callable[[str], tuple[str, Sequence[str]]]
Cleaning: TypeAlias = Generator[None, None, T]

_TAGS = frozenset({
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "div", "span", "ul", "ol", "li", "dl", "dt", "dd",
    "blockquote", "pre", "code", "strong", "em", "b", "i", "u", "s", "sub", "sup", "a", "img", "table",
    "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td", "figure", "figcaption", "del",
    "ins", "mark", "kbd", "samp", "var", "small", "abbr", "cite", "dfn", "q", "wbr", "bdi",
})  # fmt: skip
# Presentation MathML and its annotations in plain text. What can hold HTML of its own (annotation-xml, mglyph,
# maction) or an address is left out: it has been the way round many a sanitizer.
_MATHML = frozenset({
    "math", "semantics", "annotation", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot",
    "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "none", "mtable",
    "mtr", "mlabeledtr", "mtd", "mpadded", "mphantom", "mstyle", "menclose", "merror", "mfenced",
})  # fmt: skip
_MATHML_ATTRIBUTES = {
    "accent", "accentunder", "align", "close", "columnalign", "columnlines", "columnspacing", "columnspan", "depth",
    "displaystyle", "fence", "form", "frame", "height", "largeop", "linethickness", "lspace", "mathcolor",
    "mathsize", "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "open", "rowalign", "rowlines",
    "rowspacing", "rowspan", "rspace", "scriptlevel", "separator", "separators", "stretchy", "symmetric", "voffset",
    "width",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height", "title"},
    "iframe": {"src", "width", "height", "title", "allowfullscreen"},
    "ol": {"start"},
    "th": {"colspan", "rowspan", "scope"},
    "td": {"colspan", "rowspan"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"datetime"},
    "ins": {"datetime"},
    "abbr": {"title"},
    "dfn": {"title"},
    **dict.fromkeys(_MATHML, _MATHML_ATTRIBUTES),
    "math": {"display", "xmlns", "alttext", *_MATHML_ATTRIBUTES},
    "annotation": {"encoding"},
    "*": {"lang", "dir"},
}
_WITH_CONTENT = frozenset({
    "script", "style", "iframe", "object", "embed", "noscript", "template", "svg", "title", "annotation-xml",
    "noembed", "noframes", "textarea", "select", "xmp", "plaintext", "frameset",
})  # fmt: skip
_REL = "noopener noreferrer"
_MAX_REPORTED, _MAX_NOTED = 50, 500
_TAG_NAME = re.compile(r"<([A-Za-z][A-Za-z0-9:-]{0,31})")
_WITH_ATTRIBUTE = re.compile(r"<[A-Za-z][^\s/<>]*[\s/]")
_PRE = re.compile(r"<pre(?:[\s/][^<>]*)?>", re.IGNORECASE)
# A noncharacter. After `<pre>` it keeps the parser from taking the line break there for a part of the tag.
_GUARD = "\ufdee"
_SCHEME = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{0,20}):")
_MARKUP = re.compile("<[A-Za-z/!?]")
_MATH = re.compile("<math(?=[ >])")
_TOKEN = re.compile(r'<(/?)([a-z0-9]+)((?: [a-z]+="[^"]*")*)>')


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out of the rich text at `pointer`: `<script>`, `onclick attribute` and the like."""

    pointer: str
    removed: tuple[str, ...]


def sanitize_html(text: str, *, video_hosts: frozenset[str] = frozenset()) -> tuple[str, tuple[str, ...]]:
    """The text with only what is allowed in it, and what was removed.

    Links go to https or mailto, images come over https or are `document:<id>`, embeds come from `video_hosts`
    over https. Sanitizing twice changes and reports nothing more. Raises ValueError for more elements, or more of
    them left open, than a person writes.
    """
    check_weight(text)
    guarded = _PRE.sub(lambda tag: tag[0] + _GUARD, text.replace(_GUARD, ""))
    turned = _clean(guarded, video_hosts).replace(_GUARD, "")
    # From character references too: in what comes out they are the characters. A carriage return among them would
    # be read as a line break the next time.
    turned = turned.replace("\r\n", "\n").replace("\r", "\n")
    cleaned = turned.translate(WITHOUT_OVERRIDES)
    lost = _removed(text, cleaned, video_hosts) if cleaned != text and _MARKUP.search(text) else set()
    if cleaned != turned:
        lost.add("text direction override")
    return cleaned, tuple(sorted(lost)[:_MAX_REPORTED])


def sanitize_tree(
    tree: Part, clean: Clean, held: frozenset[str] = frozenset()
) -> Cleaning[tuple[Part, tuple[Removed, ...]]]:
    """The tree, or a part of one, with every rich text cleaned, and what was removed, by place.

    Work that pauses after each text.

    Raises `Invalid` for a text that is too much to clean, or longer than allowed once it is clean: it could not be
    sent back. One of those `held` already stays as it is then: the rules were others when it came.
    """
    removed: list[Removed] = []

    def walk(node: Any, path: Path) -> Cleaning[Any]:
        changes: dict[str, Any] = {}
        for name in type(node).model_fields:
            value: Any = getattr(node, name)
            new: Any = value
            if isinstance(value, str) and name.endswith("html"):
                new = _cleaned(value, (*path, name), clean, held, removed)
                yield
            elif isinstance(value, tuple):
                parts = []
                for n, part in enumerate(value):
                    inner = hasattr(part, "model_fields_set")
                    parts.append((yield from walk(part, (*path, name, n))) if inner else part)
                new = tuple(parts)
            elif hasattr(value, "model_fields_set"):
                new = yield from walk(value, (*path, name))
            if new != value:
                changes[name] = new
        return node.model_copy(update=changes) if changes else node

    cleaned: Part = yield from walk(tree, ())
    return cleaned, tuple(removed)


def _cleaned(value: str, path: Path, clean: Clean, held: frozenset[str], removed: list[Removed]) -> str:
    try:
        text, lost = clean(value)
    except Wrong as error:
        if value in held:
            return value
        raise Invalid([error.at(pointer(*path))]) from None
    if len(text) > MAX_HTML:
        raise Invalid.at(
            pointer(*path),
            f"is longer than {MAX_HTML:,} characters once it is clean",
            "too-long",
            {"most": MAX_HTML},
        )
    if lost:
        removed.append(Removed(pointer(*path), tuple(lost)))
    return text


def _clean(text: str, video_hosts: frozenset[str]) -> str:
    cleaner = _cleaner(video_hosts)
    cleaned = cleaner.clean(text)
    if "<iframe" in cleaned:
        # Once more: what goes out has always come straight from the sanitizer.
        cleaned = cleaner.clean(_without_empty_iframes(cleaned))
    if "<math" in cleaned and cleaner.clean(cleaned) != cleaned:
        # What reads differently the second time would read differently in a browser.
        return _clean(_MATH.sub("<x-", cleaned), video_hosts)
    return cleaned


def _tags(video_hosts: frozenset[str]) -> frozenset[str]:
    return _TAGS | _MATHML | {"iframe"} if video_hosts else _TAGS | _MATHML


@lru_cache(maxsize=256)
def _cleaner(video_hosts: frozenset[str]) -> nh3.Cleaner:
    tags = _tags(video_hosts)
    return nh3.Cleaner(
        tags=set(tags),
        clean_content_tags=set(_WITH_CONTENT - tags),
        attributes={
            name: set(allowed) for name, allowed in _ATTRIBUTES.items() if name in tags or name == "*"
        },
        attribute_filter=lambda tag, name, value: value if _allowed(tag, name, value, video_hosts) else None,
        url_schemes={"https", "mailto", "document"},
        url_relative="deny",
        link_rel=_REL,
    )


def _allowed(tag: str, name: str, value: str, video_hosts: frozenset[str]) -> bool:
    """Whether the value of an attribute that is allowed as such may stay."""
    if name == "src":
        if tag == "img" and referenced_id(value) is not None:
            return True
        host = _https_host(value)
        return host is not None and (tag != "iframe" or host in video_hosts)
    if name == "href":
        return value.strip().lower().startswith("mailto:") or _https_host(value) is not None
    return True


def _https_host(url: str) -> str | None:
    """The host of a plain https address; None for anything else, also for what readers may disagree about."""
    if not url.isprintable() or any(c in url for c in ' \\"<>`'):
        return None
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme == "https" and "@" not in parts.netloc else None
    except ValueError:
        return None


def _without_empty_iframes(cleaned: str) -> str:
    """Sanitizer output without embeds that lost their source, and without anything inside embeds.

    The sanitizer's output is regular, so it can be read from tag to tag; text inside an iframe is not.
    """
    kept: list[str] = []
    position = 0
    while (token := _TOKEN.search(cleaned, position)) is not None:
        closing, tag, attributes = token.groups()
        kept.append(cleaned[position : token.start()])
        position = token.end()
        if tag != "iframe":
            kept.append(token.group())
        elif not closing:
            end = cleaned.find("</iframe>", position)
            position = len(cleaned) if end < 0 else end + len("</iframe>")
            if ' src="' in attributes:
                kept.append(token.group() + "</iframe>")
    return "".join(kept) + cleaned[position:]


def _removed(text: str, cleaned: str, video_hosts: frozenset[str]) -> set[str]:
    """What is in the text and not in what became of it."""
    tags = _tags(video_hosts)
    lost = _names(text) - _names(cleaned.replace("&lt;", "<"))
    found = {f"<{name}>" for name in lost if name not in tags or name in _MATHML}
    if text.count("<!--") > cleaned.count("<!--"):
        found.add("comment")

    def note(tag: str, name: str, value: str) -> None:
        if tag not in tags or len(found) > _MAX_NOTED:
            return
        if name not in _ATTRIBUTES.get(tag, set()) | _ATTRIBUTES["*"]:
            if name not in ("rel", "target"):
                found.add(f"{name[:40]} attribute")
        elif not _allowed(tag, name, value, video_hosts):
            found.add(_bad_address(tag, value))

    if not _WITH_ATTRIBUTE.search(text):
        return found
    schemes = {scheme.lower() for scheme in _SCHEME.findall(text)}
    nh3.Cleaner(
        tags=set(tags),
        clean_content_tags=set(_WITH_CONTENT - tags),
        attributes={},
        generic_attribute_prefixes={""},
        attribute_filter=note,
        url_schemes=schemes | {"https", "http", "mailto", "javascript", "data", "vbscript", "file"},
        link_rel=None,
    ).clean(text)
    return found


def _names(text: str) -> Counter[str]:
    return Counter(name.lower() for name in _TAG_NAME.findall(text))


def _bad_address(tag: str, value: str) -> str:
    what = {"iframe": "embed", "img": "image"}.get(tag, "link")
    scheme, colon, _ = "".join(value.split()).partition(":")
    if not colon or not scheme.isalnum():
        return f"relative {what}"
    if scheme.lower() == "https":
        return "embed from a host outside video_hosts" if tag == "iframe" else f"odd {what}"
    return f"{scheme.lower()[:20]}: {what}"
