"""The images and the composition, started here and driven from outside: from a deck to a certificate's PDF.

`make images-test` builds the images first. Where the images of PostgreSQL, Valkey and the store cannot be pulled, the
development copy's servers stand in for them: what is tried then is ours, and not theirs.
"""

import asyncio
import ipaddress
import json
import re
import runpy
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.kit import documents as files
from tests.kit.composition import Composition, read, stand_ins
from tests.kit.earned import POLICY, TREE
from tests.kit.sending import send
from tests.kit.world import Json, Signer, World

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
OURS = ("api", "worker", "converter")
API_PORT, S3_PORT = "8190", "8191"
TOOLS = ("pip", "pip3", "gcc", "cc", "make", "node", "npm", "strip", "git")

pytestmark = [pytest.mark.images, pytest.mark.timeout(900)]


def certificate(folder: Path) -> None:
    """A certificate of the identity provider's, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("issuer")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "certificate.pem").write_bytes(shown)
    (folder / "key.pem").write_bytes(private + shown)


def variables(signer: Signer, folder: Path) -> dict[str, str]:
    """What an operator fills in: a secret for each name of .env.example that wants one."""
    named = re.findall(r"^([A-Z0-9_]+)=$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    issuer = {"issuer": signer.issuer, "jwks_url": "https://issuer:8443/keys.json"}
    return {
        **{name: secrets.token_hex(20) for name in named},
        "SECRET_KEYS": json.dumps([secrets.token_hex(24)]),
        "PUBLIC_URL": "https://learning.example.org",
        "S3_PUBLIC_ENDPOINT_URL": f"http://127.0.0.1:{S3_PORT}",
        "AUTH_ISSUERS": json.dumps([issuer]),
        "API_PORT": API_PORT,
        "S3_PORT": S3_PORT,
        "ISSUER_FILES": str(folder),
    }


@pytest.fixture(scope="module")
def composition(signer: Signer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composition]:
    """The composition, up and well."""
    folder = tmp_path_factory.mktemp("composition")
    certificate(folder)
    (folder / "keys.json").write_bytes(signer.jwks_file.read_bytes())
    # Read by processes that are not root.
    for file in (folder, *folder.iterdir(), *folder.parents[:2]):
        file.chmod(0o755 if file.is_dir() else 0o644)
    filled = variables(signer, folder)
    document = read([ROOT / "compose.yaml", HERE / "compose.yaml"], filled)
    runtime = shutil.copy(HERE / "standins" / "runc", folder / "runc")
    made = Composition("learning-images-test", document, filled, Path(runtime), parts(document, folder))
    made.down()
    try:
        made.up()
        yield made
    finally:
        made.down()


def parts(document: Json, folder: Path) -> dict[str, str]:
    """What stands in for the images of the parts: nothing, where their base could be pulled."""
    building = runpy.run_path(str(ROOT / "scripts" / "images.py"))
    base = building["find_base"]("podman")
    if base != building["STAND_IN"]:
        return {}
    context = folder / "standins"
    shutil.copytree(HERE / "standins", context)
    shutil.copy(ROOT / "requirements" / "embedded.txt", context)
    shutil.copy(ROOT / "src" / "learning_devstack" / "s3_app.py", context)
    names = {"postgres": "postgres", "redis": "valkey", "s3": "store"}
    made = stand_ins(context, base)
    return {document["services"][service]["image"]: made[target] for service, target in names.items()}


@pytest.fixture
async def world(composition: Composition, signer: Signer) -> AsyncIterator[World]:
    """An organization that is there already, over the published port."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{API_PORT}", timeout=30) as http:
        made = World(http, signer, worker=None)  # type: ignore[arg-type]
        await made.push()
        yield made


async def until(ask: Any, seconds: float = 120) -> Any:
    """What `ask` answers, once it answers anything."""
    end = time.monotonic() + seconds
    while not (answer := await ask()):
        assert time.monotonic() < end, "nothing came of it"
        await asyncio.sleep(0.5)
    return answer


