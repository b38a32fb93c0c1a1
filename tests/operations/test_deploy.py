"""What is in deploy/ names what the service has: figures, runbooks, addresses."""

import importlib
import pkgutil
import re
import runpy
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client import REGISTRY
from tests.kit.deploying import ALERTS, ROOT, expressions, rules

import learning_service
from learning_service.main import create_app

SUFFIXES = ("", "_total", "_bucket", "_count", "_sum", "_info")
OF_ANY_PROCESS = {"up"}
NOT_FOR_OUTSIDE = {"/metrics", "/readyz"}


@pytest.fixture(scope="module")
def figures() -> set[str]:
    """The names of all figures that the processes tell."""
    for module in pkgutil.walk_packages(learning_service.__path__, "learning_service."):
        if module.name != "learning_service.worker.settings":  # reads the environment of a worker
            importlib.import_module(module.name)
    return {family.name + suffix for family in REGISTRY.collect() for suffix in SUFFIXES}


def test_every_figure_that_alerts_and_dashboards_name_exists(figures: set[str]) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    named = {
        name
        for expression in expressions()
        for name in re.findall(r"\b(?:learning|process)[a-z0-9_:]*", re.sub(r'"[^"]*"', "", expression))
    }
    assert len(named) > 20
    assert named <= figures | recorded | OF_ANY_PROCESS, named - figures - recorded


def test_the_rules_are_what_the_script_makes() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "alerts.py"))["document"]()
    assert ALERTS.read_text() == made


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    alerts = {rule["alert"] for rule in rules() if "alert" in rule}
    text = (ROOT / "docs" / "operations.md").read_text()
    assert set(re.findall(r"^#### (Learning\w+)$", text, re.MULTILINE)) == alerts
    for rule in rules():
        if "alert" in rule:
            assert rule["annotations"]["runbook_url"].endswith("#" + rule["alert"].lower())


def test_the_ingress_lets_through_what_people_and_programs_call(settings: Any) -> None:
    values = yaml.safe_load((ROOT / "deploy" / "chart" / "values.yaml").read_text())
    paths = values["ingress"]["paths"]
    app = create_app(settings.model_copy(update={"reference_enabled": True, "web_enabled": True}))
    served = {*app.openapi()["paths"], "/app/", "/openapi.json", "/docs"} - NOT_FOR_OUTSIDE
    closed = {path for path in served if not any(path == p or path.startswith(p + "/") for p in paths)}
    assert closed == set()
    assert not NOT_FOR_OUTSIDE & set(paths)
    assert [p for p in paths if not any(path == p or path.startswith(p + "/") for path in served)] == []
