"""The TypeScript client: its types fit the reference of today and of the snapshot, and it goes the whole path."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI
from tests.kit.browser import address
from tests.kit.world import World

__all__ = ["address"]
pytestmark = pytest.mark.long
CLIENT = Path(__file__).resolve().parents[2] / "clients" / "typescript"
TOOLS = CLIENT / "node_modules" / ".bin"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The client's sources, to be compiled with types of another document."""
    if not (TOOLS / "tsc").exists():
        assert not os.environ.get("CI"), "run npm ci in clients/typescript"
        pytest.skip("no packages of the TypeScript client here: run npm ci in clients/typescript")
    ignored = shutil.ignore_patterns("node_modules", "dist", "schema.d.ts")
    made = Path(shutil.copytree(CLIENT, tmp_path / "client", ignore=ignored))
    (made / "node_modules").symlink_to(CLIENT / "node_modules")
    return made


async def run(*command: str | Path, where: Path, **environment: str) -> str:
    """What a command says, which must not fail. Not waited for: the service is on the same event loop."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=where,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 200)
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_made_from_the_snapshot_it_goes_from_a_course_to_a_certificate(
    world: World, address: str, copy: Path
) -> None:
    reference = CLIENT.parents[1] / "docs" / "openapi.json"
    await run("npm", "run", "generate", where=copy, REFERENCE=str(reference))
    await run(TOOLS / "tsc", where=copy)
    said = await run(
        "npm",
        "test",
        where=copy,
        LEARNING_URL=address,
        ADMIN_TOKEN=world.admin.token,
        MEMBER_TOKEN=world.member().token,
    )
    assert "# pass 4" in said, said
    assert "# fail 0" in said, said


@pytest.mark.parametrize("option", ["--default-non-nullable=false", "--default-non-nullable=true"])
async def test_it_compiles_with_the_types_of_today(app: FastAPI, copy: Path, option: str) -> None:
    """With fields that have a default optional or not, as the generator is told."""
    (copy / "openapi.json").write_text(json.dumps(app.openapi()))
    if option.endswith("true"):
        # It sends whole fields only where it is told so; the client itself does not care.
        (copy / "src" / "path.test.ts").unlink()
    await run(TOOLS / "openapi-typescript", "openapi.json", option, "--output", "src/schema.d.ts", where=copy)
    await run(TOOLS / "tsc", "--noEmit", where=copy)
