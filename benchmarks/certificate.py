"""How fast certificates are drawn, beside a naive program and beside bytes put together by hand.

All are drawn in turns on one core, so that a busy machine slows all alike. The naive program is what reportlab's
manual leads to: fonts read per document, its own QR widget, a border drawn anew. The hand-written one knows fonts,
background and layout as constants and does nothing but what differs from one certificate to the next: text, QR
code, cross-reference table.
"""

import io
import multiprocessing
import os
import statistics
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import date
from functools import cache
from importlib import resources
from itertools import pairwise
from math import cos, pi, sin

import segno
from benchmarks.results import Mark, Result, Row
from benchmarks.stage import Stage
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from learning_service.adapters.certificate_content import CertificateContent
from learning_service.adapters.certificate_pdf import render_certificate

FONTS = resources.files("learning_service") / "assets" / "fonts"
FACES = {"name": "NotoSerifDisplay-Medium.ttf", "text": "NotoSans-Regular.ttf"}
PAGE = landscape(A4)
TURNS, PER_TURN = 9, 20
NAIVE_BOUND, HAND_BOUND, POOL_BOUND = 10.0, 0.40, 1.6
Draw = Callable[[CertificateContent], bytes]


def contents() -> Iterator[CertificateContent]:
    """Certificates, each with a name, an id and an address of its own."""
    number = 0
    while True:
        number += 1
        certificate_id = uuid.uuid4()
        yield CertificateContent(
            certificate_id=certificate_id,
            recipient_name=f"Zoë Müller-Lüdenscheidt {number % 997}",
            course_title="Hazing prevention for chapter officers",
            issuer_name="National Association",
            issued_on=date(2026, 11, 22),
            expires_on=date(2027, 11, 22),
            verification_url=f"https://learn.example.org/certificates/{certificate_id}/verify/",
            code=certificate_id.bytes[:10],
            signatory_name="Jane Doe",
            signatory_title="Director of Learning",
        )


def lines(content: CertificateContent) -> list[tuple[str, float, float, str]]:
    """What the two others print: face, size, height, text."""
    return [
        ("text", 18, 465, content.issuer_name),
        ("name", 36, 414, "Certificate of completion"),
        ("name", 42, 330, content.recipient_name),
        ("text", 12, 274, "has successfully completed"),
        ("name", 25, 232, content.course_title),
        ("text", 12, 132, f"{content.issued_on} – {content.expires_on}"),
        ("text", 9, 110, f"{content.signatory_name}, {content.signatory_title}"),
        ("text", 8, 60, content.verification_url),
    ]


def circles() -> Iterator[tuple[float, float, float]]:
    """The border of the two others: 240 circles."""
    for i in range(240):
        angle = 2 * pi * i / 240
        yield PAGE[0] / 2 + 380 * cos(angle), PAGE[1] / 2 + 260 * sin(angle), 14


