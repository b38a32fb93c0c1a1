"""How long a core works for a certificate as it is given out: its credential in both forms, the page with the
credential in it, and the signature of the whole. The limit of each is what the bare signatures take.
"""

import hashlib
import json
import multiprocessing
import statistics
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from benchmarks.certificate import TURNS, ByHand, contents
from benchmarks.results import Mark, Result, Row
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from learning_service.adapters.credentials import SigningPair, make_key, sign_credential
from learning_service.adapters.pdf_signature import Signing, sign_pdf
from learning_service.adapters.pool_work import draw_certificate
from learning_service.domain.certificates.rules.credentials import Credential, Issued, credential_of
from learning_service.domain.certificates.rules.keys import issuer_did, jwk_address, verification_method
from learning_service.worker.jobs.certificates import PRINTED_TEXTS

PER_TURN = 20
BASE = "https://learn.example.org"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOST_MS = 60.0


class Signers:
    """Keys of every kind, loaded, and bare signatures by them."""

    def __init__(self) -> None:
        ed25519, rs256, pdf = make_key("ed25519"), make_key("rs256"), make_key("pdf", "learn.example.org")
        self.issuer = issuer_did(BASE, ed25519.id, is_development=True)
        method = verification_method(self.issuer, ed25519.id)
        self.pair = SigningPair(
            bytes.fromhex(ed25519.secret), method, rs256.secret, jwk_address(BASE, rs256.id)
        )
        self.pdf = Signing(pdf.secret)
        self._by_hand, self._source = ByHand(), contents()
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(self.pair.ed25519)
        self._rsa = load_pem_private_key(rs256.secret.encode(), None)
        self._curve = load_pem_private_key(pdf.secret.encode(), None)

    def credential(self) -> Credential:
        """One as of any certificate."""
        issued = Issued(
            certificate_id=uuid.uuid4(),
            course_id=uuid.UUID(int=8),
            version=1,
            course_title="Hazing prevention for chapter officers",
            description="What it is, what the law says, and what to do.",
            criteria="Complete every part of the course and reach its pass mark.",
            language="en",
            skills=("Law", "Care"),
            issuer_name="National Association",
            issued_at=NOW,
            expires_at=None,
            email="zoe@example.org",
            public_url=BASE,
            place=5,
        )
        return credential_of(issued, issuer=self.issuer, subject=uuid.uuid4(), salt="salt")

    def work(self, name: str) -> None:
        """Do this once."""
        if name == "credential":
            sign_credential(self.credential().document(), self.pair, NOW)
        elif name == "signed":
            made = sign_credential(self.credential().document(), self.pair, NOW)
            content = replace(next(self._source), credential=made.data_integrity)
            sign_pdf(draw_certificate(content, PRINTED_TEXTS).pdf, self.pdf)
        else:
            self._bare_credential()
            if name == "bare signed":
                self._bare_pdf()

    def _bare_credential(self) -> None:
        text = json.dumps(self.credential().document()).encode()
        assert isinstance(self._rsa, RSAPrivateKey)
        self._ed25519.sign(hashlib.sha256(text).digest())
        self._rsa.sign(text, PKCS1v15(), SHA256())

    def _bare_pdf(self) -> None:
        assert isinstance(self._curve, EllipticCurvePrivateKey)
        self._curve.sign(self._by_hand(next(self._source)), ECDSA(SHA256()))


@cache
def _signers() -> Signers:
    return Signers()


def turn(name: str) -> float:
    """Processor seconds for one."""
    signers = _signers()
    signers.work(name)
    started = time.process_time()
    for _ in range(PER_TURN):
        signers.work(name)
    return (time.process_time() - started) / PER_TURN


def signed_rows() -> list[Row]:
    """The marks of signed certificates and of credentials."""
    names = ("credential", "bare credential", "signed", "bare signed")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as home:
        turns = [[home.submit(turn, name).result() * 1000 for name in names] for _ in range(TURNS)]
    credential, bare, signed, bare_signed = (statistics.median(column) for column in zip(*turns, strict=True))
    unit = "ms CPU a certificate"
    whole = Result("certificate: signed", signed, unit, bare_signed, bare_signed / signed)
    return [
        Row(whole, ours=Mark(MOST_MS, at_most=True)),
        Row(Result("credential", credential, unit, bare, bare / credential), ratio=Mark(0.70)),
    ]
