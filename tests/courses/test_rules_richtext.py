"""Rich text: what stays, what goes, and that it is said."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kit.courses import sanitized

from learning_service.domain.courses.rules.richtext import Removed, sanitize_html
from learning_service.domain.courses.rules.tree import MAX_HTML, Assessment, Lesson, Module, Quiz, Tree
from learning_service.domain.kernel.errors import Invalid
from learning_service.domain.questions.rules.free_form import FreeForm
from learning_service.domain.questions.rules.short_answer import ShortAnswer

HOSTS = frozenset({"videos.example"})
GOOD = (
    '<h1 lang="el">Τίτλος</h1><p>a <strong>b</strong> &amp; <code>c</code></p><ul><li>d</li></ul>'
    "<table><tbody><tr><td>e</td></tr></tbody></table>"
    '<a href="https://a.example/x?y=1&amp;z=2" rel="noopener noreferrer">f</a>'
    '<img src="https://a.example/g.png" alt="g"><iframe src="https://videos.example/h"></iframe>'
)


class Seen(HTMLParser):
    """What a reader of the output finds in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_good_text_stays_as_it_is() -> None:
    assert sanitize_html(GOOD, video_hosts=HOSTS) == (GOOD, ())


@pytest.mark.parametrize(
    ("text", "clean", "removed"),
    [
        ("a<script>alert(1)</script>", "a", ("<script>",)),
        ('<p onclick="x">a</p>', "<p>a</p>", ("onclick attribute",)),
        ('<p style="background:url(https://a.b)">a</p>', "<p>a</p>", ("style attribute",)),
        ('<img src="x" onerror="alert(1)">', "<img>", ("onerror attribute", "relative image")),
        ("<svg onload=alert(1)></svg>a", "a", ("<svg>",)),
        (
            '<math><annotation-xml encoding="text/html"><p>b</p></annotation-xml></math>a',
            "<math></math>a",
            None,
        ),
        ('<math><mi href="https://a.example/" onclick="a()">x</mi></math>', "<math><mi>x</mi></math>", None),
        ("a<mi>x</mi>", "a", ("<mi>",)),
        ("<bdo dir=rtl>a</bdo>", "a", ("<bdo>",)),
        ("a&#x202E;b&#x2066;c\u202ad", "abcd", ("text direction override",)),
        ("<p>&rlm;a&lrm;\u061c</p>", "<p>\u200fa\u200e\u061c</p>", ()),
        ('<a href="javascript:alert(1)">a</a>', None, ("javascript: link",)),
        ('<a href="java\tscript:alert(1)">a</a>', None, ("javascript: link",)),
        ('<a href="jav&#x61;script:alert(1)">a</a>', None, ("javascript: link",)),
        ('<a href="http://a.example/">a</a>', None, ("http: link",)),
        ('<a href="data:text/html,x">a</a>', None, ("data: link",)),
        ('<a href="/courses/">a</a>', None, ("relative link",)),
        ('<img src="http://a.example/b.png">', "<img>", ("http: image",)),
        ('<img src="mailto:a@b.example">', "<img>", ("mailto: image",)),
        ('<iframe src="https://evil.example/"></iframe>a', "a", ("embed from a host outside video_hosts",)),
        ('<iframe src="https://videos.example.evil.example/"></iframe>', "", None),
        ('<iframe src="https://videos.example@evil.example/"></iframe>', "", None),
        ('<iframe src="http://videos.example/"></iframe>a', "a", ("http: embed",)),
        ('<iframe srcdoc="&lt;script&gt;"></iframe>a', "a", ("srcdoc attribute",)),
        ("<base href=https://a.b><meta http-equiv=refresh>a", "a", ("<base>", "<meta>")),
        ("<form><input name=a></form>a", "a", ("<form>", "<input>")),
        ("<noscript><p title='</noscript><img src=x onerror=1>'></noscript>a", None, None),
        ("a<!-- b -->", "a", ("comment",)),
        ("<p x" + "y" * 60 + '="1">a</p>', "<p>a</p>", ("x" + "y" * 39 + " attribute",)),
        ('<a href="document:01a20371-504b-77c7-91f6-b56ddf5371fa">a</a>', None, ("document: link",)),
        ('<a href="https://a.example@evil.example/">a</a>', None, ("odd link",)),
        ('<img src="https://a.example@evil.example/">', "<img>", ("odd image",)),
        ('<img src="https://a.example/b c.png">', "<img>", ("odd image",)),
        ('<a href="vb&#x73;cript:a">a</a>', None, ("vbscript: link",)),
        ('<a href="fil&#x65;:///etc">a</a>', None, ("file: link",)),
        ('<a href="dat&#x61;:text/html,x">a</a>', None, ("data: link",)),
        ('<a href="htt&#x70;://a.example/">a</a>', None, ("http: link",)),
        ('<a href="https://a.example/" rel="x" target="_blank">a</a>', None, ()),
        ("<p>&lt;script&gt;</p><br/>", None, ()),
        ("{{7*7}} ${7*7} [a](javascript:b)", "{{7*7}} ${7*7} [a](javascript:b)", ()),
        ("&lt;script&gt;a", "&lt;script&gt;a", ()),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3", ()),
    ],
)
def test_what_is_not_allowed_goes_and_is_named(
    text: str, clean: str | None, removed: tuple[str, ...] | None
) -> None:
    became, lost = sanitize_html(text, video_hosts=HOSTS)
    assert clean is None or became == clean
    assert removed is None or lost == removed
    assert not re.search(r"<script|\bon\w+=|href=\"(?!https:|mailto:)|src=\"(?!https:)", became)


