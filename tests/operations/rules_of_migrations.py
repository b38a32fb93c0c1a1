"""What a migration may not do while the code before it still serves: found in its source."""

import ast
import re
from collections.abc import Iterator

FORBIDDEN_WORDS = {
    "LOCK TABLE": "locks a table by hand",
    "SET NOT NULL": "reads the whole table under a lock; validate a NOT VALID check first",
    "ALTER COLUMN": "may rewrite the table under a lock",
    "DROP COLUMN": "takes away what older code reads",
    "RENAME": "takes away what older code reads",
    "VACUUM FULL": "rewrites the table under a lock",
}

_VALIDATED = re.compile(r"ALTER TABLE (?:ONLY )?\"?(\w+)\"? VALIDATE CONSTRAINT", re.IGNORECASE)

LOCKING = ("add_column", "alter_column", "drop_column", "create_check_constraint", "create_foreign_key")


def breaches(source: str) -> list[str]:
    """What the migration's `upgrade` does to tables that others use meanwhile; tables of its own are free.

    A docstring that begins with "Contract:" allows what takes something away: no running code reads it any more.
    """
    module = ast.parse(source)
    contract = (ast.get_docstring(module) or "").startswith("Contract:")
    calls = list(_calls(module))
    own = {_text(call, 0) for name, call in calls if name == "create_table"}
    found: list[str] = []
    locked: set[str | None] = set()
    apart = _own_transactions(module)
    for name, call in calls:
        table = _text(
            call, 1 if name in ("create_index", "create_foreign_key", "create_check_constraint") else 0
        )
        if table in own:
            continue
        if name in LOCKING:
            locked.add(table)
        found += [f"line {call.lineno}: {name}: {why}" for why in _faults(name, call, contract=contract)]
        if call not in apart and locked & _validated(call):
            found.append(
                f"line {call.lineno}: validates while the transaction holds the table's lock; in the next migration"
            )
    if len(locked) > 1:
        found.append(
            "locks several tables in one transaction: a deadlock with some request; one migration each"
        )
    return found


def _calls(module: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for function in module.body:
        if isinstance(function, ast.FunctionDef) and function.name == "upgrade":
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield node.func.attr, node


def _own_transactions(module: ast.Module) -> frozenset[ast.AST]:
    """What stands in an autocommit block: the transaction before it is committed, and its locks are gone."""
    return frozenset(
        node
        for block in ast.walk(module)
        if isinstance(block, ast.With) and "autocommit_block" in ast.unparse(block.items[0])
        for node in ast.walk(block)
    )


def _validated(call: ast.Call) -> set[str | None]:
    """The tables of which this call validates a constraint."""
    words = (node.value for node in ast.walk(call) if isinstance(node, ast.Constant))
    return {table for word in words for table in _VALIDATED.findall(str(word))}


def _faults(name: str, call: ast.Call, *, contract: bool) -> Iterator[str]:
    words = {keyword.arg: keyword.value for keyword in call.keywords}
    match name:
        case "drop_column" | "drop_table" | "rename_table" if not contract:
            yield "takes away what older code reads"
        case "alter_column" if {"type_", "new_column_name"} & words.keys() or not _is(
            words.get("nullable", ast.Constant(True)), True
        ):
            yield "rewrites, reads or renames under a lock"
        case "add_column":
            column = call.args[1]
            given = {k.arg: k.value for k in column.keywords} if isinstance(column, ast.Call) else {}
            if _is(given.get("nullable"), False) and "server_default" not in given:
                yield "older code does not fill it; make it nullable or give it a server default"
        case "create_index" if not _is(words.get("postgresql_concurrently"), True):
            yield "blocks writers; postgresql_concurrently in an autocommit block"
        case "create_foreign_key" | "create_check_constraint" if not _is(
            words.get("postgresql_not_valid"), True
        ):
            yield "reads the whole table under a lock; NOT VALID first, VALIDATE in the next migration"
        case "create_unique_constraint":
            yield "blocks writers; make a unique index concurrently and use it"
        case "execute":
            yield from _in_sql(" ".join(ast.unparse(call).upper().split()), contract=contract)


def _in_sql(sql: str, *, contract: bool) -> Iterator[str]:
    for words, why in FORBIDDEN_WORDS.items():
        if words in sql and not (contract and "older code reads" in why):
            yield why
    if "CREATE" in sql and "INDEX" in sql and "CONCURRENTLY" not in sql:
        yield "blocks writers; CONCURRENTLY"


def _text(call: ast.Call, position: int) -> str | None:
    if len(call.args) > position and isinstance(value := call.args[position], ast.Constant):
        return str(value.value)
    return None


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
