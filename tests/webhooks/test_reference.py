"""The reference describes what receivers get."""

from typing import get_args

from fastapi import FastAPI

from learning_service.domain.webhooks.rules.events import EventType


def test_every_event_type_is_described_with_an_example(app: FastAPI) -> None:
    described = app.openapi()["webhooks"]
    assert set(described) == set(get_args(EventType))
    for type_, delivery in described.items():
        body = delivery["post"]["requestBody"]["content"]["application/cloudevents+json"]
        assert body["schema"]["$ref"].endswith("/CloudEventOut")
        assert (body["example"]["type"], body["example"]["specversion"]) == (type_, "1.0")
