"""The service's own modules, as text and as trees."""

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "learning_service"
FILES = sorted(SOURCE.rglob("*.py")) + sorted((ROOT / "src" / "learning_devstack").rglob("*.py"))


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))
