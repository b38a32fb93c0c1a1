"""Rich text: an allow-list, and a report of what did not pass it.

The sanitizer (nh3) parses as browsers do and decides alone what stays. A second pass, whose output is thrown
away, only finds out what was lost, and runs only where something was.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import nh3

from learning_service.domain.courses.rules.tree import MAX_HTML, Tree
from learning_service.domain.documents.rules import referenced_id
from learning_service.domain.errors import Invalid
from learning_service.domain.pointers import Path, pointer

Clean: TypeAlias = Callable[[str], tuple[str, Sequence[str]]]

_TAGS = frozenset({
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "div", "span", "ul", "ol", "li", "dl", "dt", "dd",
    "blockquote", "pre", "code", "strong", "em", "b", "i", "u", "s", "sub", "sup", "a", "img", "table",
    "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "figure", "figcaption",
})  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height", "title"},
    "iframe": {"src", "width", "height", "title", "allowfullscreen"},
    "ol": {"start"},
    "th": {"colspan", "rowspan", "scope"},
    "td": {"colspan", "rowspan"},
    "*": {"lang", "dir"},
}
_WITH_CONTENT = frozenset({
    "script", "style", "iframe", "object", "embed", "noscript", "template", "svg", "math", "title",
    "noembed", "noframes", "textarea", "select", "xmp", "plaintext", "frameset",
})  # fmt: skip
# Elements that need no end tag.
_SELF_CLOSING = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option",
})  # fmt: skip
_REL = "noopener noreferrer"
_MAX_REPORTED = 50
# The parser takes time in the square of the depth: 5,000 open elements take 0.2 s, 40,000 take 16 s.
MAX_ELEMENTS = 5000
MAX_OPEN_ELEMENTS = 250
_TAG_NAME = re.compile(r"<([A-Za-z][A-Za-z0-9:-]{0,31})")
_END_TAG_NAME = re.compile(r"</([A-Za-z][A-Za-z0-9:-]{0,31})")
_SCHEME = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{0,20}):")
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
    _check_size(text)
    cleaned = _clean(text, video_hosts)
    return cleaned, () if cleaned == text else _removed(text, cleaned, video_hosts)


def sanitize_tree(tree: Tree, clean: Clean) -> tuple[Tree, tuple[Removed, ...]]:
    """The tree with every rich text cleaned, and what was removed, by place.

    Raises `Invalid` where a text is longer than allowed once it is clean: it could not be sent back.
    """
    removed: list[Removed] = []

    def walk(node: Any, path: Path) -> Any:
        changes: dict[str, Any] = {}
        for name in type(node).model_fields:
            value: Any = getattr(node, name)
            if isinstance(value, str) and name.endswith("_html"):
                new: Any = _cleaned(value, (*path, name), clean, removed)
            elif isinstance(value, tuple):
                new = tuple(
                    walk(part, (*path, name, n)) if hasattr(part, "model_fields_set") else part
                    for n, part in enumerate(value)
                )
            elif hasattr(value, "model_fields_set"):
                new = walk(value, (*path, name))
            else:
                continue
            if new != value:
                changes[name] = new
        return node.model_copy(update=changes) if changes else node

    cleaned: Tree = walk(tree, ())
    return cleaned, tuple(removed)


def _cleaned(value: str, path: Path, clean: Clean, removed: list[Removed]) -> str:
    try:
        text, lost = clean(value)
    except ValueError as error:
        raise Invalid.at(pointer(*path), str(error)) from None
    if len(text) > MAX_HTML:
        raise Invalid.at(pointer(*path), f"is longer than {MAX_HTML:,} characters once it is clean")
    if lost:
        removed.append(Removed(pointer(*path), tuple(lost)))
    return text


def _clean(text: str, video_hosts: frozenset[str]) -> str:
    cleaner = _cleaner(video_hosts)
    cleaned = cleaner.clean(text)
    if "<iframe" in cleaned:
        # Once more: what goes out has always come straight from the sanitizer.
        cleaned = cleaner.clean(_without_empty_iframes(cleaned))
    return cleaned


@lru_cache(maxsize=256)
def _cleaner(video_hosts: frozenset[str]) -> nh3.Cleaner:
    tags = _TAGS | {"iframe"} if video_hosts else _TAGS
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


def _removed(text: str, cleaned: str, video_hosts: frozenset[str]) -> tuple[str, ...]:
    """What is in the text and not in what became of it, each once, in a fixed order."""
    tags = _TAGS | {"iframe"} if video_hosts else _TAGS
    lost = _names(text) - _names(cleaned.replace("&lt;", "<"))
    found = {f"<{name}>" for name in lost if name not in tags}
    if text.count("<!--") > cleaned.count("<!--"):
        found.add("comment")

    def note(tag: str, name: str, value: str) -> None:
        if tag not in tags:
            return
        if name not in _ATTRIBUTES.get(tag, set()) | _ATTRIBUTES["*"]:
            if name not in ("rel", "target"):
                found.add(f"{name[:40]} attribute")
        elif not _allowed(tag, name, value, video_hosts):
            found.add(_bad_address(tag, value))

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
    return tuple(sorted(found)[:_MAX_REPORTED])


def _check_size(text: str) -> None:
    opened = _names(text)
    closed = Counter(name.lower() for name in _END_TAG_NAME.findall(text))
    left_open = Counter({name: n for name, n in opened.items() if name not in _SELF_CLOSING}) - closed
    if opened.total() > MAX_ELEMENTS or left_open.total() > MAX_OPEN_ELEMENTS:
        raise ValueError("has too many HTML elements, or too many inside each other")


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
