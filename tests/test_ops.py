"""The dashboard and the alert rules in ops/ ask for metrics that there are, in the shape that their readers want."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from feeder.config.load import Config
from feeder.config.settings import MetricsConfig, SiteConfig
from feeder.service import Deliveries
from feeder.sources.feeds.websub import HubTopic, new_subscription
from feeder.status.queue import QueueState
from feeder.status.reading import StatusReader
from feeder.store import LAST_DURATION_NOTE, LAST_PASS_NOTE, Store
from feeder.web.http.counts import Counts
from feeder.web.monitoring.metrics import Metrics
from tests.status.test_reading import PIGEON

ROOT = Path(__file__).parent.parent
DASHBOARD: dict[str, Any] = json.loads((ROOT / "ops/grafana.json").read_text("utf-8"))
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "ops/alerts.yml").read_text("utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
OF_PROMETHEUS = {"up": {"job", "instance"}}  # what it adds itself
ADDED = {"job", "instance", "le"}
SELECTOR = re.compile(r"\b((?:feeder|process)_\w+|up)\b(?:\{(.*?)\})?(?!\")")
GROUPS = re.compile(r"\bby \((.*?)\)")


@pytest.fixture
def exported(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The names of all metrics there can be, with their labels."""
    full = Deliveries(waiting=1, last_hour={"sent": 1}, last_day={}, errors={"Forbidden": 1})
    monkeypatch.setattr(type(PIGEON), "deliveries", lambda *_: full)
    monkeypatch.setattr("feeder.status.reading.read_queue", lambda _store: QueueState({("read", "todo"): 1}, NOW))
    sqlite_store.database.set_notes({LAST_PASS_NOTE: "2026-05-01T12:00:00Z", LAST_DURATION_NOTE: "1"})
    topic = HubTopic("rain", "https://hub.example/", "https://e.org/rain", "https://feed.example/")
    subscription = new_subscription(topic, token="t" * 32, secret="s", now=NOW)
    sqlite_store.sources.plan_subscriptions(lambda _: [subscription], now=NOW)
    counts = Counts()
    counts.add(200, "file", 0.1)
    config = Config(site=SiteConfig(images="mirror"), metrics=MetricsConfig(per_source=True))
    reader = StatusReader(config, sqlite_store, [PIGEON])
    text = bytes(Metrics(config, sqlite_store, reader, counts).respond().body).decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
        found.setdefault(family.name, set())
    return found | OF_PROMETHEUS


def expressions() -> Iterator[str]:
    for panel in PANELS:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (rule["expr"] for rule in RULES)
    yield from re.findall(r"label_values\((.*), \w+\)", json.dumps(DASHBOARD["templating"]).replace('\\"', '"'))


def test_every_expression_asks_for_metrics_and_labels_that_there_are(exported: dict[str, set[str]]) -> None:
    asked: set[str] = set()
    for expression in expressions():
        names = SELECTOR.findall(expression)
        assert names, expression
        labels: set[str] = set()
        for name, matchers in names:
            assert name in exported, expression
            labels |= exported[name]
            used = set(re.findall(r"(\w+)=~?\"", matchers))
            assert used <= exported[name] | ADDED, expression
            asked.add(name)
        for group in GROUPS.findall(expression):
            assert {label.strip() for label in group.split(",")} <= labels | ADDED, expression
    assert len(asked) > 25


def test_every_legend_names_a_label_that_its_expression_keeps() -> None:
    for panel in PANELS:
        for target in panel.get("targets", ()):
            kept = {label.strip() for group in GROUPS.findall(target["expr"]) for label in group.split(",")}
            is_bare = not re.search(r"\b(max|min|sum)\b", target["expr"])
            used = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert used <= (ADDED if is_bare else kept), target


def test_the_dashboard_has_the_shape_that_grafana_imports() -> None:
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= DASHBOARD.keys()
    assert "id" not in DASHBOARD  # Grafana gives it one
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    for panel in PANELS:
        assert panel["title"]
        assert panel["type"] in {"row", "stat", "timeseries"}
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        targets = panel["targets"]
        assert targets
        assert len({target["refId"] for target in targets}) == len(targets)
        for target in targets:
            assert target["datasource"]["uid"] == "${datasource}"
            assert {"$job", "$instance"} <= set(re.findall(r"\$(?:job|instance)", target["expr"])), target["expr"]
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD))) - {"__rate_interval", "__all"}
    assert used == variables.keys()


def test_no_two_panels_overlap_and_all_are_within_the_grid() -> None:
    def cells(panel: dict[str, Any]) -> set[tuple[int, int]]:
        at = panel["gridPos"]
        assert min(at["x"], at["y"]) >= 0
        assert at["x"] + at["w"] <= 24
        return {(at["x"] + column, at["y"] + line) for column in range(at["w"]) for line in range(at["h"])}

    for one, other in combinations(PANELS, 2):
        assert not cells(one) & cells(other), (one["title"], other["title"])


def test_every_alert_says_what_is_wrong_and_how_bad_it_is() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["alert"].startswith("Feeder")
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]
        assert re.fullmatch(r"\d+[mh]", rule["for"])


def test_the_manual_names_every_metric(exported: dict[str, set[str]]) -> None:
    manual = (ROOT / "docs/monitoring.md").read_text("utf-8")
    told = set(re.findall(r"`(feeder_\w+)", manual))
    ours = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in exported if name.startswith("feeder_")}
    totals = {name for name in ours if f"{name}_total" in exported}
    assert told == ours - totals
