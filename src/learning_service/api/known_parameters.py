"""What a route does not know of a query is refused, on every route below `/api/`.

A parameter that is ignored deceives: whoever misspelt `dry_run` has done it, and a list that was to be filtered is
whole. It is refused after the permission, as all of a request is, and before the call does anything. Pages and files
outside of `/api/` take any, because browsers, mail and foreign programs add their own to links.
"""

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams

from learning_service.domain.kernel.errors import Fault

_BELOW = "/api/"


def faults_of_query(query: QueryParams, known: frozenset[str]) -> tuple[Fault, ...]:
    """What is wrong with the names of a query: one that is unknown, or given twice."""
    names = [name for name, _ in query.multi_items()]
    return (
        *(
            Fault(f"?{name}", "is not a parameter of this call", "unknown-field")
            for name in dict.fromkeys(names)
            if name not in known
        ),
        *(
            Fault(f"?{name}", "is given twice", "twice")
            for name in dict.fromkeys(names)
            if name in known and names.count(name) > 1
        ),
    )


def known_parameters(route: APIRoute) -> frozenset[str] | None:
    """The parameters that a route takes in its query: those of its functions, and those that its reference adds.

    None: any.
    """
    if not route.path.startswith(_BELOW):
        return None
    said = (route.openapi_extra or {}).get("parameters", ())
    return frozenset((*_names(route.dependant), *(one["name"] for one in said if one["in"] == "query")))


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (param.alias for param in dependant.query_params)
    yield from getattr(dependant.call, "query_names", ())
    for child in dependant.dependencies:
        yield from _names(child)