@pytest.mark.parametrize(
    "text",
    [
        '<img src="document:01a20371-504b-77c7-91f6-b56ddf5371fa" alt="a">',
        '<a href="mailto:ana@example.org" rel="noopener noreferrer">a</a>',
        '<a href="MAILTO:ana@example.org" rel="noopener noreferrer">a</a>',
        '<a href="https://x.example/X?y#z" rel="noopener noreferrer">a</a>',
        '<iframe src="https://videos.example/1"></iframe>x<iframe src="https://videos.example/2"></iframe>y',
    ],
)
def test_documents_mail_addresses_and_several_embeds_stay(text: str) -> None:
    assert sanitize_html(text, video_hosts=HOSTS) == (text, ())


def test_without_video_hosts_there_are_no_embeds() -> None:
    assert sanitize_html('<iframe src="https://videos.example/h">a</iframe>b') == ("b", ("<iframe>",))


def test_nothing_hides_inside_an_embed() -> None:
    text = '<iframe src="https://videos.example/h"><script>a</script></iframe>b'
    assert sanitize_html(text, video_hosts=HOSTS)[0] == '<iframe src="https://videos.example/h"></iframe>b'


PIECES = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<div>", "</table>", "<table>", "<tr>", "<td>", "<script>", "</script>", "<svg>", "<math>",
         "<style>", "</style>", "<title>", "<textarea>", "<noscript>", "<template>", "<select>", "<iframe ", "<img ",
         "<a ", 'src="https://videos.example/"', 'src="https://evil.example/"', 'href="javascript:x"', "onerror=x ",
         'title="', "alt='", '"', "'", ">", "<", "/", "</", "<!--", "-->", "</iframe>", "<b>", "<i>", "</b>", "&lt;",
         "&amp;", "&#x3c;", "&nbsp;", "\r\n", "\x0b", "<plaintext>", "<frameset>", "<![CDATA[", "]]>", "é", "x=",
         "<mi>", "<pre>", "<pre/>", "\n", "&#x202e;", "&#13;", "&#10;"]
    )
    | st.text(max_size=3),
    max_size=25,
).map("".join)  # fmt: skip


@given(PIECES)
def test_cleaning_twice_changes_and_reports_nothing_more(text: str) -> None:
    became, _ = sanitize_html(text, video_hosts=HOSTS)
    assert sanitize_html(became, video_hosts=HOSTS) == (became, ())


def test_a_carriage_return_by_reference_is_a_line_break() -> None:
    text = '<pre>a&#13;&#10;&#xD;b</pre><img alt="c&#13;d" src="https://x.example/e">'
    became = '<pre>a\n\nb</pre><img alt="c\nd" src="https://x.example/e">'
    assert sanitize_html(text) == (became, ())
    assert sanitize_html(became) == (became, ())


@given(PIECES)
def test_only_the_allow_list_is_left(text: str) -> None:
    became, _ = sanitize_html(text, video_hosts=HOSTS)
    for tag, attributes in Seen(became).found:
        assert tag in {
            "p",
            "div",
            "table",
            "tbody",
            "tr",
            "td",
            "iframe",
            "img",
            "a",
            "b",
            "i",
            "math",
            "mi",
            "pre",
        }
        assert set(attributes) <= {"src", "alt", "title", "href", "rel"}
        assert (attributes.get("src") or "https://").startswith("https://")
        assert tag != "iframe" or attributes["src"] == "https://videos.example/"


