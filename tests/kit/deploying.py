"""The alert rules and dashboards of deploy/."""

import json
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy" / "alerts" / "learning-service.yml"
DASHBOARDS = sorted((ROOT / "deploy" / "dashboards").glob("*.json"))


def rules() -> list[dict[str, Any]]:
    """All rules, those that record figures and those that alert."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> list[str]:
    """What rules and dashboards ask Prometheus."""
    panels = [panel for file in DASHBOARDS for panel in json.loads(file.read_text())["panels"]]
    drawn = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return [rule["expr"] for rule in rules()] + drawn
