"""Build the images of the three processes with what is there: docker, podman or buildah; a word names one of them.

Their base is pulled. Where no image registry can be reached, and with `IMAGES_FROM=packages`, a stand-in for it is
made of the same Debian packages by mmdebstrap (as root). It trusts the authorities that this machine trusts, so
images from it are for trying, not for handing on.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("docker", "podman", "buildah")
TARGETS = ("api", "worker", "converter")
NAME = "learning-service-{}:local"
BASE = "debian:bookworm-slim"
STAND_IN = "localhost/learning-debian:bookworm-slim"
# What the makers of the official image leave out, too.
LEFT_OUT = ("doc", "man", "locale", "info", "lintian")
# As in the official image: apt keeps nothing of what it has installed.
TIDY = """APT::Keep-Downloaded-Packages "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
"""
# Without them a script in Perl that merges /bin into /usr would bring 50 MB along.
MERGED = ("--include=usr-is-merged", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr")
OWN_AUTHORITIES = Path("/usr/local/share/ca-certificates")
LARGEST_MB = {"api": 350, "worker": 350, "converter": 1100}


def say(text):
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def goes_well(*words):
    """Whether a program, which may say what it likes, goes well."""
    nothing = subprocess.DEVNULL
    return subprocess.call(words, cwd=ROOT, stdin=nothing, stdout=nothing, stderr=nothing) == 0  # noqa: S603


def must(words, otherwise):
    """Run a program; where it fails, end with the last that it said."""
    done = subprocess.run(  # noqa: S603 - our own words
        words,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        sys.exit("\n".join([*done.stdout.splitlines()[-40:], f"images: {otherwise}"]))


def find_engine(names):
    """The first of these that works here."""
    for name in names:
        if shutil.which(name) and goes_well("timeout", "60", name, "info"):
            return name
    sys.exit(
        f"images: not to be used here: {', '.join(names)}; docker needs its daemon, or apt-get install podman"
    )


def build(engine, base, target, file, name, folder=ROOT):
    """Build one image; what the engine says is shown where it fails."""
    # Without a daemon: no namespaces of its own, and Docker's format, since the other one has no health checks.
    alone = [] if engine == "docker" else ["--isolation", "chroot", "--layers", "--format", "docker"]
    words = [engine, "build", *alone, "--build-arg", f"BASE_IMAGE={base}", "--target", target, "-t", name]
    started = time.monotonic()
    must([*words, "-f", str(file), str(folder)], f"{name} cannot be built")
    return time.monotonic() - started


def size_mb(engine, name):
    """How large an image is."""
    if engine == "buildah":
        words = ["buildah", "inspect", "--type", "image", "--format", "{{.Size}}", name]
    else:
        words = [engine, "image", "inspect", "--format", "{{.Size}}", name]
    said = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603
    return round(int(said) / 1e6)


def find_base(engine):
    """The name of the base, pulled or made."""
    if os.environ.get("IMAGES_FROM") != "packages":
        if goes_well("timeout", "300", engine, "pull", BASE):
            return BASE
        say(f"images: {BASE} cannot be pulled here, so a stand-in for it is made of Debian's packages")
    if not exists(engine, STAND_IN):
        make_stand_in(engine)
    say(f"images: the base is the stand-in {STAND_IN}, not the official {BASE}; do not hand these images on")
    return STAND_IN


def exists(engine, name):
    """Whether there is such an image here."""
    words = ["inspect", "--type", "image"] if engine == "buildah" else ["image", "inspect"]
    return goes_well(engine, *words, name)


def make_stand_in(engine):
    """Make the base by mmdebstrap: the packages of the official one, and the authorities of this machine."""
    if not shutil.which("mmdebstrap"):
        sys.exit("images: mmdebstrap is missing; apt-get install mmdebstrap")
    options = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT]
    options.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    if OWN_AUTHORITIES.is_dir():
        options.append(f"--customize-hook=copy-in {OWN_AUTHORITIES} /usr/local/share")
    with tempfile.TemporaryDirectory() as folder:
        archive, file, tidy = (Path(folder) / name for name in ("base.tar", "Dockerfile", "docker-clean"))
        tidy.write_text(TIDY)
        words = ["mmdebstrap", "--quiet", "--variant=minbase", *MERGED, *options, "bookworm", str(archive)]
        must(words, "mmdebstrap failed")
        file.write_text("FROM scratch AS base\nADD base.tar /\nCOPY docker-clean /etc/apt/apt.conf.d/\n")
        build(engine, "", "base", file, STAND_IN, Path(folder))


def main():
    """Build the three images, and say how large they are."""
    engine = find_engine(sys.argv[1:] or ENGINES)
    say(f"images: building with {engine}")
    base = find_base(engine)
    sizes = {}
    for target in TARGETS:
        name = NAME.format(target)
        seconds = build(engine, base, target, ROOT / "Dockerfile", name)
        sizes[target] = size_mb(engine, name)
        say(f"images: {name}, {sizes[target]} MB, {seconds:.0f} s")
    for target, size in sizes.items():
        if size > LARGEST_MB[target]:
            sys.exit(f"images: {target} is larger than {LARGEST_MB[target]} MB")


if __name__ == "__main__":
    main()
