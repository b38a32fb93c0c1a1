"""As whom PostgreSQL runs: it refuses to run as root, and making a user for it should not be necessary."""

import hashlib
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from learning_devstack.binaries import PostgresBinaries
from learning_devstack.process import StartError, clean_environment

NOBODY = 65534
IN_USER_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
SHARED_TEMPORARY = Path("/var/tmp")  # noqa: S108 - the directory below it is made and checked by us


@dataclass(frozen=True)
class PostgresHome:
    """How to run PostgreSQL and where its data lies.

    `prefix` goes before each command; `user` is the user id to take, None for ours; `outside` is a
    directory outside the development directory that belongs to this copy, to be removed with it.
    """

    binaries: PostgresBinaries
    data_parent: Path
    prefix: tuple[str, ...] = ()
    user: int | None = None
    outside: Path | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        """The argument list that runs one of PostgreSQL's programs as the right user."""
        return [*self.prefix, str(self.binaries.bin / program), *arguments]


def user_namespaces_work() -> bool:
    """Whether root may map itself to another user here; containers often forbid it."""
    try:
        answer = subprocess.run(  # noqa: S603 - fixed command
            [*IN_USER_NAMESPACE, "true"], env=clean_environment(), capture_output=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def find_home(directory: Path, binaries: PostgresBinaries, *, namespaces: bool | None = None) -> PostgresHome:
    """Decide as whom PostgreSQL runs below `directory`.

    An ordinary user: as itself. Root: as nobody inside a user namespace, so that the files stay root's.
    Root without user namespaces (`namespaces` says so in tests): as the user nobody; what that user cannot
    reach (a checkout below /root) is copied to, and the data kept in, a directory of this copy in /var/tmp.
    """
    if os.geteuid() != 0:
        return PostgresHome(binaries, directory)
    if user_namespaces_work() if namespaces is None else namespaces:
        return PostgresHome(binaries, directory, prefix=IN_USER_NAMESPACE)
    if all(map(_is_reachable, (directory, *binaries.roots))):
        return PostgresHome(binaries, directory, user=NOBODY)
    outside = _own_directory(directory)
    # From when the directory was open to all users.
    for data in directory.glob("postgres-*"):
        if data.stat().st_uid == NOBODY and not (outside / data.name).exists():
            shutil.move(data, outside / data.name)
    return PostgresHome(_copied(binaries, outside), outside, user=NOBODY, outside=outside)


def give_to_user(path: Path, user: int | None) -> None:
    """Hand an empty directory or a file to the user PostgreSQL runs as; nothing to do when that is us."""
    if user is not None:
        os.chown(path, user, user)


def _is_reachable(path: Path) -> bool:
    """Whether any user may enter every directory on the way to `path`, and read it."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (path, *path.resolve().parents))


def _own_directory(directory: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:16]
    outside = SHARED_TEMPORARY / f"learning-service-{digest}"
    outside.mkdir(exist_ok=True)
    found = outside.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & stat.S_IWOTH:
        raise StartError(f"{outside} was made by another user; remove it and start again")
    outside.chmod(0o755)
    return outside


def _make_open(directory: Path) -> None:
    """A directory that any user may enter, whatever the process's own mask."""
    directory.mkdir(exist_ok=True)
    directory.chmod(0o755)


def _copied(binaries: PostgresBinaries, outside: Path) -> PostgresBinaries:
    # Programs find their libraries by relative paths, so the copy keeps the places relative to each other.
    base = Path(os.path.commonpath([root.parent for root in binaries.roots]))
    copies = outside / "programs"
    for root in binaries.roots:
        target = copies / root.relative_to(base)
        if not target.exists():
            for parent in list(reversed(target.relative_to(outside).parents))[1:]:
                _make_open(outside / parent)
            unfinished = target.with_name(target.name + ".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(root, unfinished, symlinks=True)
            unfinished.rename(target)
    return replace(
        binaries,
        bin=copies / binaries.bin.relative_to(base),
        roots=tuple(copies / root.relative_to(base) for root in binaries.roots),
    )
