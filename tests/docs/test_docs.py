"""The documents keep up with the code: every setting and every error code has its line."""

import ast
import re
from pathlib import Path
from typing import get_args

from tests.kit.source import tree_of

from learning_service.domain.kernel.errors import FaultCode

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "learning_service"
PLAIN = {"None": "none", "True": "`true`", "False": "`false`"}
FRAMEWORK_CODES = {"method-not-allowed", "request-timeout"}


def _settings() -> dict[str, str]:
    """Name → default, as the table writes it."""
    module = ast.parse((SOURCE / "core" / "settings.py").read_text())
    parts = [
        n for n in module.body if isinstance(n, ast.ClassDef) and n.name in ("StoreSettings", "Settings")
    ]
    found = {}
    for field in (field for part in parts for field in part.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            found[field.target.id.upper()] = _default(field.value)
    return found


def _default(value: ast.expr | None) -> str:
    if isinstance(value, ast.Call):
        made = [keyword.value for keyword in value.keywords if keyword.arg == "default_factory"]
        if made:
            return ast.unparse(made[0]).strip("_").replace("_", " ")
        given = [keyword.value for keyword in value.keywords if keyword.arg == "default"]
        value = given[0] if given else (value.args[0] if value.args else None)
    if value is None:
        return "required"
    text = ast.unparse(value)
    return PLAIN.get(text, "`" + text.strip("'") + "`")


def _rows(document: str, first: str) -> dict[str, list[str]]:
    """Rows of the table whose first column is called `first`: the name in it → the other columns."""
    text = (ROOT / "docs" / document).read_text()
    table = re.search(rf"^\| {first} \|.*\n\|[ |-]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1].splitlines()]
    return {row[0].strip("` "): row[1:] for row in cells}


def test_operations_names_every_setting_with_its_default() -> None:
    documented = {name: columns[0] for name, columns in _rows("operations.md", "name").items()}
    assert documented == _settings()


def test_operations_names_every_event_of_the_log() -> None:
    written = {
        name
        for path in SOURCE.rglob("*.py")
        for name in re.findall(r'\blog\.(?:info|warning|error)\(\s*"([a-z_]+)"', path.read_text())
    }
    assert len(written) > 30
    page = (ROOT / "docs" / "operations.md").read_text()
    assert {name for name in written if f"`{name}`" not in page} == set()


def test_errors_names_every_code_of_the_source() -> None:
    codes = set()
    for path in SOURCE.rglob("*.py"):
        codes |= set(re.findall(r'^\s.*\bcode(?:: str)? ?= ?"([a-z-]+)"', path.read_text(), re.MULTILINE))
    codes.discard("error")
    assert set(_rows("errors.md", "code")) == codes | FRAMEWORK_CODES


def test_errors_names_every_code_of_a_fault() -> None:
    assert set(_rows("errors.md", "fault")) == set(get_args(FaultCode))
    used = {
        node.value
        for path in SOURCE.rglob("*.py")
        if path.name != "errors.py"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(get_args(FaultCode)) <= used


def test_documents_link_to_what_exists() -> None:
    for document in (ROOT / "docs").glob("*.md"):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_a_newcomer_finds_every_page() -> None:
    start = (ROOT / "README.md").read_text()
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert pages - set(re.findall(r"\]\((docs/[a-z-]+\.md)", start)) == set()


def test_security_names_tests_that_there_are() -> None:
    rows = _rows("security.md", "requirement")
    assert len(rows) > 120
    for requirement, (level, state, how, named) in rows.items():
        assert re.fullmatch(r"V\d+\.\d+\.\d+", requirement)
        assert level in ("1", "2"), requirement
        assert state in ("met", "partly", "not", "not ours"), requirement
        assert how, requirement
        if state in ("not", "not ours"):
            assert named == "–", requirement
            continue
        path, _, name = named.strip("`").partition("::")
        source = (ROOT / path).read_text()
        assert re.search(rf"^(?:(?:async )?def|class) {name}\b|^{name} = ", source, re.MULTILINE), named


def test_it_is_said_how_to_report_a_hole() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    for word in ("private security advisories", "three working days", "docs/security.md"):
        assert word in text
    times = [int(days) for days in re.findall(r"^\| .* \| (\d+) days \|$", text, re.MULTILINE)]
    assert times == sorted(times)
    assert len(times) == 4, "a time for each kind of hole in a dependency"


def test_every_module_that_a_page_names_is_there() -> None:
    places = (ROOT, SOURCE.parent, SOURCE, SOURCE / "domain")
    for page in [*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md")]:
        named = set(re.findall(r"`([\w./]+\.py)\b", page.read_text()))
        assert {n for n in named if not any((place / n).exists() for place in places)} == set(), page.name
