"""What the formats of other systems have no place for, as an export says it."""

from collections.abc import Collection, Iterator

from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.packing import Shown

_OPTIONS = ("case_sensitive", "ignore_accents", "ignore_punctuation", "rubric_html", "unit")


def losses(fields: JsonObject, shown: Shown, *, keeps: Collection[str] = ()) -> Iterator[str]:
    """What a format that keeps these fields and pictures does not keep of a question."""
    for name in _OPTIONS:
        if name not in keeps and fields.get(name):
            yield name.removesuffix("_html").replace("_", " ")
    if fields.get("review", "auto") != "auto":
        yield "review by a person"
    if "pinned" not in keeps and any(answer["pinned"] for answer in fields.get("answers", ())):
        yield "choices that stay last"
    if not shown.is_whole:
        yield "pictures"