@given(st.text(st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"])))
def test_plain_text_keeps_its_meaning(text: str) -> None:
    became, removed = sanitize_html(html.escape(text))
    assert html.unescape(became) == text
    assert removed == ()


MATH = (
    '<math display="block"><semantics><mfrac><msup><mi mathvariant="bold">x</mi><mn>2</mn></msup><mo>√</mo></mfrac>'
    '<annotation encoding="application/x-tex">\\frac{x^2}{a &lt; b}</annotation></semantics></math>'
)


@pytest.mark.parametrize(
    "text",
    [
        '<p>a <del datetime="2026-01-01">b</del> <ins>c</ins> H<sub>2</sub>O x<sup>2</sup> <mark>d</mark></p>',
        "<kbd>Ctrl</kbd> <samp>e</samp> <small>f</small> <q>g</q>",
        '<table><caption>h</caption><colgroup><col span="2"></colgroup><thead><tr><th scope="col">i</th></tr></thead>'
        '<tbody><tr><td colspan="2">j</td></tr></tbody><tfoot><tr><td>k</td></tr></tfoot></table>',
        MATH,
        f"<p>{MATH}</p><math><mtable><mtr><mtd><mtext>l</mtext></mtd></mtr></mtable></math>",
        "<pre>\nfirst\n\n  second</pre>",
        '<pre lang="en">\n\nfirst</pre>',
        "<pre><code>\nfirst</code></pre>",
        '<img alt="&lt;pre&gt;\na">',
    ],
)
def test_what_authors_write_survives_ten_saves(text: str) -> None:
    saved = text
    for _ in range(10):
        saved, removed = sanitize_html(saved)
        assert (saved, removed) == (text, ())


def test_a_line_break_after_pre_is_kept_however_it_is_written() -> None:
    for text in ("<pre>\r\na</pre>", "<PRE >\na</PRE>", "<pre>&#10;a</pre>", "<pre>\ufdee\na</pre>"):
        assert sanitize_html(text)[0] == "<pre>\na</pre>"


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 40_000,
        "<b>a</b>" * 5001,
        "<span>" * 251,
        "<div>" * 2500 + "</div>" * 2500,
        "".join(f"<html a{n}>" for n in range(4000)),
        "<table>" + "x</br>" * 4000,
        "<table>" + "<tr>x" * 4000,
        "".join(f"<b a={n}>" for n in range(200)) + "<p>x</p>" * 2000,
        "".join(f"<b a={n}>" + "<div>" * 9 + "</b>" + "</div>" * 9 for n in range(250)) + "<p>x</p>" * 2000,
        "<p " + " ".join(f"a{n}" for n in range(20_000)) + ">",
        "</br>" * 5001,
        "</p>" * 5001,
        "</x>" * 40_000,
    ],
    ids=range(13),
)
def test_text_that_is_made_to_be_slow_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^has too many HTML elements, or too many inside each other$"):
        sanitize_html(text)


@pytest.mark.parametrize(
    "text",
    [
        "<b>a</b>" * 5000,
        "<span>" * 250,
        "<br>" * 1000,
        "<B>a</b>" * 1000,
        "<p><b><i>a</b></i></p>" * 1000,
        "<table>" + "<tr><td>a</td></tr>" * 1600 + "</table>",
        "<table>" + "<tr><td>a<br>b<td>c" * 1200,
    ],
)
def test_what_a_person_writes_is_not_too_much(text: str) -> None:
    assert sanitize_html(text)[1] == ()


def test_every_rich_text_of_a_tree_is_cleaned_and_reported() -> None:
    bad, good = "<script>x</script>a", "a"
    essay = FreeForm(type="free_form", prompt_html=bad, explanation_html=bad, rubric_html=bad)
    short = ShortAnswer(type="short_answer", prompt_html="b", accepted_answers=("<script>",))
    tree = Tree(
        title="<b>",
        description_html=bad,
        modules=(
            Module(
                title="Module",
                items=(
                    Lesson(kind="lesson", title="Lesson", body_html=bad),
                    Quiz(kind="quiz", title="Quiz", questions=(short, essay)),
                ),
            ),
        ),
        assessment=Assessment(title="Final", questions=(essay,)),
    )
    cleaned, removed = sanitized(tree)
    assert cleaned.model_dump_json() == tree.model_dump_json().replace(bad, good)
    assert removed == tuple(
        Removed(where, ("<script>",))
        for where in (
            "/description_html",
            "/modules/0/items/0/body_html",
            "/modules/0/items/1/questions/1/prompt_html",
            "/modules/0/items/1/questions/1/explanation_html",
            "/modules/0/items/1/questions/1/rubric_html",
            "/assessment/questions/0/prompt_html",
            "/assessment/questions/0/explanation_html",
            "/assessment/questions/0/rubric_html",
        )
    )
    assert sanitized(cleaned) == (cleaned, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\u00a0" * (MAX_HTML // 6 + 1), "is longer than 200,000 characters once it is clean"),
        ("<" * (MAX_HTML // 4 + 1), "is longer than 200,000 characters once it is clean"),
        ("&" * (MAX_HTML // 5) + "a", "is longer than 200,000 characters once it is clean"),
        ("<div>" * 1000, "has too many HTML elements, or too many inside each other"),
    ],
)
def test_text_that_could_not_be_sent_back_is_refused(text: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        sanitized(Tree(title="Course", description_html=text))
    code, params = ("too-long", {"most": MAX_HTML}) if "longer" in said else ("too-complex", {})
    [fault] = refused.value.faults
    assert (fault.pointer, fault.detail, fault.code, fault.params) == (
        "/description_html",
        said,
        code,
        params,
    )
    sanitized(Tree(title="Course", description_html="a" * MAX_HTML))
