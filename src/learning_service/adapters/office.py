"""Presentations to PDF by LibreOffice, one process, one throw-away profile and one sandbox for each.

LibreOffice's exit codes lie: it says 0 when it could not open the file. Whether there is a PDF with pages is for the
caller to find out.
"""

import asyncio
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from learning_service.adapters.confinement import MIB, Ended, Limits, run_confined
from learning_service.domain.documents.rules import Refused

log = structlog.get_logger()

Sandbox = Literal["bwrap", "container", "none"]
_PLACES = (
    "/usr/lib/libreoffice/program",
    "/usr/lib64/libreoffice/program",
    "/opt/libreoffice/program",
    "/Applications/LibreOffice.app/Contents/MacOS",
)
_START_AGAIN = 81
"""What a first start with a new profile may end with."""
_EXPORT = "pdf:impress_pdf_Export"
_WITH_HIDDEN = f'{_EXPORT}:{{"ExportHiddenSlides":{{"type":"boolean","value":"true"}}}}'
_WORK = "/work"
"""Where a job's directory is inside the sandbox."""
_READABLE = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/usr/share/libreoffice",
    "/etc/fonts",
    "/etc/libreoffice",
    "/etc/ld.so.cache",
    "/var/cache/fontconfig",
    "/var/lib/libreoffice",
)
"""Programs, fonts and their settings: all that can be seen from inside beside the job's own files."""
_HARDENED = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
{items}
</oor:items>
"""
_ITEM = (
    '<item oor:path="/org.openoffice.Office.Common/Security/Scripting">'
    '<prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)
_SCRIPTING = {
    "DisableMacrosExecution": "true",
    "DisableActiveContent": "true",
    "BlockUntrustedRefererLinks": "true",
    "MacroSecurityLevel": "3",
}


@dataclass(frozen=True, slots=True)
class Office:
    """A LibreOffice that was found here, and how it is kept in."""

    program: Path
    """`soffice.bin`, or what starts it."""
    sandbox: Sandbox
    seconds: float
    memory: int
    output: int

    async def convert(self, deck: Path, directory: Path, *, hidden_slides: bool = False) -> Path:
        """The PDF made of `deck`, in a directory that holds nothing else. Raises Refused when there is none.

        The file's suffix must say what it is.
        """
        self._prepare(directory)
        pdf = await self._convert(deck, directory, hidden_slides=hidden_slides)
        if pdf is not None:
            return pdf
        if not hidden_slides and await self._convert(deck, directory, hidden_slides=True) is not None:
            raise Refused("all-hidden")
        raise Refused("not-convertible")

    def _prepare(self, directory: Path) -> None:
        self._write_profile(directory / "profile")
        (directory / "out").mkdir()
        (directory / "tmp").mkdir()

    async def _convert(self, deck: Path, directory: Path, *, hidden_slides: bool) -> Path | None:
        ended = await self._run(deck, directory, hidden_slides=hidden_slides)
        if ended.code == _START_AGAIN and ended.over is None:
            ended = await self._run(deck, directory, hidden_slides=hidden_slides)
        pdf = directory / "out" / f"{deck.stem}.pdf"
        if ended.over is not None:
            raise Refused("too-slow" if ended.over == "time" else "too-greedy")
        if pdf.is_symlink() or not pdf.is_file() or pdf.stat().st_size == 0:
            log.info("office_made_nothing", code=ended.code)
            if ended.code < 0 or ended.code > 128:
                # By a signal: what it ran into was most likely a limit.
                raise Refused("too-greedy")
            return None
        return pdf

    async def _run(self, deck: Path, directory: Path, *, hidden_slides: bool) -> Ended:
        inside = Path(_WORK) if self.sandbox == "bwrap" else directory
        argv = [
            *(self._walls(directory) if self.sandbox == "bwrap" else []),
            str(self.program),
            f"-env:UserInstallation=file://{inside}/profile",
            "--headless",
            "--norestore",
            "--nologo",
            "--nodefault",
            "--nolockcheck",
            "--nofirststartwizard",
            "--convert-to",
            _WITH_HIDDEN if hidden_slides else _EXPORT,
            "--outdir",
            f"{inside}/out",
            f"{inside}/{deck.name}",
        ]
        environment = {"HOME": f"{inside}/profile", "TMPDIR": f"{inside}/tmp", "LANG": "C.UTF-8"}  # noqa: S108
        limits = Limits(seconds=self.seconds, memory=self.memory, disk=self.output)
        return await run_confined(argv, directory=directory, limits=limits, environment=environment)

    def _walls(self, directory: Path) -> Sequence[str]:
        readable = dict.fromkeys((*_READABLE, str(self.program.resolve().parent.parent)))
        return [
            *_bwrap(),
            *(word for path in readable for word in ("--ro-bind-try", path, path)),
            *("--bind", str(directory), _WORK, "--chdir", _WORK),
        ]

    def _write_profile(self, profile: Path) -> None:
        user = profile / "user"
        user.mkdir(parents=True)
        items = "\n".join(_ITEM.format(name=name, value=value) for name, value in _SCRIPTING.items())
        (user / "registrymodifications.xcu").write_text(_HARDENED.format(items=items))
        if build := _build_id(self.program):
            # Tells LibreOffice that this profile is not new, which saves it a start for nothing.
            (user / "extensions").mkdir()
            (user / "extensions" / "buildid").write_text(build)


def find_office() -> Path | None:
    """LibreOffice's program on this machine, if it is here."""
    found = shutil.which("soffice")
    places = [*([Path(found).resolve().parent] if found else []), *map(Path, _PLACES)]
    for place in places:
        for name in ("soffice.bin", "soffice"):
            if (place / name).is_file():
                return place / name
    return None


async def office_problem(sandbox: str) -> str | None:
    """Why nothing can be converted here in that sandbox; None: it can."""
    if find_office() is None:
        return "LibreOffice was not found"
    if sandbox == "bwrap" and (problem := await _bwrap_problem()):
        return (
            f"LibreOffice is here, but bwrap, which would keep it in, does not work: {problem}. Where the container"
            " itself has no way out, set CONVERT_SANDBOX=container"
        )
    return None


async def _bwrap_problem() -> str | None:
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        return "it is not installed"
    try:
        process = await asyncio.create_subprocess_exec(
            *_bwrap(),
            *("--ro-bind", "/usr", "/usr", "/usr/bin/true"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(10):
            _, said = await process.communicate()
    except (OSError, TimeoutError) as error:
        return str(error)
    return None if process.returncode == 0 else said.decode(errors="replace").strip()[:200]


def _bwrap() -> Sequence[str]:
    """Namespaces of its own for everything, no capability, no network, an empty root, and nothing inherited."""
    return [
        shutil.which("bwrap") or "bwrap",
        *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
        *("--proc", "/proc", "--dev", "/dev", "--size", str(16 * MIB), "--tmpfs", "/tmp"),  # noqa: S108
    ]


def _build_id(program: Path) -> str | None:
    try:
        text = (program.parent / "versionrc").read_text(errors="replace")
    except OSError:
        return None
    found = re.search(r"^buildid=(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else None
