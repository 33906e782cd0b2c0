"""Alerts and dashboard: what promtool says of them, and that they ask for nothing that does not exist."""
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RULES = ROOT / "deploy" / "monitoring" / "rules.yaml"
DASHBOARD = ROOT / "deploy" / "monitoring" / "dashboard.json"
sys.path.insert(0, str(ROOT / "tests" / "bed"))
from bedlib import debian  # noqa: E402

ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
METRICS = {match[1]: (match[2], set(re.findall(r"`(\w+)`", match[3])))
           for match in re.finditer(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", (ROOT / "docs" / "metrics.md").read_text(), re.M)}


def promtool(*args, stdin=None):
    done = subprocess.run([debian.program("prometheus", "promtool"), *map(str, args)], input=stdin, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_rules():
    promtool("check", "rules", RULES)


def test_each_alert_fires_when_it_should_and_not_before():
    promtool("test", "rules", HERE / "rules_test.yaml")
    tried = [case for test in yaml.safe_load((HERE / "rules_test.yaml").read_text())["tests"] for case in test["alert_rule_test"]]
    for fires in (True, False):
        named = {case["alertname"] for case in tried if bool(case["exp_alerts"]) == fires}
        assert named == {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_has_a_runbook_of_its_own(alert):
    page = ROOT / alert["annotations"]["runbook_url"]
    assert page.stem == alert["alert"] and page.read_text().startswith(f"# {alert['alert']}\n")
    assert alert["labels"]["severity"] in ("critical", "warning", "info") and {"summary", "description"} <= alert["annotations"].keys()


def test_there_is_no_runbook_without_an_alert():
    pages = {page.stem for page in (ROOT / "docs" / "runbooks").glob("*.md")}
    assert pages == {alert["alert"] for alert in ALERTS}


def panels():
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


QUERIES = [(alert["alert"], alert["expr"]) for alert in ALERTS] + [
    (panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


@pytest.mark.parametrize("query", [query for _, query in QUERIES], ids=[name for name, _ in QUERIES])
def test_a_query_asks_for_metrics_and_labels_that_exist(query):
    series = re.findall(r"(kafka_privatelink_\w+)(?:\{([^}]*)\})?", query)
    assert series
    labels = set()
    for name, selector in series:
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        family = family if METRICS.get(family, ("", ()))[0] == "histogram" else name
        assert family in METRICS, name
        assert set(re.findall(r"(\w+)\s*[=!]~?", selector)) <= METRICS[family][1], (name, selector)
        labels |= METRICS[family][1] | ({"le"} if family != name else set())
    grouped = {label.strip() for group in re.findall(r"\bby \(([^)]*)\)", query) for label in group.split(",")}
    assert grouped <= labels, grouped - labels


def test_every_metric_is_shown_or_watched():
    asked = " ".join(query for _, query in QUERIES)
    assert [name for name in METRICS if not re.search(rf"\b{name}(_bucket)?\b", asked)] == []


def test_prometheus_can_read_the_queries_of_the_dashboard(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "5m")} for number, (_, query) in enumerate(QUERIES)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", tmp_path / "rules.yaml")


def test_grafana_knows_everything_in_the_dashboard():
    plugins.register_default_plugins()
    wanted = json.loads(DASHBOARD.read_text())
    known = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(wanted)))
    assert list(missing(wanted, known)) == []


def missing(wanted, known, path="dashboard"):
    """What Grafana's own types drop or change."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            yield from missing(value, known.get(key) if isinstance(known, dict) else None, f"{path}.{key}")
    elif isinstance(wanted, list):
        for number, value in enumerate(wanted):
            inner = known[number] if isinstance(known, list) and number < len(known) else None
            yield from missing(value, inner, f"{path}[{number}]")
    elif wanted != known:
        yield f"{path}: {wanted!r} became {known!r}"


def test_panels_lie_side_by_side():
    taken = {}
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
