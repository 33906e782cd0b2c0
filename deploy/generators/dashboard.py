"""Makes Grafana's dashboard: what is asked, in the order in which one looks for trouble."""
import json

FILE = "deploy/monitoring/dashboard.json"
COLUMNS = 24
OBJECT = 'namespace=~"$namespace",name=~"$name"'

# A row: its title, the height of its panels, and the panels, each (width, title, unit, kind, {legend: query}).
ROWS = [
    ("Objects", 4, [
        (4, "Objects", "short", "stat", {"objects": f"count(max by (namespace, name) (kafka_privatelink_object_ready{{{OBJECT}}}))"}),
        (4, "Not ready", "short", "alarm", {"not ready": f"sum(1 - max by (namespace, name) (kafka_privatelink_object_ready{{{OBJECT}}}))"}),
        (4, "Brokers without traffic", "short", "alarm",
         {"brokers": f'sum(max by (namespace, name, listener, health) (kafka_privatelink_brokers{{health!~"Healthy|Initial",{OBJECT}}})) or vector(0)'}),
        (4, "Live connections", "short", "stat",
         {"available": f'sum(max by (namespace, name) (kafka_privatelink_connections{{state="available",{OBJECT}}}))'}),
        (4, "Requests that wait", "short", "stat",
         {"pending": f'sum(max by (namespace, name) (kafka_privatelink_connections{{state="pendingAcceptance",{OBJECT}}}))'}),
        (4, "Replicas that lead", "short", "leader", {"leaders": "sum(kafka_privatelink_leader)"}),
    ]),
    ("Over time", 8, [
        (8, "Ready", "bool_yes_no", "lines", {"{{namespace}}/{{name}}": f"max by (namespace, name) (kafka_privatelink_object_ready{{{OBJECT}}})"}),
        (8, "Brokers by health", "short", "stack", {"{{health}}": f"sum by (health) (max by (namespace, name, listener, health) (kafka_privatelink_brokers{{{OBJECT}}}))"}),
        (8, "Connections by state", "short", "stack", {"{{state}}": f"sum by (state) (max by (namespace, name, state) (kafka_privatelink_connections{{{OBJECT}}}))"}),
        (8, "Share of time ready, a day", "percentunit", "lines", {
            "{{namespace}}/{{name}}": f'sum by (namespace, name) (increase(kafka_privatelink_object_seconds_total{{ready="true",{OBJECT}}}[1d]))'
                                      f" / sum by (namespace, name) (increase(kafka_privatelink_object_seconds_total{{{OBJECT}}}[1d]))"}),
        (8, "Time to ready, a day", "s", "lines", {
            f"{percent} of 100": f"histogram_quantile({percent / 100}, sum by (le) (increase(kafka_privatelink_time_to_ready_seconds_bucket[1d])))"
            for percent in (50, 90)}),
        (8, "Drift repaired, an hour", "short", "stack", {
            "{{kind}} {{change}}": "sum by (kind, change) (increase(kafka_privatelink_drift_repaired_total[1h]))"}),
    ]),
    ("Kafka", 8, [
        (8, "Verified", "bool_yes_no", "lines", {
            "{{namespace}}/{{name}}": f"max by (namespace, name) (kafka_privatelink_object_kafka_verified{{{OBJECT}}})"}),
        (8, "Ports asked, by what stood in the way", "ops", "stack", {
            "{{obstacle}}": "sum by (obstacle) (rate(kafka_privatelink_kafka_dials_total[$__rate_interval]))"}),
        (8, "Time of a look at Kafka, 90 of 100", "s", "lines", {
            "an object's ports": "histogram_quantile(0.9, sum by (le) (rate(kafka_privatelink_kafka_look_seconds_bucket[$__rate_interval])))"}),
    ]),
    ("AWS", 8, [
        (8, "Calls", "reqps", "stack", {"{{service}}:{{operation}}": "sum by (service, operation) (rate(kafka_privatelink_aws_calls_total[$__rate_interval]))"}),
        (8, "Calls that failed", "reqps", "stack", {
            "{{service}}:{{operation}} {{result}}": 'sum by (service, operation, result) (rate(kafka_privatelink_aws_calls_total{result!="ok"}[$__rate_interval]))'}),
        (8, "Turned away by AWS", "reqps", "stack", {
            "{{service}}:{{operation}}": "sum by (service, operation) (rate(kafka_privatelink_aws_throttles_total[$__rate_interval]))"}),
        (12, "Time of a call, 90 of 100", "s", "lines", {
            "{{service}}": "histogram_quantile(0.9, sum by (service, le) (rate(kafka_privatelink_aws_call_seconds_bucket[$__rate_interval])))"}),
        (12, "Wait for AWS's limits, 90 of 100", "s", "lines", {
            "{{service}}": "histogram_quantile(0.9, sum by (service, le) (rate(kafka_privatelink_aws_limit_wait_seconds_bucket[$__rate_interval])))"}),
    ]),
    ("The process", 8, [
        (8, "Passes", "ops", "stack", {"{{outcome}}": "sum by (outcome) (rate(kafka_privatelink_passes_total[$__rate_interval]))"}),
        (8, "Time of a pass, 90 of 100", "s", "lines", {
            "{{phase}}": "histogram_quantile(0.9, sum by (phase, le) (rate(kafka_privatelink_pass_phase_seconds_bucket[$__rate_interval])))"}),
        (8, "Versions", "short", "stack", {"{{version}}": "sum by (version) (kafka_privatelink_build_info)"}),
    ]),
]


