//! The other commands, and what a wrong one says.

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::harness::{CLUSTER_ID, Scene, made_network, with_credentials};

fn run(scene: &Scene, arguments: &[&str], input: &str) -> Output {
    let mut command = with_credentials(scene.credentials());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("the program starts");
    let mut stdin = process.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("the program reads");
    drop(stdin);
    process.wait_with_output().expect("the program ends")
}

fn document(scene: &Scene) -> String {
    document_of(scene, &scene.plain_spec())
}

fn document_of(scene: &Scene, spec: &Value) -> String {
    let object = json!({
        "apiVersion": "kafka-privatelink.io/v1alpha1", "kind": "KafkaPrivateLink",
        "metadata": { "name": "orders", "namespace": scene.namespace }, "spec": spec,
    });
    object.to_string()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Brokers are named by the addresses that they will have: nothing is there yet, not even a VPC.
#[tokio::test]
async fn plan_shows_a_whole_network_that_is_to_be_made() {
    let scene = Scene::with_brokers(0).await;
    let mut spec = scene.plain_spec();
    spec["network"] = made_network();
    spec["brokers"] = json!({ "static": [{ "id": 1, "zoneId": "usw2-az1", "ipAddress": "10.40.0.10" }] });
    let planned = run(&scene, &["plan", "--cluster-id", CLUSTER_ID, "-f", "-"], &document_of(&scene, &spec));
    let shown = text(&planned.stdout);
    assert_eq!(planned.status.code(), Some(2), "{shown}{}", text(&planned.stderr));
    for part in ["+ VPC 10.40.0.0/16", "+ subnet 10.40.16.0/20", "10.40.0.10:39092", "+ network load balancer"] {
        assert!(shown.contains(part), "{part} is not planned:\n{shown}");
    }
    assert_eq!(scene.inventory().await.changes_since(&scene.before), Vec::<String>::new(), "a plan writes nothing");
}

#[tokio::test]
async fn plan_shows_every_wave_and_then_nothing() {
    let scene = Scene::start().await;
    let arguments = ["plan", "--cluster-id", CLUSTER_ID, "-f", "-"];
    let planned = run(&scene, &arguments, &document(&scene));
    let shown = text(&planned.stdout);
    assert_eq!(planned.status.code(), Some(2), "{shown}{}", text(&planned.stderr));
    for part in ["security group", "target group", "network load balancer", "NLB listener 9092", "endpoint service"] {
        assert!(shown.contains(part), "{part} is not planned:\n{shown}");
    }
    assert_eq!(scene.inventory().await.changes_since(&scene.before), Vec::<String>::new(), "a plan writes nothing");
    let json = run(&scene, &[&arguments[..], &["-o", "json"]].concat(), &document(&scene));
    assert_eq!(json.status.code(), Some(2));
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let cost = &json[0]["cost"]["provider"]["microdollars"];
    assert!(cost.as_u64().is_some_and(|cost| cost > 16_000_000), "a month of a load balancer: {json}");

    scene.orders().create_and_settle(scene.plain_spec()).await;
    let idle = run(&scene, &arguments, &document(&scene));
    assert_eq!(idle.status.code(), Some(0), "{}{}", text(&idle.stdout), text(&idle.stderr));
    scene.clean_up().await;
}

/// Ports, health and the name that consumers ask for, as they are in AWS.
#[tokio::test]
async fn a_diagram_shows_what_runs() {
    let scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let service = scene.orders().service_name().await;
    let object = serde_json::to_string(&scene.orders().object().await).expect("an object is JSON");
    for (form, begins) in [("svg", "<svg "), ("mermaid", "flowchart LR")] {
        let drawn = run(&scene, &["diagram", "-f", "-", "-o", form], &object);
        let shown = text(&drawn.stdout);
        assert!(drawn.status.success() && shown.starts_with(begins), "{form}: {shown}{}", text(&drawn.stderr));
        for part in
            [service.as_str(), "EXTERNAL 9092 bootstrap", "EXTERNAL 9093", "EXTERNAL 9095", "healthy", "usw2-az3"]
        {
            assert!(shown.contains(part), "{part} is not in\n{shown}");
        }
    }
    let planned = run(&scene, &["diagram", "-f", "-"], &document(&scene));
    assert!(text(&planned.stderr).contains("give the object with its status"), "{}", text(&planned.stderr));
    scene.clean_up().await;
}

#[tokio::test]
async fn the_crd_is_the_one_in_the_repository() {
    let scene = Scene::quiet().await;
    let printed = run(&scene, &["crd"], "");
    assert!(printed.status.success());
    let file = include_str!("../../crds/kafkaprivatelinks.yaml");
    assert_eq!(text(&printed.stdout), file);
}

#[tokio::test]
async fn a_mistake_is_said_in_one_line() {
    let scene = Scene::quiet().await;
    let wrong: [&[&str]; 4] = [
        &["plan", "--cluster-id", CLUSTER_ID, "-f", "/does/not/exist.yaml"],
        &["run", "--admin-address", "127.0.0.1:0", "--log-level", "info,=="],
        &["plan", "--cluster-id", CLUSTER_ID, "-f", concat!(env!("CARGO_MANIFEST_DIR"), "/rustfmt.toml")],
        &["run", "--admin-address", "203.0.113.1:1"],
    ];
    for arguments in wrong {
        let output = run(&scene, arguments, "");
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("kafka-privatelink: ")).collect();
        assert_eq!(lines.len(), 1, "{arguments:?}: {said}");
    }
    for arguments in [&["run", "--resync", "0s"][..], &["run", "--no-such-flag"], &["explode"], &["plan"]] {
        let output = run(&scene, arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[tokio::test]
async fn a_plan_without_credentials_says_so() {
    let scene = Scene::quiet().await;
    let mut command = with_credentials(scene.credentials());
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    let nowhere = concat!(env!("CARGO_TARGET_TMPDIR"), "/no-such-file");
    command.env("AWS_CONFIG_FILE", nowhere).env("AWS_SHARED_CREDENTIALS_FILE", nowhere);
    let file = format!("{}/{}.json", env!("CARGO_TARGET_TMPDIR"), scene.namespace);
    std::fs::write(&file, document(&scene)).expect("a file");
    let output = command.args(["plan", "--cluster-id", CLUSTER_ID, "-f", &file]).output().expect("the program ends");
    std::fs::remove_file(&file).expect("the file goes");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.to_lowercase().contains("credentials"), "{said}");
}
