//! The sheet for a consumer.

use kpl_core::api::KafkaPrivateLink;
use kpl_core::sheet::{ConsumerKind, Sheet};
use serde_json::json;
use strum::IntoEnumIterator;

fn object(service: bool) -> KafkaPrivateLink {
    let broker = |id: i32| {
        let (zone, port) = (format!("usw2-az{id}"), 9092 + id);
        json!({ "id": id, "zoneId": zone, "port": port, "advertised": format!("b{id}.{zone}.abc.tidbcloud.com:{port}") })
    };
    let listener = json!({
        "name": "EXTERNAL", "brokerPort": 39092, "bootstrapPort": 9092, "portRange": { "first": 9093, "last": 9116 },
        "advertisedHostTemplate": "b{brokerId}.{zoneId}.abc.tidbcloud.com",
    });
    let mut status = json!({
        "conditions": [{ "type": "Ready", "status": "True", "reason": "Available", "message": "all is well",
                         "lastTransitionTime": "2026-01-01T00:00:00Z" }],
        "listeners": [{ "name": "EXTERNAL", "brokers": [broker(1), broker(2)] }],
    });
    if service {
        let name = "com.amazonaws.vpce.us-west-2.vpce-svc-0a1b";
        status["endpointService"] = json!({ "serviceName": name, "zoneIds": ["usw2-az1", "usw2-az2"] });
    }
    serde_json::from_value(json!({
        "apiVersion": "kafka-privatelink.io/v1alpha1", "kind": "KafkaPrivateLink",
        "metadata": { "name": "orders", "namespace": "streaming" },
        "spec": {
            "region": "us-west-2",
            "network": { "vpcId": "vpc-1", "subnets": [{ "zoneId": "usw2-az1", "subnetId": "subnet-1" }] },
            "brokers": { "ec2": { "tags": { "k": "v" }, "idTagKey": "id" } },
            "listeners": [listener],
            "endpointService": { "consumers": [] },
        },
        "status": status,
    }))
    .expect("an object")
}

#[test]
fn everything_to_connect_is_on_the_sheet() {
    let sheet = Sheet::of(&object(true), None).expect("a sheet");
    let kinds: Vec<ConsumerKind> = ConsumerKind::iter().collect();
    insta::assert_snapshot!(sheet.markdown(&kinds));
}

#[test]
fn a_sheet_is_of_one_listener_where_one_is_named() {
    let named = |listener| Sheet::of(&object(true), Some(listener));
    assert_eq!(named("EXTERNAL").expect("a sheet").listeners.len(), 1);
    let missing = named("OTHER").expect_err("there is none").to_string();
    assert_eq!(missing, "streaming/orders offers no listener OTHER; it offers EXTERNAL");
}

#[test]
fn nothing_is_handed_over_before_there_is_a_service() {
    let missing = Sheet::of(&object(false), None).expect_err("no service").to_string();
    assert_eq!(missing, "streaming/orders has no endpoint service yet: all is well");
}

#[test]
fn trouble_and_what_is_not_agreed_are_said() {
    let mut object = object(true);
    object.spec.listeners[0].advertised_host_template = None;
    let status = object.status.as_mut().expect("status");
    status.conditions[0].status = "False".into();
    status.conditions[0].message = "no broker is healthy".into();
    for broker in &mut status.listeners[0].brokers {
        broker.advertised = None;
    }
    let text =
        Sheet::of(&object, None).expect("a sheet").markdown(&[ConsumerKind::TidbCloud, ConsumerKind::Materialize]);
    for said in ["no broker is healthy", "not agreed yet", "not known yet", "no broker has an address yet"] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
}
