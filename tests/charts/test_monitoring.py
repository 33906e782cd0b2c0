"""Alerts and dashboard as the chart installs them."""
import json

import yaml
from charts import ROOT, objects, one, values_named

MONITORING = ROOT / "deploy" / "monitoring"


def test_the_rules_are_the_alerts_with_the_runbooks_of_the_user():
    rule = one(objects(values_named("everything")), "PrometheusRule")
    base = "https://runbooks.example.com/kafka-privatelink/"
    wanted = (MONITORING / "rules.yaml").read_text().replace("runbook_url: docs/runbooks/", f"runbook_url: {base}")
    assert rule["spec"] == yaml.safe_load(wanted)
    urls = [each["annotations"]["runbook_url"] for group in rule["spec"]["groups"] for each in group["rules"]]
    assert urls and all(url.startswith(base) for url in urls)


def test_the_dashboard_is_there_for_the_sidecar():
    found = one(objects(values_named("everything")), "ConfigMap", "offers-dashboard")
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(found["data"]["kafka-privatelink.json"]) == json.loads((MONITORING / "dashboard.json").read_text())


def test_series_keep_the_names_of_their_objects():
    assert one(objects(values_named("everything")), "ServiceMonitor")["spec"]["endpoints"][0]["honorLabels"] is True


def test_nothing_of_it_is_there_unasked():
    kinds = {each["kind"] for each in objects(values_named("defaults"))}
    assert not kinds & {"PrometheusRule", "ServiceMonitor", "ConfigMap"}