async def test_from_a_deck_to_the_certificates_pdf(composition: Composition, world: World) -> None:
    sent = await send(world.admin, files.pptx(slides=2))
    assert sent.status_code == 202, sent.text
    deck = sent.json()

    async def converted() -> Json | None:
        found: Json = await world.admin.ok("GET", f"/api/documents/{deck['id']}/")
        assert found["status"] != "failed", found
        return found if found["status"] == "ready" else None

    assert (await until(converted))["pages"] == 2

    lesson = {"kind": "lesson", "title": "Slides", "body_html": "", "document_url": deck["reference"]}
    tree = {**TREE, "modules": [{"title": "Know the law", "items": [lesson]}]}
    course = await world.course(tree, **POLICY)
    ana = world.member()
    await ana.ok("POST", f"/api/courses/{course['id']}/enroll/")
    modules = await ana.ok("GET", f"/api/courses/{course['id']}/modules/")
    await ana.ok("POST", f"/api/lessons/{modules['items'][0]['items'][0]['id']}/complete/")
    [earned] = (await ana.ok("GET", "/api/users/certificates/"))["items"]

    async def drawn() -> str | None:
        answer = await ana("GET", f"/api/certificates/{earned['id']}/pdf/")
        return answer.headers["location"] if answer.status_code == 307 else None

    async with httpx.AsyncClient() as browser:
        pdf = await browser.get(await until(drawn))
    assert pdf.content.startswith(b"%PDF-"), pdf.text
    told = await world.http.get(f"/api/certificates/{earned['id']}/verify/")
    assert told.json()["status"] == "valid", told.text
    assert "accident" not in "".join(composition.log(name) for name in OURS)


@pytest.mark.parametrize("service", OURS)
def test_a_process_has_no_rights(composition: Composition, service: str) -> None:
    code, said = composition.run(service, "cat", "/proc/self/status")
    status = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    assert code == 0, said
    assert status["Uid"].split()[0] == "10001"
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    code, said = composition.run(service, "touch", "/app/new", "/opt/venv/new", "/var/tmp/new")
    assert (code, said.count("Read-only file system")) == (1, 3), said


@pytest.mark.parametrize("service", OURS)
def test_nothing_that_builds_is_left_behind(composition: Composition, service: str) -> None:
    code, said = composition.run(
        service, "sh", "-c", f"for tool in {' '.join(TOOLS)}; do command -v $tool; done"
    )
    assert said == ""
    code, said = composition.run(service, "python", "-c", "import ensurepip")
    assert code == 1
    code, said = composition.run(service, "python", "-c", "import pip")
    assert code == 1


def test_the_converter_has_no_way_out_and_the_api_has(composition: Composition) -> None:
    reach = "import socket; socket.create_connection(('{}', 8443), 3)"
    code, said = composition.run("api", "python", "-c", reach.format("issuer"))
    assert code == 0, said
    address = json.loads(composition.podman("inspect", composition.container("issuer")))[0]
    [network] = address["NetworkSettings"]["Networks"].values()
    assert ipaddress.ip_address(network["IPAddress"])
    code, said = composition.run("converter", "python", "-c", reach.format(network["IPAddress"]))
    assert (code, "unreachable" in said) == (1, True), said


@pytest.mark.parametrize("service", OURS)
def test_resources_are_bounded(composition: Composition, service: str) -> None:
    [told] = json.loads(composition.podman("inspect", composition.container(service)))
    assert told["HostConfig"]["Memory"] >= 512 << 20
    assert told["HostConfig"]["PidsLimit"] == 256


async def test_the_web_application_is_inside(composition: Composition, world: World) -> None:
    page = await world.http.get("/app/")
    assert page.status_code == 200, page.text
    [script] = re.findall(r'src="(/app/assets/[^"]+\.js)"', page.text)
    answer = await world.http.get(script, headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.headers.get("content-encoding")) == (200, "gzip")
