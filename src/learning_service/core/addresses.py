"""Addresses of PostgreSQL as operators write them, and as the driver takes them."""

import re

_POSTGRES_SCHEMES = ("postgresql://", "postgres://", "postgresql+asyncpg://")
_HOST = r"(?:\[[^]/?]+\]|[^]\[/:?@,]*)(?::[0-9]{1,5})?"
_PORT = re.compile(r":[0-9]{1,5}\Z")
_SERVER = re.compile(r"[A-Za-z0-9.-]+")
_PLACE = re.compile(
    rf"(?P<login>(?:[^:/@]*(?::[^@]*)?@)?)(?P<hosts>{_HOST}(?:,{_HOST})*)(?P<name>/[^?]*)?(?:\?(?P<query>.*))?\Z"
)
"""Login, hosts, name and parameters of a database's address. By hand: the drivers' parser takes long to import."""


def driver_url(url: str) -> str:
    """The database's address as its driver takes it: of several servers, each as a parameter `host`.

    Raises ValueError, without the address, for another database.
    """
    scheme = next((scheme for scheme in _POSTGRES_SCHEMES if url.startswith(scheme)), None)
    if scheme is None:
        raise ValueError("DATABASE_URL must begin with postgresql://")
    parts = _PLACE.match(url.removeprefix(scheme))
    hosts = parts["hosts"].split(",") if parts else []
    ports = [host.rpartition(":")[2] if _PORT.search(host) else "5432" for host in hosts]
    if parts is None or not all(1 <= int(port) <= 65535 for port in ports):
        raise ValueError("DATABASE_URL must have the form postgresql://user:password@host:port/name")
    if len(hosts) == 1:
        return "postgresql+asyncpg://" + url.removeprefix(scheme)
    if not all(_SERVER.fullmatch(_PORT.sub("", host)) for host in hosts):
        raise ValueError("DATABASE_URL must name each of several servers by a host name or an IPv4 address")
    servers = [f"host={_PORT.sub('', host)}:{port}" for host, port in zip(hosts, ports, strict=True)]
    parameters = "&".join([*servers, *([parts["query"]] if parts["query"] else [])])
    return f"postgresql+asyncpg://{parts['login']}{parts['name'] or '/'}?{parameters}"