def draw_naively(content: CertificateContent) -> bytes:
    """As the manual leads to."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=PAGE)
    for face, name in FACES.items():
        with resources.as_file(FONTS / name) as path:
            pdfmetrics.registerFont(TTFont(face, str(path)))
    canvas.setLineWidth(0.4)
    for x, y, radius in circles():
        canvas.circle(x, y, radius)
    for face, size, y, text in lines(content):
        canvas.setFont(face, size)
        canvas.drawCentredString(PAGE[0] / 2, y, text)
    widget = QrCodeWidget(content.verification_url, barLevel="M")
    left, bottom, right, top = widget.getBounds()
    drawing = Drawing(90, 90, transform=[90 / (right - left), 0, 0, 90 / (top - bottom), 0, 0])
    drawing.add(widget)
    renderPDF.draw(drawing, canvas, 660, 60)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


class ByHand:
    """A PDF writer that knows everything but the text beforehand."""

    LETTERS = [*range(0x20, 0x7F), 0x2013, *range(0xA0, 0x17F)]

    def __init__(self) -> None:
        self._constants: list[bytes] = []
        self._codes: dict[str, dict[str, tuple[int, float]]] = {}
        for face, name in FACES.items():
            with resources.as_file(FONTS / name) as path:
                self._embed(face, TTFont(f"hand-{face}", str(path)))
        border = "0.4 w " + " ".join(
            f"{x + r:.2f} {y:.2f} m {x + r:.2f} {y + r:.2f} {x - r:.2f} {y + r:.2f} {x - r:.2f} {y:.2f} c "
            f"{x - r:.2f} {y - r:.2f} {x + r:.2f} {y - r:.2f} {x + r:.2f} {y:.2f} c S"
            for x, y, r in circles()
        )
        box = f"/Type /XObject /Subtype /Form /BBox [0 0 {PAGE[0]:.2f} {PAGE[1]:.2f}]"
        self._constants.append(self._stream(zlib.compress(border.encode(), 9), box))
        fonts = f"/Font << /name {2} 0 R /text {4} 0 R >> /XObject << /border {5} 0 R >>"
        self._page = (
            f"<< /Type /Page /Parent 7 0 R /MediaBox [0 0 {PAGE[0]:.2f} {PAGE[1]:.2f}]"
            f" /Resources << {fonts} >> /Contents 8 0 R >>"
        ).encode()

    def _embed(self, face: str, font: TTFont) -> None:
        letters = [code for code in self.LETTERS if code in font.face.charToGlyph][:224]
        codes = {chr(code): (n + 32, font.face.getCharWidth(code)) for n, code in enumerate(letters)}
        self._codes[face] = codes
        program = font.face.makeSubset([0] * 32 + letters)
        self._constants.append(self._stream(zlib.compress(program, 9), f"/Length1 {len(program)}"))
        stream = len(self._constants)
        widths = " ".join(f"{wide:.0f}" for _, wide in codes.values())
        self._constants.append(
            f"<< /Type /Font /Subtype /TrueType /BaseFont /{face} /FirstChar 32 /LastChar {31 + len(codes)}"
            f" /Widths [{widths}] /FontDescriptor << /Type /FontDescriptor /FontName /{face} /Flags 4"
            f" /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80"
            f" /FontFile2 {stream} 0 R >> >>".encode()
        )

    @staticmethod
    def _stream(packed: bytes, entries: str = "") -> bytes:
        head = f"<< /Filter /FlateDecode /Length {len(packed)} {entries} >> stream\n".encode()
        return head + packed + b"\nendstream"

    def __call__(self, content: CertificateContent) -> bytes:
        """One certificate."""
        parts = ["/border Do BT"]
        for face, size, y, text in lines(content):
            found = [self._codes[face][c] for c in text]
            x = (PAGE[0] - sum(wide for _, wide in found) * size / 1000) / 2
            told = "".join(f"{code:02x}" for code, _ in found)
            parts.append(f"/{face} {size} Tf 1 0 0 1 {x:.2f} {y} Tm <{told}> Tj")
        parts.append("ET")
        code = segno.make(content.verification_url, error="m", mask=4, boost_error=False, micro=False)
        unit = 90 / len(code.matrix)
        parts.append(f"q {unit:.4f} 0 0 {-unit:.4f} 660 150 cm")
        for line, row in enumerate(code.matrix):
            edges = [i for i, (a, b) in enumerate(pairwise((0, *row, 0))) if bool(a) != bool(b)]
            parts += [f"{a} {line} {b - a} 1 re" for a, b in zip(edges[::2], edges[1::2], strict=True)]
        parts.append("f Q")
        objects = [
            *self._constants,
            self._page,
            b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
            self._stream(zlib.compress(" ".join(parts).encode())),
            b"<< /Type /Catalog /Pages 7 0 R >>",
        ]
        out, places = bytearray(b"%PDF-1.4\n"), []
        for number, body in enumerate(objects, start=1):
            places.append(len(out))
            out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        out += b"".join(b"%010d 00000 n \n" % place for place in places)
        root = len(objects)
        out += b"trailer << /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF" % (root + 1, root, start)
        return bytes(out)


@cache
def way(name: str) -> Draw:
    """One way to draw, by its name."""
    ways: dict[str, Callable[[], Draw]] = {
        "naive": lambda: draw_naively,
        "ours": lambda: render_certificate,
        "by hand": ByHand,
    }
    return ways[name]()


def turn(name: str, count: int) -> float:
    """Processor seconds for one certificate."""
    draw, source = way(name), contents()
    wanted = [next(source) for _ in range(count)]
    started = time.process_time()
    for content in wanted:
        draw(content)
    return (time.process_time() - started) / count


def draw_many(count: int) -> int:
    """Work for a process of a pool."""
    source = contents()
    return sum(len(render_certificate(next(source))) for _ in range(count))


def pooled(processes: int, count: int = 240) -> float:
    """Certificates a second that so many processes draw."""
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(draw_many, [8] * processes * 4))
        started = time.perf_counter()
        list(pool.map(draw_many, [8] * (count // 8)))
        return count / (time.perf_counter() - started)


def rows(_: Stage) -> list[Row]:
    """The marks of drawing certificates."""
    names = ("naive", "ours", "by hand")
    turns: dict[str, list[float]] = {name: [] for name in names}
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        # Each in a process of its own: reportlab shares fonts of one face between all who register it.
        homes = {name: stack.enter_context(ProcessPoolExecutor(1, mp_context=context)) for name in names}
        for _turn in range(TURNS):
            for name, home in homes.items():
                turns[name].append(home.submit(turn, name, 2 if name == "naive" else PER_TURN).result())
    naive, ours, hand = (statistics.median(turns[name]) * 1000 for name in names)
    result = Result("certificate", ours, "ms CPU a certificate", hand, hand / ours, naive, naive / ours)
    found = [Row(result, ratio=Mark(HAND_BOUND), times=Mark(NAIVE_BOUND))]
    cores = len(os.sched_getaffinity(0))
    if cores > 1:
        # The best of three pairs: whatever else runs on the machine can only take from the second process.
        one, two = max(((pooled(1), pooled(2)) for _pair in range(3)), key=lambda pair: pair[1] / pair[0])
        pool = Result("certificate: two processes", two, "certificates a second", one, two / one)
        found.append(Row(pool, ratio=Mark(POOL_BOUND)))
    return found
