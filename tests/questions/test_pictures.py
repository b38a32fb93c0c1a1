"""Pictures of questions: found beside them, told where they are none, known by their content."""

import base64
import io
import struct
import zipfile
from collections.abc import Callable

import pytest
from tests.kit.documents import picture
from tests.kit.exchange import codes, fields, read
from tests.kit.packed import packed

from learning_service.domain.questions.rules.exchange.enclosures import MAX_BYTES, MAX_ENCLOSURES, content_id
from learning_service.domain.questions.rules.exchange.entries import Entry
from learning_service.domain.questions.rules.exchange.formats import UnknownFormat

PNG, JPEG = picture(), picture(kind="JPEG")


def sent(name: str, content: bytes | str, path: str = "/") -> str:
    text = content if isinstance(content, str) else base64.b64encode(content).decode()
    return f'<file name="{name}" path="{path}" encoding="base64">{text}</file>'


def moodle(shown: str, *files: str, answer: str = "a") -> str:
    return (
        '<quiz><question type="multichoice"><name><text>Q</text></name><questiontext format="html"><text><![CDATA['
        f"{shown}]]></text>{''.join(files)}</questiontext><single>true</single>"
        f'<answer fraction="100" format="html"><text><![CDATA[{answer}]]></text>{"".join(files)}</answer>'
        '<answer fraction="0" format="html"><text>b</text></answer></question></quiz>'
    )


def shown(entry: Entry) -> list[tuple[str, bytes, str]]:
    return [(one.name, one.content, one.media_type) for one in entry.enclosures]


@pytest.mark.parametrize(
    ("address", "name", "path"),
    [
        ("@@PLUGINFILE@@/a.png", "a.png", "/"),
        ("@@PLUGINFILE@@/my%20picture%20%28%C3%A9%29.png", "my picture (é).png", "/"),
        ("@@PLUGINFILE@@/a&amp;b.png", "a&amp;b.png", "/"),
        ("@@PLUGINFILE@@/in/here/a.png?time=12", "a.png", "/in/here/"),
    ],
)
def test_a_picture_of_moodle_is_named_by_its_content(address: str, name: str, path: str) -> None:
    text = moodle(f'<p><img class="x" src="{address}" alt="A"></p>', sent(name, PNG, path))
    [entry] = read(text)
    [one] = entry.enclosures
    assert (one.content, one.media_type, one.id) == (PNG, "image/png", content_id(one.sha256, False))
    assert fields(entry)["prompt_html"] == f'<p><img class="x" src="document:{one.id}" alt="A"></p>'


def test_answers_have_pictures_too_and_the_same_one_is_one() -> None:
    image = "<img src='@@PLUGINFILE@@/a.jpg'>"
    [entry] = read(moodle(image, sent("a.jpg", JPEG), answer=image))
    [one] = entry.enclosures
    assert fields(entry)["answers"][0]["html"] == f'<img src="document:{one.id}">'
    assert codes(entry) == []


def test_a_picture_in_its_own_address_is_one() -> None:
    data = base64.b64encode(PNG).decode()
    [entry] = read(moodle(f'<img src="data:image/png;base64,{data}">'))
    assert shown(entry) == [("picture", PNG, "image/png")]


@pytest.mark.parametrize(
    ("files", "detail"),
    [
        ([], "is not kept"),
        ([sent("a.png", "%%%")], "no base64"),
        ([sent("a.png", "")], "is empty"),
        ([sent("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>")], "SVG"),
        ([sent("a.png", b"%PDF-1.7")], "no picture"),
        ([sent("a.png", b"GIF89a")], "another type"),
        ([sent("a.png", PNG + b"\0" * MAX_BYTES)], "more than 10 MiB"),
        ([sent("../a.png", PNG)], "no text shows it"),
    ],
    ids=["missing", "no-base64", "empty", "svg", "pdf", "gif", "large", "other"],
)
def test_what_is_no_picture_is_told(files: list[str], detail: str) -> None:
    [entry] = read(moodle('<p>See <img src="@@PLUGINFILE@@/a.png"></p>', *files))
    assert entry.status == "warned"
    assert set(codes(entry)) == {"pictures"}
    assert detail in " ".join(message.detail for message in entry.messages)
    assert entry.enclosures == ()


def test_a_file_has_a_number_of_pictures() -> None:
    text = "".join(
        moodle('<img src="@@PLUGINFILE@@/a.png">', sent("a.png", PNG + str(n).encode()))
        .removeprefix("<quiz>")
        .removesuffix("</quiz>")
        for n in range(MAX_ENCLOSURES + 1)
    )
    with pytest.raises(UnknownFormat, match="more than 1000 pictures"):
        read(f"<quiz>{text}</quiz>")


