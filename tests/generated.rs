//! Files in the repository that are made from the code.

use std::fmt::Write as _;
use std::path::Path;

use kafka_privatelink::aws::right::Capability;
use kafka_privatelink::iam::{Place, module, policy, template};
use kafka_privatelink::metrics::Metrics;

const ANYWHERE: Place<'static> = Place { partition: "aws", region: "*", account: "*" };

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
    assert_contents("docs/metrics.md", &text);
}

#[test]
fn the_iam_policies_in_the_repository_are_those_of_the_operations() {
    let files = [
        ("manage", Capability::Manage),
        ("observe", Capability::Observe),
        ("broker-groups", Capability::BrokerGroups),
        ("network", Capability::Network),
        ("new-cluster", Capability::NewCluster),
    ];
    for (name, capability) in files {
        let text = serde_json::to_string_pretty(&policy(capability, ANYWHERE, "*")).expect("a policy is JSON");
        assert_contents(&format!("deploy/iam/{name}.json"), &(text + "\n"));
    }
}

#[test]
fn the_terraform_module_in_the_repository_is_that_of_the_operations() {
    assert_contents("deploy/iam/terraform/main.tf", &module());
}

#[test]
fn the_cloudformation_template_in_the_repository_is_that_of_the_operations() {
    let text = serde_saphyr::to_string(&template()).expect("a template is YAML");
    assert_eq!(serde_saphyr::from_str::<serde_json::Value>(&text).ok(), Some(template()), "nothing is lost on the way");
    assert_contents("deploy/iam/cloudformation.yaml", &text);
}

fn assert_contents(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(&path, expected).expect("the file can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} is not what the code says: run `make generate`");
}
