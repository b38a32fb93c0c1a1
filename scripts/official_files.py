"""Fetch what a specification's publisher offers and no wheel has, from the source archive of a locked package.

1EdTech's JSON Schema of Open Badges stands in the tests of openbadgeslib, and so in its archive, which
`requirements/dev.txt` names by hash. Writes it to `.venv/official`, where the tests look for it.
"""

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "openbadgeslib"
SCHEMA = "ob_v3p0_achievementcredential_schema.json"
SHA256 = "b7358e895f492e74055dc6bfc7ffc420d0e497f90c4579fb83d9519b86d393ea"
THERE = ROOT / ".venv" / "official"


def fetch(folder: Path) -> Path:
    """The package's archive, as it is locked."""
    locked = (ROOT / "requirements" / "dev.txt").read_text()
    [lines] = re.findall(rf"^{PACKAGE}==(?:.*\\\n)+.*$", locked, re.MULTILINE)
    wanted = folder / "wanted.txt"
    wanted.write_text(lines + "\n")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-deps", "--no-build-isolation", "--no-binary", PACKAGE, "--require-hashes"]
    subprocess.run([*command, "-r", str(wanted), "-d", str(folder)], check=True)  # noqa: S603 - our own words
    [archive] = folder.glob("*.tar.gz")
    return archive


def main() -> None:
    """Have the file there, unless it is."""
    file = THERE / SCHEMA
    if file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == SHA256:
        return
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fetch(Path(folder))) as archive:
        [member] = [one for one in archive.getmembers() if one.isfile() and one.name.endswith("/" + SCHEMA)]
        found = archive.extractfile(member)
        content = found.read() if found else b""
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit(
            f"{SCHEMA} of {PACKAGE} is not the one that was looked at: see what changed, and lock it anew"
        )
    THERE.mkdir(exist_ok=True)
    file.write_bytes(content)


main()
