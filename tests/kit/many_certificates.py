"""Certificates as a process of the worker's pool makes them, one after the other, and what that costs it."""

import time
import uuid
from dataclasses import replace
from functools import cache
from pathlib import Path

from learning_service.adapters.certificate_picture import picture_of
from learning_service.adapters.credentials import make_key, sign_credential
from learning_service.adapters.pdf_signature import Signing, sign_pdf
from learning_service.adapters.pool_work import draw_certificate
from learning_service.domain.certificates.rules.credentials import credential_of
from tests.kit.credentials import ISSUED, NOW, Signer
from tests.kit.printed import PLAIN

_NAMES = ("Zoë Łukasz", "Дмитрий", "محمد علي", "王小明", "김철수", "Ελένη", "Ana Ruiz", "Jane Doe")


@cache
def _keys() -> tuple[Signer, Signing]:
    return Signer(), Signing(make_key("pdf", "learn.example.org").secret)


def make_many(first: int, count: int) -> tuple[int, float]:
    """Make so many, each of another person; the process's memory then, in KiB, and its time for each, in ms."""
    signer, pdf = _keys()
    issuer, pair = signer.pair()
    began = time.process_time()
    for number in range(first, first + count):
        certificate_id = uuid.UUID(int=number + 1)
        issued = replace(ISSUED, certificate_id=certificate_id, place=number)
        credential = credential_of(issued, issuer=issuer, subject=certificate_id, salt=f"{number:032x}")
        kept = sign_credential(credential.document(), pair, NOW).data_integrity
        name = f"{_NAMES[number % len(_NAMES)]} {number}"
        content = replace(
            PLAIN,
            certificate_id=certificate_id,
            recipient_name=name,
            verification_url=f"https://learn.example.org/certificates/{certificate_id}/verify/",
            code=certificate_id.bytes[-10:],
            skills=("Law", "Care"),
            credential=kept,
        )
        assert picture_of(sign_pdf(draw_certificate(content, ()).pdf, pdf))
    spent = (time.process_time() - began) * 1000 / count
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4, spent
