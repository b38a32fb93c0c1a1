"""Questions of every kind with texts full of the signs that formats give a meaning."""

import json
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.types import Question, Questions

QUESTIONS: TypeAdapter[tuple[Question, ...]] = TypeAdapter(Questions)
SIGNS = "\\:#={}~[]%->/*\"'<&>éß漢\u00a0|$ ab1\n"
plain = (
    st.text(SIGNS, min_size=1, max_size=12).map(lambda t: t.strip()).filter(lambda t: bool(t.strip("\u00a0")))
)
html_text = plain.map(
    lambda t: "<p>" + t.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") + "</p>"
)
answer_text = st.one_of(
    st.fixed_dictionaries({"text": plain}), st.fixed_dictionaries({"html": html_text})
)  # fmt: skip
answers = st.lists(
    st.tuples(answer_text, st.none() | html_text).map(lambda p: {**p[0], "feedback_html": p[1]}),
    min_size=2,
    max_size=5,
    unique_by=lambda a: json.dumps(a, sort_keys=True),
)
base: dict[str, Any] = {"prompt_html": html_text, "explanation_html": st.none() | html_text}


@st.composite
def choice_questions(draw: st.DrawFn) -> JsonObject:
    chosen = draw(answers)
    single = draw(st.booleans())
    flags = draw(st.lists(st.booleans(), min_size=len(chosen), max_size=len(chosen)))
    if single or not any(flags):
        first = draw(st.integers(0, len(chosen) - 1))
        flags = [n == first for n in range(len(chosen))]
    made = [{**answer, "is_correct": flag} for answer, flag in zip(chosen, flags, strict=True)]
    kept: JsonObject = {"type": "multiple_choice" if single else "multi_select", "answers": made}
    if not single:
        kept["scoring"] = draw(st.sampled_from(["all_or_nothing", "right_minus_wrong"]))
    return {**kept, **{name: draw(value) for name, value in base.items()}}


def distinct(of: st.SearchStrategy[str], least: int) -> st.SearchStrategy[list[str]]:
    return st.lists(of, min_size=least, max_size=5, unique_by=lambda text: " ".join(text.split()))


@st.composite
def matchings(draw: st.DrawFn) -> JsonObject:
    lefts = draw(distinct(plain, 2))
    texts = draw(distinct(plain, len(lefts)))
    return {
        "type": "matching",
        "pairs": [{"left": a, "right": b} for a, b in zip(lefts, texts, strict=False)],
        "distractors": texts[len(lefts) :],
        "scoring": draw(st.sampled_from(["all_or_nothing", "per_part"])),
        **{name: draw(value) for name, value in base.items()},
    }


number = st.decimals(-1000, 1000, places=3).map(float)
in_both = st.one_of(
    choice_questions(),
    matchings(),
    st.fixed_dictionaries({"type": st.just("true_false"), "correct": st.booleans(), **base}),
    st.fixed_dictionaries({"type": st.just("free_form"), **base}),
    st.fixed_dictionaries(
        {"type": st.just("numeric"), "answer": number, "tolerance": number.map(abs), **base}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("short_answer"),
            "accepted_answers": distinct(plain.filter(lambda t: "->" not in t and not t.startswith("[")), 1),
            **base,
        }
    ),
)
in_xml = st.one_of(
    in_both.map(lambda question: {**question, "points": 2.5}),
    st.fixed_dictionaries(
        {
            "type": st.just("ordering"),
            "items": distinct(plain, 2),
            "scoring": st.sampled_from(["all_or_nothing", "per_part"]),
            **base,
        }
    ),
    st.fixed_dictionaries({"type": st.just("free_form"), "rubric_html": html_text, **base}),
    st.fixed_dictionaries(
        {"type": st.just("short_answer"), "accepted_answers": distinct(plain, 1),
         "case_sensitive": st.just(True), **base}
    ),
    st.fixed_dictionaries({"type": st.just("numeric"), "answer": number, "tolerance": st.just(0),
                           "unit": st.just("kg"), **base}),
)  # fmt: skip
