"""The worst known texts of a size, and requests that carry them in every field that takes text or a tree."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.kit.world import Caller, Json

Text = Callable[[int], str]


def repeated(part: str) -> Text:
    return lambda n: (part * (n // len(part) + 1))[:n]


PLAIN: dict[str, Text] = {
    "letters": repeated("a"),
    "marks": repeated("\u0301\u0323\u0f71\u0345"),
    "thirty marks": repeated("a" + "\u0301\u0323" * 15),
    "ligatures": repeated("\ufdfa"),
    "fractions": repeated("½1"),
    "fillers": repeated("\u3164"),
    "selectors": repeated("\ufe0f\u200d"),
    "overrides": repeated("\u202e"),
    "wildcards": repeated("*a"),
    "stars": repeated("*"),
    "escaped stars": repeated("\\*"),
    "spaces": repeated(" \u2003"),
    "every character": lambda n: "".join(chr(0x100 + 7 * i % 0xD000) for i in range(n)),
    "jamo": repeated("\u1100\u1161\u11a8"),
    "dotted": repeated("İ"),
    "quotes": repeated("'\"\\"),
    "dots": repeated("a.a-"),
    "at signs": repeated("a@"),
    "slashes": repeated("/~1"),
    "percent": repeated("%25"),
    "colons": repeated("https://a:"),
}
HTML: dict[str, Text] = {
    **{name: PLAIN[name] for name in ("letters", "marks", "ligatures", "overrides", "every character")},
    "ampersands": repeated("&"),
    "references": repeated("&#x202e;"),
    "short references": repeated("&a"),
    "names": repeated("&CounterClockwiseContourIntegra"),
    "angles": repeated("<"),
    "spaces that stay": repeated("\u00a0"),
    "open elements": repeated("<div>"),
    "nested elements": lambda n: "<div>" * (n // 11) + "</div>" * (n // 11),
    "formatting": lambda n: (
        "".join(f"<b a={i}>" for i in range(200)) + repeated("<p>x</p>")(max(0, n - 2000))
    ),
    "adoption": repeated("<b><div><div><div></b></div></div></div>"),
    "stuck formatting": lambda n: "".join(
        f"<b a={i}>{'<div>' * 9}</b>{'</div>' * 9}" for i in range(n // 120)
    ),
    "foster parents": lambda n: "<table>" + repeated("x</br>")(n - 7),
    "cells": repeated("<table><tr><td>"),
    "attributes": lambda n: ("<p " + " ".join(f"a{i}" for i in range(n // 7)))[: n - 1] + ">",
    "roots": lambda n: "".join(f"<html a{i}>" for i in range(n // 14)),
    "comments": repeated("<!--"),
    "end tags": repeated("</x>"),
    "paragraph ends": repeated("</p>"),
    "formulas": repeated("<math><mi>x</mi></math>"),
    "foreign": repeated("<svg><math>"),
    "embeds": repeated("<iframe>"),
    "pre": repeated("<pre "),
    "half tags": repeated("<a"),
    "schemes": repeated("<a href=a.a-a:>"),
    "links": repeated('<a href="https://a.example/b">x</a>'),
    "quotes in tags": repeated('<p title="'),
}


TRY = b"<try no>"
"""Becomes another number each time: the same submission once more is answered from the first one's."""


@dataclass
class Case:
    """One request."""

    name: str
    caller: Caller
    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    tries: int = 0

    @property
    def size(self) -> int:
        """What the sender paid for: the body, the address and the headers."""
        sent = sum(len(name) + len(value) for name, value in self.headers.items())
        return len(self.body or b"") + len(self.path) + sent

    async def __call__(self) -> int:
        headers = {"Content-Type": "application/json", **self.headers}
        self.tries += 1
        body = None if self.body is None else self.body.replace(TRY, b"%-8d" % self.tries)
        answer = await self.caller(self.method, self.path, content=body, headers=headers)
        return answer.status_code


