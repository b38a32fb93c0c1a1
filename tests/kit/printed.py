"""What a reader gets out of a certificate: its lines as `pdftotext` gives them."""

import re
import subprocess
import unicodedata
from datetime import date
from uuid import UUID

from learning_service.adapters.certificate_bidi import base_level
from learning_service.adapters.certificate_content import CertificateContent
from learning_service.adapters.certificate_fonts import Voice, printable
from learning_service.adapters.certificate_pdf import render_certificate
from learning_service.adapters.certificate_shaping import shaped

PLAIN = CertificateContent(
    certificate_id=UUID(int=7),
    recipient_name="Ana",
    course_title="Safety",
    issuer_name="Association",
    issued_on=date(2026, 11, 22),
    expires_on=None,
    verification_url="https://learn.example.org/certificates/7/verify/",
    code=bytes(range(10)),
)
_LATER = re.compile("[\u07c0-\u085f\U00010800-\U00010fff\U0001e800-\U0001efff]")
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def text_of(pdf: bytes) -> str:
    """The text of a PDF, without the marks by which the program shows the direction of words."""
    run = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True, timeout=60)
    assert run.stderr == b""
    return _DIRECTION_MARKS.sub("", run.stdout.decode())


def printed_lines(content: CertificateContent) -> list[str]:
    """The lines of a certificate as a reader extracts them."""
    return text_of(render_certificate(content)).split("\n")


def as_extracted(name: str, voice: Voice = "display") -> str:
    """How the program gives back a name on one line.

    It turns words from right to left around character by character, so letters that are drawn as one come reversed.
    Scripts of that direction that Unicode took in later than Thaana it leaves as the eye meets them.
    """
    line = printable(name)
    if not any(unicodedata.bidirectional(c) in ("R", "AL") for c in line):
        return line
    runs = shaped(line, voice, base_level(line)).runs
    clusters = [cluster.text for run in runs for cluster in run.clusters]
    if _LATER.search(line):
        return "".join(clusters)
    return "".join(cluster[::-1] for cluster in reversed(clusters))
