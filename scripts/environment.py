"""Make or renew the virtual environment `.venv` from the locked requirements.

Runs under any Python from 3.6 on with nothing installed, so that it can say what is missing. `run` installs
what running needs, `dev` the tools for tests as well, `check` those that try the service from outside too.
What has been installed is remembered by content, so
that nothing is done twice; one process at a time works on the environment.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / "unfinished"
MADE = VENV / "made.json"
LOCKS = {
    "run": ["runtime", "embedded"],
    "dev": ["runtime", "embedded", "dev"],
    "bench": ["runtime", "embedded", "bench"],
    "check": ["runtime", "embedded", "dev", "check"],
    "deploy": ["runtime", "embedded", "dev", "deploy"],
}
OLDEST = (3, 11)
# They would send packages to another place than .venv, or take them from one.
MISLEADING = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")


def say(text):
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def fingerprint(use):
    """What the environment for a use is made from; its place too, for scripts in it hold absolute paths."""
    digest = hashlib.sha256(str(ROOT).encode())
    names = [f"requirements/{name}.txt" for name in [*LOCKS[use], "build"]]
    for name in [*names, "requirements/runtime.in", "pyproject.toml", "src/learning_devstack/pyproject.toml"]:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_usable():
    """Whether `.venv` is whole, was made for this place, and its Python still exists."""
    if UNFINISHED.exists() or not VENV_PYTHON.exists():
        return False
    if MADE.exists() and json.loads(MADE.read_text())["root"] != str(ROOT):
        return False
    question = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    command = [str(VENV_PYTHON), "-c", question]
    return subprocess.call(command, stderr=subprocess.DEVNULL) == 0  # noqa: S603 - our own words


def make_venv():
    """A fresh environment, marked as unfinished until it is whole."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if sys.version_info < OLDEST:
        sys.exit(
            f"Python 3.11 or newer is needed; this is {version}. Try: make run PYTHON=/path/to/python3.11"
        )
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(
            f"Python {version} cannot make virtual environments here: ensurepip is missing.\n"
            f"On Debian or Ubuntu: apt-get install python{version}-venv"
        )
    say(f"making .venv with Python {version}")
    shutil.rmtree(str(VENV), ignore_errors=True)
    VENV.mkdir()
    UNFINISHED.touch()
    if run([sys.executable, "-m", "venv", VENV]) != 0:
        sys.exit("the virtual environment could not be made; see above")
    MADE.write_text(json.dumps({"root": str(ROOT)}))
    UNFINISHED.unlink()


def run(command):
    """Run a command of the installation and return its exit code."""
    environment = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    words = [str(word) for word in command]
    return subprocess.call(words, cwd=str(ROOT), env=environment, stdin=subprocess.DEVNULL)  # noqa: S603


def install(use, installer):
    """Install what is locked, by hash, then the service and its development parts as links to their source."""
    locks = [word for name in LOCKS[use] for word in ("-r", f"requirements/{name}.txt")]
    steps = [
        ["--require-hashes", *locks],
        ["--require-hashes", "-r", "requirements/build.txt"],
        ["--no-deps", "--no-build-isolation", "-e", ".", "-e", "src/learning_devstack"],
    ]
    return all(run([*installer, *step]) == 0 for step in steps)


def find_uv(pip):
    """uv of the machine, or the locked one, which pip fetches: together they take a third of pip's time."""
    uv = shutil.which("uv") or str(VENV / "bin" / "uv")
    if os.path.exists(uv) or run([*pip, "--require-hashes", "-r", "requirements/uv.txt"]) == 0:
        return uv
    return None


def install_with_uv_or_pip(use):
    """Where uv does not get through (a proxy's certificate, no wheel for this machine) pip has to."""
    pip = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    say("installing the locked packages")
    uv = find_uv(pip)
    if uv and install(use, [uv, "pip", "install", "--quiet", "--python", VENV_PYTHON]):
        return
    say("uv could not; trying pip, which takes half a minute")
    if not install(use, pip):
        sys.exit("the packages could not be installed; see above")


def main():
    """Bring the environment up to date for one use."""
    use = sys.argv[1]
    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        started = time.time()
        if not is_usable():
            make_venv()
        # The environment for development serves for running too.
        serving = [name for name in LOCKS if set(LOCKS[name]) >= set(LOCKS[use])]
        stamps = {name: VENV / f"installed-{name}" for name in serving}
        if any(stamp.exists() and stamp.read_text() == fingerprint(name) for name, stamp in stamps.items()):
            return
        wanted = fingerprint(use)
        install_with_uv_or_pip(use)
        stamps[use].write_text(wanted)
        say(f"the environment is ready after {time.time() - started:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
