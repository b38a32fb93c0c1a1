"""What the service is built from: locked, used, and looked up."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IMPORTED_AS = {"opentelemetry-api": "opentelemetry", "pyjwt": "jwt", "python-multipart": "python_multipart"}
NOT_IMPORTED = {
    "uvloop": "uvicorn takes it as its loop",
    "httptools": "uvicorn parses requests with it",
    "tzdata": "the time zones of zoneinfo where the system has none",
    "sniffio": "see requirements/runtime.in",
}


def test_every_package_that_is_asked_for_is_used() -> None:
    source = "\n".join(
        path.read_text() for top in ("src", "migrations") for path in (ROOT / top).rglob("*.py")
    )
    lines = (ROOT / "requirements" / "runtime.in").read_text().splitlines()
    asked = [m[0] for line in lines if (m := re.match(r"[a-z0-9][a-z0-9-]*", line))]
    assert len(asked) > 20
    unused = []
    for package in asked:
        module = IMPORTED_AS.get(package, package.replace("-", "_"))
        if not re.search(rf"^\s*(?:import|from) {module}\b", source, re.MULTILINE):
            unused.append(package)
    assert sorted(unused) == sorted(NOT_IMPORTED)


def test_npm_packages_are_locked_by_their_content() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    packages = lock["packages"]
    assert packages[""]["devDependencies"] == wanted
    assert all(re.fullmatch(r"\d+\.\d+\.\d+(-beta\.\d+)?", version) for version in wanted.values())
    for name, package in packages.items():
        if name:
            assert package["integrity"].startswith("sha512-"), name
            assert "resolved" not in package, "a lock names no host"
    assert "npm ci" in (ROOT / ".ci" / "run").read_text()


KNOWN = "Found 1 known vulnerability in 1 package\nsniffio 1.0 PYSEC-1\n"
MISSED = "sniffio Dependency not found on PyPI and could not be audited: sniffio (1.0)\n"


@pytest.mark.parametrize(
    ("said", "code", "mode", "passes", "told"),
    [
        ("No known vulnerabilities found\n", 0, "", True, "2 of 2"),
        (KNOWN, 1, "", False, "known holes"),
        (KNOWN, 1, "offline", False, "known holes"),
        (MISSED, 0, "", False, "1 packages NOT looked up"),
        (MISSED, 0, "online", False, "say AUDIT=offline"),
        (MISSED, 0, "offline", True, "not looked up: sniffio (1.0)"),
        ("no way out\n", 1, "", False, "2 packages NOT looked up"),
        ("no way out\n", 1, "offline", True, "not looked up: anyio==2.0"),
    ],
)
def test_an_audit_that_could_not_look_fails_unless_that_is_said(
    tmp_path: Path, said: str, code: int, mode: str, passes: bool, told: str
) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "audit.sh", tmp_path / "scripts")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "runtime.txt").write_text(
        "sniffio==1.0 \\\n    --hash=x\nanyio==2.0 \\\n    --hash=y\n"
    )
    tool = tmp_path / ".venv" / "bin" / "pip-audit"
    tool.parent.mkdir(parents=True)
    (tmp_path / "said").write_text(said)
    tool.write_text(f"#!/bin/sh\ncat {tmp_path}/said\nexit {code}\n")
    tool.chmod(0o755)
    done = subprocess.run(
        [tmp_path / "scripts" / "audit.sh"],
        env={"PATH": "/usr/bin:/bin", "AUDIT": mode},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode == 0) == passes, done.stdout + done.stderr
    assert told in done.stdout
