"""The chart, the alert rules and the dashboards, judged by Helm's engine, Kubernetes' schemas and promtool.

`make deploy-check` runs these, with packages that nothing else needs.
"""

import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from tests.kit.deploying import DASHBOARDS, ROOT, expressions

pytestmark = pytest.mark.deploy

CHART = ROOT / "deploy" / "chart"
VALUES = {"defaults": None, **{file.stem: file for file in sorted((CHART / "ci").glob("*-values.yaml"))}}
WORKLOADS = ("Deployment", "Job")
Document = dict[str, Any]


@pytest.fixture(scope="module")
def chart() -> Iterator[Any]:
    """The chart, read by Helm's own engine."""
    with importlib.import_module("helm_python").Chart.load(str(CHART)) as loaded:
        yield loaded


def _render(chart: Any, values: Document | None = None) -> list[Document]:
    rendered = chart.render(values or {}, name="learning", namespace="training")
    texts = [text for name, text in rendered.items() if not name.endswith("NOTES.txt")]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


@pytest.fixture(params=VALUES)
def documents(request: pytest.FixtureRequest, chart: Any) -> list[Document]:
    """What the chart makes of its defaults, and of each file of values."""
    file = VALUES[request.param]
    return _render(chart, yaml.safe_load(file.read_text()) if file else None)


def _one(documents: list[Document], kind: str, name: str) -> Document:
    (found,) = [
        one for one in documents if (one["kind"], one["metadata"]["name"]) == (kind, f"learning-{name}")
    ]
    return found


def _pods(documents: list[Document]) -> list[tuple[str, Document]]:
    return [
        (d["metadata"]["name"], d["spec"]["template"]["spec"]) for d in documents if d["kind"] in WORKLOADS
    ]


def test_every_document_is_what_kubernetes_takes(documents: list[Document]) -> None:
    validate = importlib.import_module("kubernetes_validate").validate
    assert len(documents) > 10
    for document in documents:
        if not document["apiVersion"].startswith("monitoring.coreos.com/"):
            validate(document, "1.37", strict=True)
    names = [(document["kind"], document["metadata"]["name"]) for document in documents]
    assert len(set(names)) == len(names)


def test_every_process_is_kept_small(documents: list[Document]) -> None:
    for name, pod in _pods(documents):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert not container["image"].endswith(":latest")


def test_secrets_come_by_name_and_as_files(documents: list[Document]) -> None:
    assert "Secret" not in {document["kind"] for document in documents}
    for name, pod in _pods(documents):
        (container,) = pod["containers"]
        (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "secrets"]
        files = {item["path"] for item in volume["secret"]["items"]}
        named = {entry["name"]: entry["value"] for entry in container["env"]}
        assert named.pop("ENVIRONMENT") == "production"
        assert named == {f"{file}_FILE": f"/run/secrets/learning/{file}" for file in files}, name
        assert "DATABASE_URL" in files
    converter = [pod for name, pod in _pods(documents) if name == "learning-converter"]
    for pod in converter:
        (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "secrets"]
        assert not {"SECRET_KEYS", "SMTP_URL"} & {item["path"] for item in volume["secret"]["items"]}
        given = [entry["configMapRef"]["name"] for entry in pod["containers"][0]["envFrom"]]
        assert given == ["learning-store", "learning-converter"]


def test_every_process_is_probed_without_its_parts_deciding_its_life(documents: list[Document]) -> None:
    for document in documents:
        if document["kind"] != "Deployment":
            continue
        (container,) = document["spec"]["template"]["spec"]["containers"]
        assert container["startupProbe"]
        if document["metadata"]["name"] == "learning-api":
            assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        else:
            assert "HEARTBEAT_FILE" in container["livenessProbe"]["exec"]["command"][-1]


def test_selectors_and_budgets_meet_their_pods(documents: list[Document]) -> None:
    labels = {
        document["metadata"]["name"]: document["spec"]["template"]["metadata"]["labels"]
        for document in documents
        if document["kind"] in WORKLOADS
    }
    for document in documents:
        name, spec = document["metadata"]["name"], document.get("spec", {})
        selector = {
            "Deployment": lambda s: s["selector"]["matchLabels"],
            "Service": lambda s: s["selector"],
            "PodDisruptionBudget": lambda s: s["selector"]["matchLabels"],
            "NetworkPolicy": lambda s: s["podSelector"]["matchLabels"],
            "ServiceMonitor": lambda s: s["selector"]["matchLabels"],
            "PodMonitor": lambda s: s["selector"]["matchLabels"],
        }.get(document["kind"])
        if selector is not None:
            assert selector(spec).items() <= labels[name].items()
            others = [other for other in labels if other != name]
            assert not [other for other in others if selector(spec).items() <= labels[other].items()]


def _reached(policy: Document) -> list[tuple[Any, ...]]:
    return [
        (json.dumps(peer, sort_keys=True), port["port"])
        for rule in policy["spec"]["egress"]
        for peer in rule["to"]
        for port in rule["ports"]
    ]


