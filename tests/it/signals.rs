//! What the process tells those who watch it: metrics and its log.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::harness::{Scene, bed, is};

/// Value of a series, written as Prometheus shows it without its prefix.
async fn metric(scene: &Scene, series: &str) -> Option<f64> {
    let text = metrics(scene).await;
    let prefix = format!("kafka_privatelink_{series} ");
    let found = text.lines().find_map(|line| line.strip_prefix(&prefix));
    found.map(|value| value.parse().expect("a number"))
}

async fn metrics(scene: &Scene) -> String {
    let operator = scene.operators.last().expect("an operator was started");
    let (status, text) = operator.admin("GET", "/metrics", None).await;
    assert_eq!(status, 200, "{text}");
    text
}

async fn shows(scene: &Scene, series: &str, wanted: f64) {
    let what = format!("{series} is {wanted}");
    let probe = async || {
        let value = metric(scene, series).await;
        is(value == Some(wanted), || format!("{value:?}"))
    };
    scene.until(&what, probe).await;
}

async fn some(scene: &Scene, series: &str) {
    let probe = async || is(metric(scene, series).await.is_some(), || "there is none".into());
    scene.until(&format!("there is {series}"), probe).await;
}

#[tokio::test]
async fn metrics_follow_an_object_from_its_making_to_its_end() {
    let scene = Scene::start().await;
    shows(&scene, "leader", 1.0).await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let of = format!(r#"name="orders",namespace="{}""#, scene.namespace);
    shows(&scene, &format!("object_ready{{{of}}}"), 1.0).await;
    shows(&scene, "time_to_ready_seconds_count", 1.0).await;
    let healthy = format!(r#"brokers{{health="Healthy",listener="EXTERNAL",{of}}}"#);
    shows(&scene, &healthy, 3.0).await;

    // What the stand-in has counted is what the operator says it sent.
    let calls = scene.calls().await;
    for (service, action) in
        [("ec2", "CreateVpcEndpointServiceConfiguration"), ("elasticloadbalancing", "CreateListener")]
    {
        let counted = u32::try_from(calls.actions[action]).expect("few");
        let series = format!(r#"aws_calls_total{{operation="{action}",result="ok",service="{service}"}}"#);
        shows(&scene, &series, f64::from(counted)).await;
    }

    // Drift is what comes after a pass that found nothing to do.
    some(&scene, r#"passes_total{outcome="settled"}"#).await;
    let aws = scene.inventory().await;
    scene.account.elb.delete_listener().listener_arn(aws.listener_arn(9094)).send().await.expect("the listener goes");
    scene.leads_to(9094, &[scene.target(2, 39092)]).await;
    for series in ["drift_found_total", "drift_repaired_total"] {
        shows(&scene, &format!(r#"{series}{{change="create",kind="listener"}}"#), 1.0).await;
    }

    scene.account.standin.refuse_times("DescribeTargetHealth", "Throttling", 1).await;
    let throttles = r#"aws_throttles_total{operation="DescribeTargetHealth",service="elasticloadbalancing"}"#;
    shows(&scene, throttles, 1.0).await;

    promtool_has_no_complaint(&metrics(&scene).await);

    let mut wrong = scene.plain_spec();
    wrong["accountId"] = json!("999999999999");
    scene.link("stranger").create(wrong).await;
    some(&scene, r#"passes_total{outcome="stalled"}"#).await;

    scene.orders().delete_and_wait().await;
    scene
        .until("the object's series are gone", async || {
            let text = metrics(&scene).await;
            let left: Vec<&str> = text.lines().filter(|line| line.contains(r#"name="orders""#)).collect();
            is(left.is_empty(), || left.join("\n"))
        })
        .await;
    scene.nothing_is_left().await;
}

/// `promtool check metrics` exits with 3 where a name or a help is not by the conventions.
fn promtool_has_no_complaint(text: &str) {
    let mut command = Command::new(&bed().promtool);
    let piped = command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = piped.spawn().expect("promtool starts");
    promtool.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("promtool reads");
    let said = promtool.wait_with_output().expect("promtool ends");
    assert!(said.status.success(), "{}\n{text}", String::from_utf8_lossy(&said.stderr));
}

#[tokio::test]
async fn the_log_gets_another_filter_while_the_process_runs() {
    let mut scene = Scene::quiet().await;
    scene.start_operator(&["--log-level", "info"]);
    let operator = &scene.operators[0];
    assert_eq!(operator.admin("GET", "/log", None).await, (200, "info\n".into()));
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let reads = || operator.log().matches(" read operation=").count();
    assert_eq!(reads(), 0, "reads are logged at debug");

    let (status, said) = operator.admin("PUT", "/log", Some("info,==")).await;
    assert_eq!(status, 400, "{said}");
    assert_eq!(operator.admin("GET", "/log", None).await, (200, "info\n".into()));

    let wanted = "info,kafka_privatelink=debug";
    assert_eq!(operator.admin("PUT", "/log", Some(wanted)).await, (200, format!("{wanted}\n")));
    scene.until("reads are logged", async || is(reads() > 0, || "none is".into())).await;
    scene.clean_up().await;
}
