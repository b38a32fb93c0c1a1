"""Which addresses may be called: IANA's special-purpose blocks, whatever the interpreter thinks of them."""

import asyncio
import ipaddress
import socket
from datetime import UTC, datetime

import anyio
import pytest

from learning_service.adapters.http import HttpClient
from learning_service.adapters.webhook_http import UnsafeReceiver, send_event
from learning_service.domain.kernel.errors import Unavailable
from learning_service.domain.webhooks.rules.events import url_fault

SPECIAL = [
    "0.0.0.0/8",
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::1/128",
    "::/128",
    "::ffff:0:0/96",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3ffe::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "4000::/3",
    "e000::/4",
    "200::/7",
]
WRAPPED = (
    "::ffff:8.8.8.8",
    "::8.8.8.8",
    "64:ff9b::808:808",
    "64:ff9b:1::808:808",
    "2002:808:808::1",
    "2001:0:4136:e378::1",
    "2606:4700::5efe:a00:1",
    "2606:4700::200:5efe:a00:1",
)
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2001:200::",
    "2001:4860:4860::8888",
    "2a00:1450:4001::1",
    "2400:cb00::1",
    "2003::",
    "3fff:1000::",
]


def fault(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    host = f"[{address}]" if address.version == 6 else str(address)
    return url_fault(f"https://{host}/hook", development=False)


@pytest.mark.parametrize("block", SPECIAL)
def test_no_special_block_is_called_at_either_end(block: str) -> None:
    network = ipaddress.ip_network(block)
    for address in (network[0], network[-1], network[network.num_addresses // 2]):
        assert fault(address) is not None, address


@pytest.mark.parametrize("text", WRAPPED)
def test_an_address_in_another_is_not_called(text: str) -> None:
    assert fault(ipaddress.ip_address(text)) is not None


@pytest.mark.parametrize("text", PUBLIC)
def test_the_neighbours_of_special_blocks_are_called(text: str) -> None:
    assert fault(ipaddress.ip_address(text)) is None


async def test_a_name_that_changes_meanwhile_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first answer is vetted and called; the second, which leads inside, is never asked for."""
    answers = ["93.184.215.14", "127.0.0.1"]
    called: list[str] = []

    async def look_up(_host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    async def connect(remote_host: str, **_: object) -> None:
        called.append(remote_host)
        raise OSError

    async def send() -> None:
        await send_event(
            http,
            "https://receiver.example.org/x",
            b"{}",
            event_id="1",
            secrets=("whsec_" + "QUFB" * 8,),
            at=datetime.now(UTC),
            development=False,
        )

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    monkeypatch.setattr(anyio, "connect_tcp", connect)
    http = HttpClient()
    try:
        with pytest.raises(Unavailable):
            await send()
        assert (called, answers) == (["93.184.215.14"], ["127.0.0.1"])
        with pytest.raises(UnsafeReceiver):
            await send()
        assert called == ["93.184.215.14"]
    finally:
        await http.close()
