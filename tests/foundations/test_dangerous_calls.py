"""What no source of the service does: run what came in, build patterns of it, or use hashes that are broken."""

import ast
from collections.abc import Iterator
from functools import cache

from tests.kit.source import SOURCE, tree_of

RUNS_CODE = {"eval", "exec", "compile", "__import__"}
READS_CODE = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "yaml", "code", "codeop", "runpy"}
READS_XML = {"xml", "lxml", "defusedxml", "bs4"}
HASHES = {"sha256", "blake2b", "file_digest"}


@cache
def _nodes() -> list[tuple[str, ast.AST]]:
    return [
        (str(path.relative_to(SOURCE)), node)
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call | ast.Import | ast.ImportFrom)
    ]


def _name(node: ast.expr) -> str:
    """`a.b.c` as it is written; what is no name is a star."""
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "*"


@cache
def _calls() -> list[tuple[str, str, ast.Call]]:
    """Module, what is called, and the call."""
    return [(path, _name(node.func), node) for path, node in _nodes() if isinstance(node, ast.Call)]


def _imports() -> Iterator[tuple[str, str]]:
    for path, node in _nodes():
        if isinstance(node, ast.Import):
            yield from ((path, name.name.partition(".")[0]) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield path, node.module.partition(".")[0]


def _is_ours(node: ast.expr) -> bool:
    """A constant, put together of constants, or a constant of the module, which is written in capitals."""
    if isinstance(node, ast.JoinedStr):
        return all(_is_ours(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _is_ours(node.value)
    if isinstance(node, ast.BinOp):
        return _is_ours(node.left) and _is_ours(node.right)
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("re.escape", "''.join", "'|'.join"):
        return ast.unparse(node.func) == "re.escape" or all(_is_ours(one) for one in node.args)
    if isinstance(node, ast.Name):
        return node.id.strip("_").isupper()
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_").isupper() or _is_ours(node.value)
    return isinstance(node, ast.Constant)


def test_nothing_runs_what_came_in() -> None:
    assert [(path, name) for path, name, _ in _calls() if name in RUNS_CODE] == []
    # Between a process and those that it started: pieces of work, answers, and whether an error will arrive.
    known = [
        ("adapters/pool_process.py", "pickle"),
        ("adapters/processes.py", "pickle"),
        ("domain/kernel/helper_process.py", "pickle"),
    ]
    assert sorted((path, name) for path, name in _imports() if name in READS_CODE) == known
    # Redis runs what it is sent too: always a constant of its module.
    scripts = [call for path, name, call in _calls() if path == "core/rate_limits.py" and name == "self._run"]
    assert scripts
    assert all(_is_ours(call.args[0]) for call in scripts)


def test_patterns_and_formats_are_ours() -> None:
    patterns = [
        (path, call)
        for path, name, call in _calls()
        if name.startswith("re.") and name not in ("re.escape", "re.purge") and call.args
    ]
    assert len(patterns) > 40
    others = {(path, ast.unparse(call)) for path, call in patterns if not _is_ours(call.args[0])}
    # The paths of routes, and names in PDFs that do something.
    known = {"api/fast/lane.py", "api/redirects.py", "adapters/inspection/actions.py"}
    assert {path for path, _ in others} <= known, others
    formats = [(path, call) for path, name, call in _calls() if name.endswith(".format")]
    said = {
        (path, ast.unparse(call.func.value))
        for path, call in formats
        if isinstance(call.func, ast.Attribute) and not _is_ours(call.func.value)
    }
    # Translations, and the parts of a PDF, which lie in our own files; a log handler's own method.
    assert {path for path, _ in said} <= {
        "core/telemetry.py",
        "adapters/mail_words.py",
        "adapters/certificate_words.py",
        "adapters/certificate_embedding.py",
        "adapters/transcript_pdf.py",
    }


def test_two_modules_read_xml() -> None:
    """Parts of office files, and questions; each refuses entities and bounds what it reads."""
    assert {path for path, name in _imports() if name in READS_XML} == {
        "adapters/inspection/xml_parts.py",
        "domain/questions/rules/exchange/xml.py",
    }


def test_hashes_are_those_of_the_inventory() -> None:
    """`docs/security.md` names them under *Secrets and keys*; MD5 only where it carries no weight."""
    told = (SOURCE.parents[1] / "docs" / "security.md").read_text()
    for path, name, call in _calls():
        module, _, function = name.rpartition(".")
        if module == "hashlib" and function not in HASHES:
            weight = {word.arg: ast.unparse(word.value) for word in call.keywords}
            assert (function, weight) == ("md5", {"usedforsecurity": "False"}), path
        if module == "hmac" and function in ("new", "digest"):
            assert ast.unparse(call.args[2]) == "'sha256'", path
        if module == "hashlib" and function == "file_digest":
            assert ast.unparse(call.args[1]) == "'sha256'", path
        assert function not in ("uuid3", "uuid5"), path
    for name in ("HMAC-SHA-256", "SHA-256", "BLAKE2b", "MD5", "AES-256-GCM", "RS256, ES256 or EdDSA"):
        assert name in told


def test_chance_is_the_systems() -> None:
    for path, name, call in _calls():
        if name.startswith("random."):
            assert name == "random.SystemRandom", (path, ast.unparse(call))
    assert [
        path for path, node in _nodes() if isinstance(node, ast.ImportFrom) and node.module == "random"
    ] == []
