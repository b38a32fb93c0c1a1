"""Write the files of `assets/s3`: what botocore's descriptions of S3 say of the operations that are used here.

`.venv/bin/python scripts/s3_description.py`, after a new release of botocore. A process reads these, a tenth of a
megabyte, and not the 3 MB with their prose and the addresses of all services.
"""

import json
from pathlib import Path
from typing import Any

from botocore.loaders import create_loader

PLACE = Path(__file__).parent.parent / "src" / "learning_service" / "assets" / "s3"
OPERATIONS = frozenset(
    {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateBucket",
        "CreateMultipartUpload",
        "CreateSession",
        "DeleteObject",
        "GetObject",
        "HeadBucket",
        "HeadObject",
        "ListMultipartUploads",
        "ListObjectsV2",
        "PutObject",
        "UploadPart",
    }
)
"""What `storage` asks for, and the library itself: `HeadBucket` to find a region, `CreateSession` for S3 Express."""
SERVICES = ("s3", "sts", "sso", "oidc")
"""The store, and those that the library asks for keys where none are given."""


def found() -> dict[str, str]:
    """The text of each file."""
    loader = create_loader()
    endpoints = loader.load_data("endpoints")
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {one: services[one] for one in SERVICES if one in services}
    service = _without_prose(loader.load_service_model("s3", "service-2"))
    operations = {one: said for one, said in service["operations"].items() if one in OPERATIONS}
    service |= {"operations": operations, "shapes": _shapes_of(operations, service["shapes"])}
    files = {"endpoints.json": endpoints, "service-2.json": service}
    return {name: json.dumps(said, separators=(",", ":")) + "\n" for name, said in files.items()}


def _without_prose(part: Any) -> Any:
    if isinstance(part, dict):
        # A member of a shape may have that name, too: it is no text.
        return {
            name: "" if name == "documentation" and isinstance(value, str) else _without_prose(value)
            for name, value in part.items()
        }
    return [_without_prose(one) for one in part] if isinstance(part, list) else part


def _shapes_of(operations: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    """Those shapes that the operations name, or that such shapes name."""
    named: dict[str, Any] = {}
    parts: list[Any] = [operations]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            name = part.get("shape")
            if isinstance(name, str) and name not in named:
                named[name] = shapes[name]
                parts.append(shapes[name])
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return {name: shapes[name] for name in sorted(named)}


if __name__ == "__main__":
    for name, text in found().items():
        (PLACE / name).write_text(text, encoding="utf-8")
