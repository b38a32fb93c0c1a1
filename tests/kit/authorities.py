"""Authorities of tests: who vouches for keys, and who for the time."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def pem_of(key: Any, *certificates: x509.Certificate, password: bytes | None = None) -> str:
    protected = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protected)
    return b"".join([own, *(one.public_bytes(serialization.Encoding.PEM) for one in certificates)]).decode()


def vouched(
    name: str,
    key: Key,
    issuer: str,
    by: Key,
    *,
    is_authority: bool = False,
    days: int = 30,
    for_time: bool = False,
    revoked_at: str | None = None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(_usage(is_authority), critical=True)
    )
    if for_time:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
    if revoked_at is not None:
        place = x509.DistributionPoint([x509.UniformResourceIdentifier(revoked_at)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
    return builder.sign(by, SHA256())


def revocations(by: Key, *serials: int) -> bytes:
    """The list of an authority's revoked certificates."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority")]))
        .last_update(now - timedelta(hours=1))
        .next_update(now + timedelta(days=7))
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
        builder = builder.add_revoked_certificate(revoked.build())
    return builder.sign(by, SHA256()).public_bytes(serialization.Encoding.DER)


def _usage(is_authority: bool) -> x509.KeyUsage:
    signs = not is_authority
    return x509.KeyUsage(signs, signs, False, False, False, is_authority, is_authority, False, False)


class Answers(BaseHTTPRequestHandler):
    """A time-stamping authority that answers as it is told."""

    stamper: ClassVar[DummyTimeStamper]
    how: ClassVar[str] = "rightly"
    revocations: ClassVar[bytes | None] = None
    fetched: ClassVar[int] = 0

    def do_GET(self) -> None:
        type(self).fetched += 1
        self.send_response(404 if self.revocations is None else 200)
        self.send_header("Content-Type", "application/pkix-crl")
        self.end_headers()
        self.wfile.write(self.revocations or b"")

    def do_POST(self) -> None:
        asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
        if self.how == "of something else":
            asked["message_imprint"]["hashed_message"] = bytes(32)
        body = asyncio.run(self.stamper.async_request_tsa_response(asked)).dump()
        if self.how == "by a refusal":
            body = tsp.TimeStampResp({"status": {"status": "rejection"}}).dump()
        if self.how == "by a page":
            body = b"<html>Sign in to this network</html>"
        assert self.headers["Content-Type"] == "application/timestamp-query"
        self.send_response(503 if self.how == "with an error" else 200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def time_authority(
    issuer: tuple[Key, x509.Certificate] | None = None,
) -> Iterator[tuple[str, x509.Certificate]]:
    """An authority with a certificate of its own making, or of an issuer who lists revoked ones at `/revoked`."""
    server = HTTPServer(("127.0.0.1", 0), Answers)
    address = f"http://127.0.0.1:{server.server_port}"
    key = rsa.generate_private_key(65537, 2048)
    if issuer is None:
        certificate = vouched("Time", key, "Time", key, for_time=True)
    else:
        lists = f"{address}/revoked"
        certificate = vouched("Time", key, "Authority", issuer[0], for_time=True, revoked_at=lists)
    loaded = [
        asn1_x509.Certificate.load(one.public_bytes(serialization.Encoding.DER))
        for one in (certificate, *(issuer[1:] if issuer else ()))
    ]
    secret = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = SimpleCertificateStore()
    chain.register_multiple(loaded[1:])
    Answers.stamper = DummyTimeStamper(
        tsa_cert=loaded[0], tsa_key=asn1_keys.PrivateKeyInfo.load(secret), certs_to_embed=chain
    )
    Answers.revocations, Answers.fetched = None, 0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{address}/tsa", certificate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
