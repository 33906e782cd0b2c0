//! Files in the repository that are made from the code.

use std::fmt::Write as _;
use std::path::Path;

use kafka_privatelink::metrics::Metrics;

const HEAD: &str = "# Metrics

Served at `/metrics` of the admin address, in Prometheus's text format. Scrape with `honor_labels: true` (the chart's
ServiceMonitor does): `namespace` and `name` are the object's. No label holds an id of AWS; an object that is gone takes
its series with it. `kind` and `change` name a write of the operator, such as `listener` and `create`; `operation` is
AWS's own name. Series of objects, passes and drift are those of the replica that leads.

| metric | type | labels | |
|---|---|---|---|
";

/// `docs/metrics.md` lists what `/metrics` can show; alerts and dashboard are held against it.
#[test]
fn every_metric_is_in_the_documentation() {
    let mut text = HEAD.to_owned();
    for metric in Metrics::new().described() {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(text, "| `{}` | {} | {} | {} |", metric.name, metric.kind, labels.join(" "), metric.help)
            .expect("a string takes all");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &text).expect("the file can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "docs/metrics.md is not what the code says: run `make generate`");
}
