"""The commands of `learning-service`: one module each, and the development copy's only where it is installed."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from typer.testing import CliRunner

from learning_service.cli import app as cli

PACKAGE = Path(cli.__file__).parent
SHARED = {"__init__", "app", "copied", "operating", "postgres_tools", "terminal", "verified"}


@pytest.mark.parametrize("name", [*cli.COMMANDS, "dev", "demo", "token", "web"])
def test_every_command_says_what_it_does(name: str) -> None:
    result = CliRunner().invoke(cli.app, [name, "--help"])
    assert (result.exit_code, f"{name} [" in result.stdout) == (0, True), result.output


def test_every_module_of_the_package_is_a_command_or_shared() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == {*cli.COMMANDS, *SHARED}


def test_without_the_development_package_its_commands_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "entry_points", lambda group: [])
    listed = CliRunner().invoke(cli.app, ["--help"]).stdout
    assert all(f"  {name}" in listed for name in cli.COMMANDS)
    assert "  dev" not in listed
    assert CliRunner().invoke(cli.app, ["dev"]).exit_code == 2


def test_the_development_package_adds_its_commands() -> None:
    assert {entry.name for entry in entry_points(group=cli.ADDED)} == {"dev", "demo", "token", "web"}


def test_a_token_waits_for_nothing_that_it_does_not_need() -> None:
    program = (
        "import sys; from learning_service.cli.app import app; sys.argv[1:] = ['token', '--help'];"
        "app(standalone_mode=False);"
        "print(sorted({'fastapi', 'sqlalchemy', 'arq', 'aioboto3', 'reportlab'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "[]"
