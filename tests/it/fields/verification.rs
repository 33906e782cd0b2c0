//! `spec.verification` and what listeners say for it: how Kafka is asked, and what is written down for brokers. No broker
//! answers here, so a condition says how far it came.

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::api::PostParams;
use serde_json::json;

use super::case::{Case, change, remove};
use super::play::Stage;
use crate::harness::{Names, Rights, Scene};

const VERIFIED: &str = "AdvertisedListenersVerified";
const LINES: &str = "broker-2.txt";
const UNREADABLE: &str = "SecretUnreadable";
const TOGETHER: &str = "saslMechanism and credentialsSecret are given together";
const PLAINTEXT: &str = "EXTERNAL:PLAINTEXT";

/// A listener that logs in with a Secret that is not there.
fn logging_in(case: Case) -> Case {
    case.set("/listeners/0/securityProtocol", "SASL_SSL").set(
        "/listeners/0/verification",
        json!({ "saslMechanism": "SCRAM-SHA-512", "credentialsSecret": { "name": "nobody" } }),
    )
}

/// A listener that trusts what a Secret holds that is there.
fn trusting(case: Case) -> Case {
    case.set("/listeners/0/securityProtocol", "SSL")
        .set("/listeners/0/verification", json!({ "caSecret": { "name": "kafka", "key": "no.crt" } }))
}

fn unreadable(case: Case, part: &'static str) -> Case {
    case.says(VERIFIED, "Unknown", UNREADABLE, part)
}

fn of_spec() -> Vec<Case> {
    let no_route = |case: Case, part| case.says(VERIFIED, "Unknown", "NoRoute", part);
    vec![
        change("spec.verification.mode").set("/verification/mode", "Disabled").says(
            VERIFIED,
            "Unknown",
            "VerificationDisabled",
            "Disabled",
        ),
        no_route(remove("spec.verification.mode").drop("/verification/mode"), "elb."),
        no_route(
            change("spec.verification.address").set("/verification/address", "{zoneId}.kafka.invalid"),
            "usw2-az2.kafka.invalid does not resolve",
        ),
        no_route(remove("spec.verification.address").drop("/verification/address"), "elb."),
        change("spec.verification.intervalSeconds")
            .set("/verification/intervalSeconds", 60)
            .stays("listeners > *", "AWS has no part in when Kafka is asked"),
        remove("spec.verification.intervalSeconds")
            .drop("/verification/intervalSeconds")
            .stays("listeners > *", "AWS has no part in when Kafka is asked"),
        no_route(remove("spec.verification").afresh().drop("/verification"), "elb."),
    ]
}

fn of_listeners() -> Vec<Case> {
    vec![
        change("spec.listeners[].securityProtocol")
            .set("/listeners/0/securityProtocol", "SASL_SSL")
            .lines(LINES, "EXTERNAL:SASL_SSL"),
        remove("spec.listeners[].securityProtocol").drop("/listeners/0/securityProtocol").lines(LINES, PLAINTEXT),
        change("spec.listeners[].strimziName")
            .set("/listeners/0/strimziName", "tidb")
            .lines("strimzi.yaml", "name: tidb"),
        remove("spec.listeners[].strimziName").drop("/listeners/0/strimziName").lines("strimzi.yaml", "name: external"),
        unreadable(logging_in(change("spec.listeners[].verification.saslMechanism")), "Secret nobody is not there"),
        remove("spec.listeners[].verification")
            .drop("/listeners/0/verification")
            .drop("/listeners/0/securityProtocol")
            .says(VERIFIED, "Unknown", "NoRoute", "elb."),
        unreadable(
            logging_in(change("spec.listeners[].verification.credentialsSecret.name"))
                .set("/listeners/0/verification/credentialsSecret/name", "kafka"),
            "Secret kafka lacks the key username",
        ),
        unreadable(trusting(change("spec.listeners[].verification.caSecret.key")), "Secret kafka lacks the key no.crt"),
        unreadable(
            remove("spec.listeners[].verification.caSecret.key").drop("/listeners/0/verification/caSecret/key"),
            "the CA holds no certificate",
        ),
        unreadable(
            trusting(change("spec.listeners[].verification.caSecret.name"))
                .set("/listeners/0/verification/caSecret/name", "nobody"),
            "Secret nobody is not there",
        ),
        remove("spec.listeners[].verification.caSecret")
            .drop("/listeners/0/verification/caSecret")
            .says(VERIFIED, "Unknown", "NoRoute", "elb."),
        unreadable(
            change("spec.listeners[].verification.clientCertificateSecret.name")
                .set("/listeners/0/securityProtocol", "SSL")
                .set("/listeners/0/verification", json!({ "clientCertificateSecret": { "name": "kafka" } })),
            "Secret kafka lacks the key tls.crt",
        ),
        remove("spec.listeners[].verification.clientCertificateSecret")
            .drop("/listeners/0/verification/clientCertificateSecret")
            .says(VERIFIED, "Unknown", "NoRoute", "elb."),
    ]
}

fn refused() -> Vec<Case> {
    let with =
        |path, field: &str, value| remove(path).afresh().set("/listeners/0/verification", json!({ field: value }));
    vec![
        with("spec.listeners[].verification.saslMechanism", "credentialsSecret", json!({ "name": "kafka" }))
            .refused(TOGETHER),
        with("spec.listeners[].verification.credentialsSecret", "saslMechanism", json!("PLAIN")).refused(TOGETHER),
        with("spec.listeners[].verification.credentialsSecret.name", "credentialsSecret", json!({}))
            .refused("credentialsSecret.name: Required value"),
        with("spec.listeners[].verification.caSecret.name", "caSecret", json!({ "key": "ca.crt" }))
            .refused("caSecret.name: Required value"),
        with("spec.listeners[].verification.clientCertificateSecret.name", "clientCertificateSecret", json!({}))
            .refused("clientCertificateSecret.name: Required value"),
    ]
}

pub fn cases() -> Vec<Case> {
    [of_spec(), of_listeners(), refused()].concat()
}

/// As the cases that are played, without those that are refused on any object.
pub async fn stage() -> Stage {
    let scene = Scene::quiet().await;
    let secret = json!({ "metadata": { "name": "kafka" }, "stringData": { "ca.crt": "no certificate" } });
    let secret: Secret = serde_json::from_value(secret).expect("a Secret");
    scene.api::<Secret>().create(&PostParams::default(), &secret).await.expect("the API server takes the Secret");
    // As `verification.secretNames` in the chart's values has it.
    let mut rules = Rights::installed().objects.rules.expect("rules");
    rules.push(PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["secrets".into()]),
        resource_names: Some(vec!["kafka".into(), "nobody".into()]),
        verbs: vec!["get".into()],
        ..PolicyRule::default()
    });
    scene.actor.may(rules).await;
    let mut spec = scene.plain_spec();
    spec["verification"] = json!({ "mode": "Enabled", "intervalSeconds": 600 });
    Stage { scene, spec, names: Names::new() }
}