def files(root, helm):
    return {FILE: json.dumps(dashboard(), indent=1) + "\n"}


def dashboard():
    panels, y = [], 0
    for title, height, row in ROWS:
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}})
        x, y = 0, y + 1
        for width, name, unit, kind, queries in row:
            if x + width > COLUMNS:
                x, y = 0, y + height
            place = {"x": x, "y": y, "w": width, "h": height}
            panels.append({"id": len(panels) + 1, "title": name, "gridPos": place, "datasource": source(),
                           **shape(kind, unit), "targets": targets(queries)})
            x += width
        y += height
    return {
        "uid": "kafka-privatelink", "title": "Kafka PrivateLink", "tags": ["kafka", "aws"], "schemaVersion": 39,
        "editable": True, "timezone": "browser", "refresh": "1m", "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [
            {"type": "datasource", "name": "datasource", "label": "Prometheus", "query": "prometheus"},
            variable("namespace", "Namespace", "label_values(kafka_privatelink_object_ready, namespace)"),
            variable("name", "Object", 'label_values(kafka_privatelink_object_ready{namespace=~"$namespace"}, name)'),
        ]},
        "panels": panels,
    }


def source():
    return {"type": "prometheus", "uid": "${datasource}"}


def variable(name, label, query):
    return {"type": "query", "name": name, "label": label, "query": query, "datasource": source(), "refresh": 2,
            "includeAll": True, "multi": True, "allValue": ".*", "sort": 1}


def targets(queries):
    return [{"refId": chr(ord("A") + number), "expr": query, "legendFormat": legend, "datasource": source()}
            for number, (legend, query) in enumerate(queries.items())]


def shape(kind, unit):
    """What a panel looks like: a number, one that is red from 1 on, one that shall be 1, or lines."""
    if kind in ("lines", "stack"):
        custom = {"fillOpacity": 20, "stacking": {"mode": "normal"}} if kind == "stack" else {}
        return {"type": "timeseries", "options": {"legend": {"displayMode": "list", "placement": "bottom", "calcs": []}},
                "fieldConfig": {"defaults": {"unit": unit, "min": 0, "custom": custom}, "overrides": []}}
    steps = {"stat": [("green", None)], "alarm": [("green", None), ("red", 1)],
             "leader": [("red", None), ("green", 1), ("red", 2)]}[kind]
    thresholds = {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}
    return {"type": "stat", "options": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value"},
            "fieldConfig": {"defaults": {"unit": unit, "thresholds": thresholds}, "overrides": []}}
