"""Which refusals a call can give: read from the code that it runs, so that nothing is told twice.

What a function names is what it may call or raise: from a route's function and its dependencies the walk follows the
names to other functions and classes of this package, and gathers the `DomainError`s on the way. It may find one that
in truth is caught; the tests find what it misses.
"""

import dis
from collections import deque
from collections.abc import Iterator
from functools import cache, cached_property
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from learning_service.domain.kernel.errors import DomainError

_PACKAGE = "learning_service"
_BETWEEN = {"CACHE", "EXTENDED_ARG", "PRECALL", "PUSH_NULL"}


def refusals_of(*calls: Any, without: frozenset[Any] = frozenset()) -> set[type[DomainError]]:
    """The refusals of these functions, classes and callable objects, and of all that they call.

    `without`: what is not called after all, though it is named.
    """
    found: set[type[DomainError]] = set()
    seen = set(map(id, without))
    waiting = deque(calls)
    while waiting:
        call = waiting.popleft()
        if id(call) in seen:
            continue
        seen.add(id(call))
        if isinstance(call, type) and issubclass(call, DomainError):
            found.add(call)
        else:
            waiting.extend(_named_by(call))
    return found - {DomainError}


def _named_by(call: Any) -> tuple[Any, ...]:
    if isinstance(call, MethodType):
        return (call.__func__,)
    if isinstance(call, FunctionType):
        return _named_in(call)
    return _methods(call if isinstance(call, type) else type(call))


@cache
def _methods(kind: type) -> tuple[FunctionType, ...]:
    """The methods of a class, and those of its bases that are not replaced or that the new one calls."""
    found: dict[str, list[FunctionType]] = {}
    for base in filter(_is_ours, kind.__mro__):
        for name, attribute in vars(base).items():
            before, method = found.setdefault(name, []), _behind(attribute)
            if isinstance(method, FunctionType) and (not before or "super" in before[-1].__code__.co_names):
                before.append(method)
    return tuple(method for methods in found.values() for method in methods)


def _behind(attribute: Any) -> Any:
    if isinstance(attribute, staticmethod | classmethod):
        return attribute.__func__
    if isinstance(attribute, cached_property):
        return attribute.func
    return attribute.fget if isinstance(attribute, property) else attribute


@cache
def _named_in(function: FunctionType) -> tuple[Any, ...]:
    """What the function's code names of this package; a decorated one holds the other in its closure."""
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    named = [value for code in _codes(function.__code__) for value in _loaded(code, function.__globals__)]
    return tuple(value for value in (*held, *named) if _is_ours(value) or _is_ours(type(value)))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


def _loaded(code: CodeType, names: dict[str, Any]) -> Iterator[Any]:
    steps = [step for step in dis.get_instructions(code) if step.opname not in _BETWEEN]
    for at, step in enumerate(steps):
        if step.opname != "LOAD_GLOBAL":
            continue
        value, rest = names.get(step.argval), iter(steps[at + 1 :])
        after = next(rest)
        while isinstance(value, ModuleType) and after.opname in {"LOAD_ATTR", "LOAD_METHOD"}:
            value, after = getattr(value, after.argval, None), next(rest)
        # What is caught is not raised here.
        if after.opname != "CHECK_EXC_MATCH":
            yield value


def _is_ours(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).partition(".")[0] == _PACKAGE
