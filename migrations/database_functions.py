"""How migrations make and replace functions of the database.

This file is part of the landed migrations: add to it, never change what is here.
"""

import re
from pathlib import Path

from alembic import op
from tenancy import API, WORKER

_HEAD = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)\(", re.MULTILINE)


def install_functions(file: Path, *names: str) -> None:
    """Make the functions of a file, or those named, for both roles and no others."""
    for statement in re.split(r"^(?=CREATE )", file.read_text(), flags=re.MULTILINE)[1:]:
        found = _HEAD.match(statement)
        if found is not None and (not names or found[1] in names):
            op.get_bind().exec_driver_sql(statement)
            op.execute(f"REVOKE ALL ON FUNCTION {found[1]} FROM PUBLIC")
            op.execute(f"GRANT EXECUTE ON FUNCTION {found[1]} TO {API}, {WORKER}")