def raw(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def trees() -> Iterator[tuple[str, Json]]:
    """Trees of some 200 KiB with the text in one kind of field."""

    def course(**changes: Any) -> Json:
        return {"title": "t", **changes}

    def quiz(*questions: Json) -> Json:
        return course(
            modules=[{"title": "m", "items": [{"kind": "quiz", "title": "q", "questions": list(questions)}]}]
        )

    for name, text in HTML.items():
        yield f"description {name}", course(description_html=text(200_000))
        part = text(20_000)
        lessons = [{"kind": "lesson", "title": "l", "body_html": part}] * 10
        yield f"lessons {name}", course(modules=[{"title": "m", "items": lessons}])
    for name, text in PLAIN.items():
        yield f"titles {name}", course(modules=[{"title": text(200)}] * 200)
        choices = [{"text": text(2000)}] * 50
        yield f"choices {name}", quiz({"type": "multi_select", "answers": choices})
        yield f"accepted {name}", quiz({"type": "short_answer", "accepted_answers": [text(2000)] * 50})
        lesson = {
            "kind": "lesson",
            "title": "l",
            **dict.fromkeys(("video_url", "document_url", "image_url"), text(2000)),
        }
        yield f"addresses {name}", course(modules=[{"title": "m", "items": [lesson] * 20}])
        yield f"keys {name}", course(modules=[{"key": text(1000), "title": "m"}] * 200)
        yield f"unknown fields {name}", course(**{f"{n}{text(500)}": 1 for n in range(200)})
    yield "same keys", course(modules=[{"key": "k", "title": "m"}] * 200)
    yield "wrong everywhere", quiz(*[{"type": "true_false", "points": -1, "correct": 5}] * 1000)
    yield "unknown types", quiz(*[{"type": "x"}] * 1000)
    yield "digits", quiz(*[{"type": "true_false", "points": 1.123456}] * 1000)


def bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies of 100 KiB that no call takes."""
    yield "arrays", b"[" * 100_000
    yield "objects", b'{"a":' * 20_000
    yield "numbers", b"[" + b"1," * 50_000 + b"1]"
    yield "one number", b"1" * 100_000
    yield "one fraction", b"0." + b"1" * 100_000
    yield "one exponent", b"1e" + b"9" * 100_000
    yield "keys", raw({f"k{n}": n for n in range(10_000)})
    yield "same keys", b"{" + b'"a":1,' * 16_000 + b'"a":1}'
    yield "escapes", b'"' + b"\\u0041" * 17_000 + b'"'
    yield "surrogates", b'{"a":"' + b"\\ud800" * 17_000 + b'"}'
    yield "no utf-8", b"\xff" * 100_000
    yield "spaces", b" " * 100_000
    yield "text", b'"' + b"a" * 100_000


BOUNDARY = "b" * 70
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def forms() -> Iterator[tuple[str, bytes]]:
    """Uploads of some 100 KiB: thousands of parts, long headers, odd names, and bytes that begin like a border."""
    border = f"--{BOUNDARY}\r\n".encode()
    end = f"\r\n--{BOUNDARY}--\r\n".encode()

    def part(disposition: bytes, data: bytes = b"x", more: bytes = b"") -> bytes:
        return border + b"Content-Disposition: form-data; " + disposition + b"\r\n" + more + b"\r\n" + data

    file = b'name="file"; filename="a.pdf"'
    yield "files", b"\r\n".join([part(file)] * 800) + end
    yield "choices", b"\r\n".join([part(b'name="hidden_slides"')] * 800) + end
    yield "one choice", part(b'name="hidden_slides"', b"skip" * 25_000) + end
    yield "no parts", border * 1300 + end
    yield "headers", part(file, more=b"a: b\r\n" * 16_000) + end
    yield "dispositions", part(file, more=b"Content-Disposition: x; a=b\r\n" * 3500) + end
    yield "a header's name", part(file, more=b"a" * 100_000 + b": b\r\n") + end
    yield "a header's value", part(file, more=b"a: " + b"b" * 100_000 + b"\r\n") + end
    for name, sign in (
        ("signs", b";"),
        ("pairs", b"; a=b"),
        ("quotes", b'"'),
        ("strokes", b"\\"),
        ("stars", b"; a*0=b"),
    ):
        yield f"{name} in a disposition", part(file + sign * (100_000 // len(sign))) + end
    for name in PLAIN:
        yield (
            f"file name {name}",
            part(b'name="file"; filename="' + PLAIN[name](30_000).encode() + b'"') + end,
        )
    for name, data in (
        ("returns", b"\r"),
        ("breaks", b"\r\n"),
        ("dashes", b"\r\n-"),
        ("borders", border[:-3] + b"\r\n"),
    ):
        yield f"file of {name}", part(file, data * (100_000 // len(data))) + end
    yield "before the first", b"\r\n" * 50_000 + part(file) + end
    yield "after the last", part(file) + end + b"x" * 100_000


def patches() -> Iterator[tuple[str, list[Json]]]:
    """JSON Patches of some 100 KiB."""
    title = "/modules/0/title"
    yield "replace", [{"op": "replace", "path": "/title", "value": "t"}] * 2000
    yield "test", [{"op": "test", "path": "", "value": {}}] * 2000
    yield "insert first", [{"op": "add", "path": "/modules/0", "value": {"title": "m"}}] * 1500
    yield "copy", [{"op": "copy", "from": "/modules/0", "path": "/modules/-"}] * 1500
    yield "copy into itself", [{"op": "copy", "from": "/modules", "path": "/modules/0/items/0/x"}] * 1500
    yield "move", [{"op": "move", "from": title, "path": title}] * 1500
    yield "long pointers", [{"op": "remove", "path": "/a" * 400}] * 120
    yield "tildes", [{"op": "remove", "path": "/~1~0" * 200}] * 100
    yield "deep values", [{"op": "add", "path": "/title", "value": [[[[[[[[[[]]]]]]]]]]}] * 1500
    yield "numbers as places", [{"op": "test", "path": "/modules/" + "9" * 900, "value": 1}] * 100