QTI_1 = """<questestinterop><item title="A"><itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>question_type
</fieldlabel><fieldentry>essay_question</fieldentry></qtimetadatafield></qtimetadata></itemmetadata><presentation>
<material><mattext texttype="text/html">&lt;p&gt;&lt;img src="{address}"&gt;&lt;/p&gt;</mattext></material>
</presentation></item></questestinterop>"""
QTI_2 = """<assessmentItem identifier="a" title="A"><itemBody><p>See {shown}</p>
<extendedTextInteraction responseIdentifier="RESPONSE"/></itemBody></assessmentItem>"""


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("$IMS-CC-FILEBASE$/Uploaded%20Media/a.png", "web_resources/Uploaded Media/a.png"),
        ("%24IMS-CC-FILEBASE%24/a.png?canvas_download=1", "a.png"),
        ("$IMS-CC-FILEBASE$/../a.png", "a.png"),
        ("pictures/a.png", "quiz/pictures/a.png"),
        ("../a.png", "a.png"),
    ],
)
def test_a_picture_of_a_cartridge(address: str, name: str) -> None:
    [entry] = read(packed({"quiz/q.xml": QTI_1.format(address=address), name: PNG}))
    [one] = entry.enclosures
    assert (one.name, one.content) == (name, PNG)
    assert f'src="document:{one.id}"' in fields(entry)["prompt_html"]


@pytest.mark.parametrize(
    "image",
    [
        '<img src="pictures/a.png" alt="A"/>',
        '<object type="image/png" data="pictures/a.png" width="10">A</object>',
    ],
)
def test_a_picture_of_qti_2_and_3(image: str) -> None:
    for item in (
        QTI_2,
        QTI_2.replace("assessmentItem", "qti-assessment-item").replace("itemBody", "qti-item-body"),
    ):
        text = (
            item.replace("extendedTextInteraction", "qti-extended-text-interaction")
            if "qti-" in item
            else item
        )
        [entry] = read(packed({"items/q.xml": text.format(shown=image), "items/pictures/a.png": PNG}))
        [one] = entry.enclosures
        assert fields(entry)["prompt_html"] == f'<p>See <img src="document:{one.id}" alt="A"></p>'


@pytest.mark.parametrize(
    "address", ["../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://x/a.png", ""]
)
def test_nothing_outside_a_package_is_a_picture(address: str) -> None:
    [entry] = read(packed({"quiz/q.xml": QTI_1.format(address=address)}))
    assert entry.enclosures == ()


def linked() -> bytes:
    link = zipfile.ZipInfo("a.xml")
    link.external_attr = 0o120777 << 16
    return packed({"q.xml": QTI_1, link: "/etc/passwd"})


def twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return packed([("q.xml", QTI_1), ("q.xml", QTI_1)])


def lying() -> bytes:
    """Ten thousand files, and an end that tells of one."""
    data = packed({str(n): "" for n in range(10_000)})
    return data[:-14] + struct.pack("<HH", 1, 1) + data[-10:]


def long_end() -> bytes:
    """An end that tells of one file, behind one for large archives that tells of all."""
    data = packed({str(n): "" for n in range(6000)})
    directory = data.index(b"PK\x01\x02")
    size = len(data) - 22 - directory
    end = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 6000, 6000, size, directory)
    end += struct.pack("<4sIQI", b"PK\x06\x07", 0, len(data) - 22, 1)
    return data[:-22] + end + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, 46, directory, 0)


@pytest.mark.parametrize(
    ("made", "detail"),
    [
        (lambda: packed({"../q.xml": QTI_1}), "place outside"),
        (lambda: packed({"/q.xml": QTI_1}), "place outside"),
        (lambda: packed({"C:\\q.xml": QTI_1}), "place outside"),
        (linked, "a link"),
        (twice, "same name"),
        (lambda: packed({str(n): "" for n in range(10_000)}), "too many parts"),
        (lying, "too many parts"),
        (long_end, "too many parts"),
        (lambda: packed({"q.xml": b"\0" * 40_000_000}), "far larger unpacked"),
        (lambda: packed({"q.zip": packed({"q.xml": QTI_1})}), "no question"),
    ],
    ids=["up", "root", "drive", "link", "twice", "many", "lying", "long-end", "bomb", "nested"],
)
def test_a_hostile_package_is_refused_before_anything_is_unpacked(
    made: Callable[[], bytes], detail: str
) -> None:
    with pytest.raises(UnknownFormat, match=detail):
        read(made())


def test_a_package_that_is_cut_or_changed_is_damaged() -> None:
    data = packed({"q.xml": QTI_1.format(address="a.png"), "a.png": PNG})
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        at = package.getinfo("a.png").header_offset + 35
    with pytest.raises(UnknownFormat, match="damaged"):
        read(data[:at] + bytes([data[at] ^ 255]) * 20 + data[at + 20 :])
