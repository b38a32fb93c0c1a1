"""`docs/security.md`: what it lists is what there is."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import yaml  # type: ignore[import-untyped]
from pydantic import SecretStr
from sqlalchemy import Table

import learning_service.domain.tables  # noqa: F401 - all of them
from learning_service.core.settings import Settings
from learning_service.domain.kernel.base import Base
from learning_service.worker.jobs.purge import PURGED

ROOT = Path(__file__).resolve().parents[2]
ABOUT_PERSONS = {
    "user_id",
    "actor",
    "created_by",
    "edited_by",
    "started_by",
    "graded_by",
    "granted_by",
    "uploaded_by",
}


def _rows(first: str) -> list[list[str]]:
    text = (ROOT / "docs" / "security.md").read_text()
    table = re.search(rf"^\| {first} \|.*\n\|[ |-]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table, first
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1].splitlines()]


def _named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_secret_is_in_the_inventory_with_who_reads_it() -> None:
    rows = {name: row for row in _rows("secret") for name in _named(row[0])}
    told = {name for row in _rows("secret") for cell in row for name in _named(cell)}
    fields = {
        name.upper()
        for name, field in Settings.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation))
    }
    assert len(fields) >= 4
    assert fields | {"DATABASE_URL"} <= set(rows)
    asked = set(re.findall(r"^([A-Z0-9_]+)=$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked - told == {"PUBLIC_URL", "S3_PUBLIC_ENDPOINT_URL"}, "which are no secrets"
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for name in fields | {"DATABASE_URL"}:
        readers = {service for service, how in services.items() if name in how.get("environment", {})}
        assert readers == set(re.split(", ", rows[name][1].lower())), name


def test_every_table_is_of_one_kind_of_data() -> None:
    rows = _rows("kind")
    tables = [name for row in rows for name in _named(row[1])]
    assert sorted(tables) == sorted(Base.metadata.tables), "each once"
    without_persons = {
        name
        for row in rows
        if row[0] in ("the organization's", "the service's own")
        for name in _named(row[1])
    }
    for name in without_persons:
        table: Table = Base.metadata.tables[name]
        assert not ABOUT_PERSONS & set(table.columns.keys()), name


def test_how_long_it_is_kept_is_what_the_purge_does() -> None:
    kept = {name: row[3] for row in _rows("kind") for name in _named(row[1])}
    for purged in PURGED:
        after = purged.after
        said = (
            f"{after.days} day"
            if after % timedelta(days=1) == timedelta(0) and after.days != 3
            else "72 hours"
        )
        assert said in kept[purged.column.class_.__tablename__]


def test_each_rule_over_several_fields_is_named() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src" / "learning_service").rglob("*.py"))
    rules = len(re.findall(r', "conflicting"\)', source))
    assert rules == len(_rows("fields"))
