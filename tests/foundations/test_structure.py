"""The house stays in order: sizes, imports, one door to each fading library."""

import ast
import re
import tomllib
from collections.abc import Iterator

from tests.kit.source import FILES, ROOT, SOURCE, tree_of

MAX_FILE, MAX_FUNCTION = 400, 50
ACTORS = {"actor": "Principal", "actor_id": "str"}
DOORS = {
    "arq": (
        "learning_service/core/queue.py",
        "learning_service/worker/redis_client.py",
        "learning_service/worker/settings.py",
    ),
    "httpcore": ("learning_service/adapters/http_library.py",),
    "httpx": ("learning_service/adapters/http_library.py",),
    "aioboto3": ("learning_service/adapters/s3_library.py",),
}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_what_is_known_of_a_value_stands_in_its_type() -> None:
    """`dict[str, Any]` is for what nobody can know; columns and patches of JSON have `JsonObject`."""
    texts = [path.read_text() for path in FILES if path.is_relative_to(SOURCE)]
    lines, loose = (sum(text.count(sign) for text in texts) for sign in ("\n", "dict[str, Any]"))
    assert loose * 1000 <= lines, f"{loose} in {lines} lines"


def test_files_are_small_enough_to_read() -> None:
    long = {str(p.relative_to(ROOT)): n for p in FILES if (n := len(p.read_text().splitlines())) > MAX_FILE}
    assert long == {}, f"divide by subject: over {MAX_FILE} lines"


def test_functions_fit_on_a_screen() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": length
        for path in FILES
        for node in functions(tree_of(path))
        if node.end_lineno is not None and (length := node.end_lineno - node.lineno + 1) > MAX_FUNCTION
    }
    assert long == {}


def test_nothing_is_imported_inside_a_function_or_for_types_only() -> None:
    hidden = []
    for path in FILES:
        tree = tree_of(path)
        hidden += [f"{path}:{node.lineno}" for node in functions(tree) if list(imported(node))]
        hidden += [
            f"{path}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.If)
            and any(
                "TYPE_CHECKING" in (getattr(n, "id", ""), getattr(n, "attr", "")) for n in ast.walk(node.test)
            )
        ]
    assert hidden == []


def test_a_library_that_may_need_a_successor_has_few_doors() -> None:
    users: dict[str, tuple[str, ...]] = dict.fromkeys(DOORS, ())
    for path in FILES:
        for library in {name.split(".")[0] for name in imported(tree_of(path))} & DOORS.keys():
            users[library] += (str(path.relative_to(SOURCE.parent)),)
    assert users == DOORS


def test_the_ladders_that_the_architecture_shows_are_those_of_the_contracts() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    shown = re.findall(r"```\n(.*?)\n```", page[page.index("## The ladder") :], re.DOTALL)
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    ladders = [c["layers"] for c in linter["contracts"] if c["type"] == "layers" and c.get("exhaustive")]
    wings, features, _rooms = ladders
    assert [block.splitlines() for block in shown] == [wings, features]


def test_the_front_door_shows_two_modules_and_folders() -> None:
    modules = {path.stem for path in SOURCE.glob("*.py")}
    assert modules == {"__init__", "main", "context"}


def test_only_the_context_commits() -> None:
    committing = [
        str(path.relative_to(SOURCE.parent))
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert set(committing) == {"learning_service/context.py"}


def test_an_actor_is_a_principal_and_the_id_of_one_says_so() -> None:
    other = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}({argument.arg}: {ast.unparse(argument.annotation)})"
        for path in FILES
        if "domain" in path.parts
        for node in functions(tree_of(path))
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        if argument.arg in ACTORS
        and argument.annotation is not None
        and ast.unparse(argument.annotation).removesuffix(" | None") != ACTORS[argument.arg]
    ]
    assert other == []


def test_every_module_class_and_public_function_says_what_it_is() -> None:
    silent = []
    for path in FILES:
        tree = tree_of(path)
        nodes = [
            tree,
            *(n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)),
        ]
        for node in nodes:
            name = getattr(node, "name", "module")
            if not name.startswith("_") and not ast.get_docstring(node):
                silent.append(f"{path.relative_to(ROOT)} {name}")
    assert silent == []


def test_no_test_is_imported_out_of_another_tests_file() -> None:
    """What several tests need stands in tests/kit."""
    importing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for name in re.findall(r"^\s*(?:from|import) +(tests\.[\w.]+)", path.read_text(), re.MULTILINE)
        if any(part.startswith("test_") for part in name.split("."))
    ]
    assert importing == []
