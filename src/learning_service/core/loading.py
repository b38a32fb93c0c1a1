"""How modules are loaded: by the place of a function, and all of a process's at once."""

import functools
import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

FOR_TERMINALS = ("httpx._main", "rich")
"""What libraries load to look nice in a terminal, and do without where it is not there: 6 MB and 40 ms."""
UNUSED = (
    "cryptography.hazmat.primitives.serialization.ssh",
    "jwt.jwks_client",
    "redis.asyncio.cluster",
    "redis.cluster",
    "reportlab.lib.rl_safe_eval",
)
"""What libraries load for callers of another kind: clients of HTTP and of many Redis servers, keys of SSH, colours
that are expressions. 1.7 MB.
"""
_AUTHORITIES = ("SSL_CERT_DIR", "SSL_CERT_FILE")


def load(place: str) -> Any:
    """The function at a place, `module:name`; its module is loaded now if it was not."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Meanwhile these modules are not found, unless they are loaded already: for libraries that can do without."""
    hidden: dict[str, Any] = {name: None for name in names if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def only_named(*names: str) -> Iterator[None]:
    """Meanwhile these modules are empty, unless they are loaded already: what is imported out of them fails in use.

    For libraries that import what only some of their callers need. Loaded later, the modules are whole.
    """
    empty: dict[str, ModuleType] = {name: _Empty(name) for name in names if name not in sys.modules}
    sys.modules.update(empty)
    try:
        yield
    finally:
        for name in empty:
            del sys.modules[name]


@contextmanager
def trusting_nobody() -> Iterator[None]:
    """Meanwhile contexts of TLS get no authorities. For the start of a process, before there are other threads."""
    kept = {name: os.environ.get(name) for name in _AUTHORITIES}
    os.environ.update(dict.fromkeys(_AUTHORITIES, os.devnull))
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Empty(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return functools.partial(_refuse, f"{self.__name__}.{name}")


def _refuse(name: str, *_: Any, **__: Any) -> Any:
    raise RuntimeError(f"{name} was not loaded")


@contextmanager
def loading() -> Iterator[None]:
    """Load here what a process is made of: without what is for terminals, and without searches for garbage.

    What modules make lasts: the searches are a third of a start, and later ones leave it out.
    """
    with without(*FOR_TERMINALS), only_named(*UNUSED):
        known = len(sys.modules)
        gc.disable()
        try:
            yield
        finally:
            if len(sys.modules) > known:
                gc.freeze()
            gc.enable()
