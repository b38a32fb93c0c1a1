"""Two receivers on one address: each must show a certificate of its own name, on its own connection."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from learning_service.adapters.http import HttpClient
from learning_service.domain.kernel.errors import Unavailable

LOOPBACK = "127.0.0.1"


@dataclass
class Names:
    """An authority of the test's own, and a certificate for each name."""

    directory: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def client(self) -> ssl.SSLContext:
        """Trusts the authority and nobody else."""
        return ssl.create_default_context(cadata=self._certificate("authority", self.key, is_authority=True))

    def server(self, name: str) -> ssl.SSLContext:
        """Shows this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        file = self.directory / f"{name}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_text(private.decode() + self._certificate(name, key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _certificate(self, name: str, key: ec.EllipticCurvePrivateKey, *, is_authority: bool = False) -> str:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if not is_authority:
            builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(name)]), critical=False)
        made = builder.sign(self.key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM).decode()


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class Port:
    """A server that shows one certificate whatever it is asked for; which host each request named, by connection."""

    number: int
    hosts: list[list[str]] = field(default_factory=list)


@asynccontextmanager
async def serving(context: ssl.SSLContext) -> AsyncIterator[Port]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: list[str] = []
        port.hosts.append(mine)
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                mine.append(head.lower().partition("host: ")[2].partition("\r\n")[0])
                await reader.readexactly(2)
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0, ssl=context)
    port = Port(server.sockets[0].getsockname()[1])
    try:
        yield port
    finally:
        server.close()


@pytest.fixture
def names(tmp_path: Path) -> Names:
    return Names(tmp_path)


@pytest.fixture
async def client(names: Names) -> AsyncIterator[HttpClient]:
    made = HttpClient(trust=names.client())
    yield made
    await made.close()


async def post(client: HttpClient, host: str, port: int, address: str = LOOPBACK) -> int:
    answer = await client.post(f"https://{host}:{port}/hook", b"{}", headers={}, address=address)
    return answer.status


async def test_one_receivers_certificate_vouches_for_no_other(client: HttpClient, names: Names) -> None:
    async with serving(names.server("a.example.org")) as port:
        assert await post(client, "a.example.org", port.number) == 204
        with pytest.raises(Unavailable, match="ConnectError"):
            await post(client, "b.example.org", port.number)
        assert await post(client, "a.example.org", port.number) == 204
    assert [hosts for hosts in port.hosts if hosts] == [[f"a.example.org:{port.number}"] * 2], "still pooled"


async def test_a_name_that_moved_is_connected_to_anew(client: HttpClient, names: Names) -> None:
    """The address was vetted for this call; a connection to an earlier one is another's."""
    async with serving(names.server("a.example.org")) as port:
        assert await post(client, "a.example.org", port.number) == 204
        with pytest.raises(Unavailable):
            await post(client, "a.example.org", port.number, address="127.0.0.9")
    assert [len(hosts) for hosts in port.hosts if hosts] == [1]


async def test_a_receiver_may_be_an_address(client: HttpClient, names: Names) -> None:
    async with serving(names.server(LOOPBACK)) as port:
        assert await post(client, LOOPBACK, port.number) == 204


async def test_a_name_in_other_letters_is_called_as_dns_has_it(client: HttpClient, names: Names) -> None:
    name = "xn--bcher-kva.example.org"
    async with serving(names.server(name)) as port:
        assert await post(client, name, port.number) == 204
        with pytest.raises(Unavailable):
            await post(client, "xn--a.example.org", port.number)
    assert [hosts for hosts in port.hosts if hosts] == [[f"{name}:{port.number}"]]


@pytest.mark.parametrize(
    "url", ["https://a..example.org/", "https://[::1/", "https://a.example.org:99999999/"]
)
async def test_what_is_no_address_is_no_accident(client: HttpClient, url: str) -> None:
    with pytest.raises(Unavailable):
        await client.post(url, b"{}", headers={}, address=LOOPBACK)