def test_the_converter_reaches_its_parts_and_nothing_else(chart: Any) -> None:
    documents = _render(chart)
    reached = _reached(_one(documents, "NetworkPolicy", "converter"))
    assert sorted(port for _, port in reached) == [53, 53, 5432, 6379, 7070]
    assert not [peer for peer, _ in reached if "ipBlock" in peer]
    for rule in _one(documents, "NetworkPolicy", "converter")["spec"]["egress"]:
        assert rule["to"], "an empty list is everywhere"
    for process, outside in (("api", {443}), ("worker", {443, 465, 587})):
        policy = _one(documents, "NetworkPolicy", process)
        blocks = [rule for rule in policy["spec"]["egress"] if "ipBlock" in rule["to"][0]]
        assert {port["port"] for rule in blocks for port in rule["ports"]} == outside
        assert all(peer["ipBlock"]["except"] for rule in blocks for peer in rule["to"])


def test_only_workers_reach_nats_and_only_where_it_is_named(chart: Any) -> None:
    named = _render(chart, {"parts": {"nats": {"port": 4222, "to": [{"ipBlock": {"cidr": "10.1.2.4/32"}}]}}})
    for process, reaches in (("api", False), ("worker", True), ("converter", False)):
        ports = [port for _, port in _reached(_one(named, "NetworkPolicy", process))]
        assert (4222 in ports) is reaches, process
        assert 4222 not in [port for _, port in _reached(_one(_render(chart), "NetworkPolicy", process))]


def test_migrations_come_first(chart: Any) -> None:
    documents = _render(chart)
    job = _one(documents, "Job", "migrate")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate"]
    for kind in ("ServiceAccount", "NetworkPolicy"):
        needed = _one(documents, kind, "migrate")["metadata"]["annotations"]
        assert int(needed["helm.sh/hook-weight"]) < int(job["metadata"]["annotations"]["helm.sh/hook-weight"])


def test_an_autoscaler_has_its_own_count(documents: list[Document]) -> None:
    scaled = {
        d["spec"]["scaleTargetRef"]["name"] for d in documents if d["kind"] == "HorizontalPodAutoscaler"
    }
    for document in documents:
        if document["kind"] == "Deployment":
            assert ("replicas" in document["spec"]) == (document["metadata"]["name"] not in scaled)


def test_settings_are_written_as_the_service_reads_them(chart: Any) -> None:
    values = yaml.safe_load((CHART / "ci" / "everything-values.yaml").read_text())
    data = _one(_render(chart, values), "ConfigMap", "settings")["data"]
    assert json.loads(data["AUTH_ISSUERS"])[0]["issuer"] == "https://id.example.org/"
    assert (data["MAX_CONCURRENT_REQUESTS"], data["WEB_ENABLED"]) == ("300", "true")


@pytest.mark.parametrize(
    "values",
    [
        {"api": {"replicas": 0}},
        {"nonsense": True},
        {"parts": {"store": {"port": 7070, "to": []}}},
        {"ingress": {"paths": ["/metrics"]}},
        {"ingress": {"paths": ["/"]}},
        {"settings": {"public_url": "https://x.example"}},
        {"secrets": {"api": {"name": "x", "keys": []}}},
        {"images": {"api": {"digest": "sha256:1"}}},
    ],
)
def test_values_that_cannot_be_meant_are_refused(chart: Any, values: Document) -> None:
    with pytest.raises(importlib.import_module("helm_python").HelmValuesError):
        _render(chart, values)


def test_the_alert_rules_say_what_their_tests_expect() -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is needed: apt-get install prometheus"
    rules = [str(file) for file in sorted((ROOT / "deploy" / "alerts").glob("*.yml"))]
    for words in (
        ["check", "rules", *rules],
        ["test", "rules", str(ROOT / "deploy" / "tests" / "alerts.yml")],
    ):
        subprocess.run([promtool, *words], check=True, timeout=120)


def test_every_alert_is_tested() -> None:
    text = (ROOT / "deploy" / "tests" / "alerts.yml").read_text()
    names = re.findall(r"alert: (\w+)", (ROOT / "deploy" / "alerts" / "learning-service.yml").read_text())
    tested = re.findall(r"^        alertname: (\w+)$", text, re.MULTILINE)
    assert set(names) == set(tested)


def test_every_expression_is_promql() -> None:
    parse = importlib.import_module("promql_parser").parse
    for expression in expressions():
        parse(expression.replace("$__rate_interval", "5m"))


def test_the_dashboards_are_what_the_script_makes(tmp_path: Path) -> None:
    script = str(ROOT / "scripts" / "dashboards.py")
    subprocess.run([sys.executable, script, str(tmp_path)], check=True, timeout=60)
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in DASHBOARDS}
    for file in DASHBOARDS:
        assert (tmp_path / file.name).read_text() == file.read_text()
