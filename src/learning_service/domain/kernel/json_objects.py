"""What is JSON already. It stands apart, so that what handles no more than that loads no models: they are 6 MB."""

from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
"""An object of JSON as a column keeps it, whose fields its reader knows."""
