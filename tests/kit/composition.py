"""The composition of compose.yaml, started by podman on a machine without systemd or a Docker daemon.

Nothing of the file is passed over: what is not known here is refused. Health checks are asked for by hand, because
podman leaves that to systemd.
"""

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
LEFT_TO_OTHERS = {"build", "restart", "stop_grace_period", "depends_on", "healthcheck"}
"""Images are there already, a process that dies is a finding, and the rest is done here."""
OPTIONS = {
    "user": "--user",
    "pids_limit": "--pids-limit",
    "mem_limit": "--memory",
    "cpu_shares": "--cpu-shares",
    "shm_size": "--shm-size",
}
EACH = {"ports": "--publish", "security_opt": "--security-opt", "cap_drop": "--cap-drop"}
READY_SECONDS = 120
CAP_SYS_RESOURCE = 1 << 24

Json = dict[str, Any]


class CompositionError(Exception):
    """It does not start; the text says what podman or a process said."""


def read(files: Sequence[Path], variables: Mapping[str, str]) -> Json:
    """The files, each laid over the one before, with the variables in their places."""
    merged: Json = {}
    for file in files:
        document = yaml.safe_load(file.read_text())
        for config in document.get("configs", {}).values():
            config["file"] = str(file.parent / _filled(config["file"], variables))
        merged = _laid_over(merged, document)
    filled: Json = _filled(merged, variables)
    return filled


def _laid_over(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: _laid_over(below.get(key), value) for key, value in above.items()}}
    if isinstance(below, list) and isinstance(above, list):
        return [*below, *above]
    return above


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    return VARIABLE.sub(lambda found: _variable(found, variables), value) if isinstance(value, str) else value


def _variable(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if (value := variables.get(found[1])) is not None:
        return value
    if found[2] != "-":
        raise CompositionError(f"{found[1]} is not set")
    return found[3]


@dataclass
class Composition:
    """The composition under a name of its own; `images` says what stands in for which image."""

    name: str
    document: Json
    variables: Mapping[str, str]
    runtime: Path
    images: Mapping[str, str] = field(default_factory=dict)

    def podman(self, *words: str, check: bool = True) -> str:
        """What podman says on its standard output."""
        command = ["timeout", "120", "podman", *self._engine(), *words]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
        if check and done.returncode:
            raise CompositionError(f"podman {' '.join(words[:2])}: {done.stderr[-2000:]}")
        return done.stdout

    def _engine(self) -> Iterator[str]:
        yield "--cgroup-manager=cgroupfs"
        status = Path("/proc/self/status").read_text()
        if not int(status.partition("CapEff:")[2].split()[0], 16) & CAP_SYS_RESOURCE:
            yield f"--runtime={self.runtime}"

    @property
    def services(self) -> Json:
        """The services by name."""
        found: Json = self.document["services"]
        return found

    def container(self, service: str) -> str:
        """The name of a service's container."""
        return f"{self.name}_{service}"

    def run(self, service: str, *words: str) -> tuple[int, str]:
        """Run a command in a service's container: its exit code, and what it said."""
        command = ["timeout", "60", "podman", *self._engine(), "exec", self.container(service), *words]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
        return done.returncode, done.stdout + done.stderr

    def log(self, service: str) -> str:
        """What a service has written."""
        words = ["timeout", "60", "podman", *self._engine(), "logs", self.container(service)]
        done = subprocess.run(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        return done.stdout

    def up(self) -> None:
        """Start everything in its order, and wait until all of it is well."""
        for name, how in self.document["networks"].items():
            internal = ["--internal"] if (how or {}).get("internal") else []
            self.podman("network", "create", *internal, self.container(name))
        waiting = dict(self.services)
        while waiting:
            ready = [
                name for name, how in waiting.items() if not waiting.keys() & how.get("depends_on", {}).keys()
            ]
            for name in ready:
                how = waiting.pop(name)
                for part, wanted in how.get("depends_on", {}).items():
                    self._wait(part, wanted["condition"])
                self.podman("run", "--detach", *self._words(name, how))
        for name in self.services:
            if self._health_check(name):
                self._wait(name, "service_healthy")

    def down(self) -> None:
        """Remove everything that has this name."""
        for name in self.services:
            self.podman("rm", "--force", "--time", "2", self.container(name), check=False)
        for name in self.document["volumes"]:
            self.podman("volume", "rm", "--force", self.container(name), check=False)
        for name in self.document["networks"]:
            self.podman("network", "rm", "--force", self.container(name), check=False)

    def _words(self, name: str, how: Json) -> list[str]:
        words = ["--name", self.container(name), "--no-healthcheck", "--read-only-tmpfs=false"]
        for key, value in how.items():
            if key in OPTIONS:
                words += [OPTIONS[key], str(value)]
            elif key in EACH:
                words += [
                    word for one in value for word in (EACH[key], one.lower() if key == "cap_drop" else one)
                ]
            elif key not in LEFT_TO_OTHERS | {"image", "command", "entrypoint"}:
                words += self._special(name, key, value)
        command = [str(word) for word in how.get("command", ())]
        if "entrypoint" in how:
            first, *rest = how["entrypoint"]
            words, command = [*words, "--entrypoint", first], [*rest, *command]
        return [*words, self.images.get(how["image"], how["image"]), *command]

    def _special(self, name: str, key: str, value: Any) -> list[str]:
        match key:
            case "read_only" if value is True:
                return ["--read-only"]
            case "networks":
                return [f"--network={self.container(one)}:alias={name}" for one in value]
            case "tmpfs":
                # As Docker has it: anyone may write there.
                return [f"--tmpfs={one}{',' if ':' in one else ':'}mode=1777" for one in value]
            case "volumes":
                return [f"--volume={self.container(one)}" for one in value]
            case "configs":
                files = self.document["configs"]
                return [f"--volume={files[one['source']]['file']}:{one['target']}:ro" for one in value]
            case "environment":
                given = {k: self.variables.get(k) if v is None else v for k, v in value.items()}
                return [f"--env={k}={v}" for k, v in given.items() if v is not None]
        raise CompositionError(f"{name}: nothing here knows {key}")

    def _health_check(self, service: str) -> list[str]:
        how = self.services[service]
        if "healthcheck" in how:
            test = how["healthcheck"]["test"]
        elif how.get("restart") == "no":
            return []
        else:
            [image] = json.loads(self.podman("image", "inspect", how["image"]))
            test = (image.get("Healthcheck") or {}).get("Test", [])
            if not test:
                raise CompositionError(f"the image of {service} has no health check")
        return ["sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]

    def _wait(self, service: str, condition: str) -> None:
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            state = self.podman(
                "inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", self.container(service)
            ).split()
            if state[0] == "exited":
                if condition == "service_completed_successfully" and state[1] == "0":
                    return
                break
            if condition == "service_healthy" and self.run(service, *self._health_check(service))[0] == 0:
                return
            time.sleep(0.3)
        raise CompositionError(f"{service} is not well:\n{self.log(service)[-3000:]}")


def stand_ins(folder: Path, base: str) -> dict[str, str]:
    """Build what stands in for the parts' images out of this folder; which stands in for which."""
    made = {}
    for target in ("postgres", "valkey", "store"):
        name = f"localhost/learning-stand-in-{target}:local"
        words = ["podman", "build", "--isolation=chroot", "--layers", "--format=docker", f"--target={target}"]
        words += [f"--build-arg=BASE_IMAGE={base}", "-t", name, str(folder)]
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
        if done.returncode:
            raise CompositionError(f"{name}: {(done.stdout + done.stderr)[-3000:]}")
        made[target] = name
    return made
