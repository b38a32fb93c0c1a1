"""Examples of requests and answers, taken from real exchanges by `make examples`."""

import json
from pathlib import Path

from learning_service.domain.kernel.values import JsonObject

FILE = Path(__file__).resolve().parents[2] / "assets" / "reference" / "examples.json"
JSON = "application/json"


def show_examples(paths: JsonObject) -> None:
    """Put beside each body of each call the one that was sent or answered, where one is kept."""
    kept = json.loads(FILE.read_text())
    for item in paths.values():
        for operation in item.values():
            example = kept.get(operation["operationId"])
            if example is None:
                continue
            if example["request"] is not None:
                for media in operation.get("requestBody", {}).get("content", {}).values():
                    media["example"] = example["request"]
            answered = operation["responses"].get(example["status"], {}).get("content", {})
            if JSON in answered and example["answer"] is not None:
                # A second success may share the first one's content.
                answered[JSON] = answered[JSON] | {"example": example["answer"]}
