//! What of a spec is taken, here and by the schema.

use kpl_core::api::crd;
use kpl_core::desired::VolumeDeletion;
use kpl_core::model::{BrokerId, TargetType, VolumeType};
use kpl_core::node::{CONTROLLER_PORT, ExtraProperties, INTERNAL_PORT, Roles};
use kpl_core::reason::Reason;
use serde_json::json;

use super::scene::{ZONES, intent, made, parsed, spec, with};

#[test]
fn what_is_not_said_has_its_default() {
    let intent = intent(spec());
    let made = made(&intent);
    assert_eq!(made.machine.instance_type.as_str(), "t3.large");
    assert_eq!((&made.machine.image, &made.machine.key, &made.machine.profile), (&None, &None, &None));
    let storage = made.storage;
    assert_eq!((storage.size.gibibytes(), storage.volume_type), (100, VolumeType::Gp3));
    assert_eq!(storage.deletion, VolumeDeletion::Retain);
    assert_eq!(made.software.distribution.version.to_string(), "4.3.1");
    assert_eq!(made.software.distribution.sha512.as_str(), "a".repeat(128), "in the form of sha512sum");
    assert_eq!(made.software.heap.mebibytes, 4096);
    assert_eq!(made.software.properties, ExtraProperties::default());
    assert!(made.nodes.values().all(|node| node.roles.is_none()));
    assert_eq!(intent.target_type(), TargetType::Ip);
}

#[test]
fn what_is_said_is_taken() {
    let mut spec = with("/nodes", json!([{ "id": 7, "zoneId": "usw2-az2", "roles": ["Broker", "Controller"] }]));
    let provisioned = &mut spec["brokers"]["provisioned"];
    provisioned["image"] = json!({ "id": "ami-0123456789abcdef0" });
    provisioned["keyName"] = json!("ops");
    provisioned["instanceProfileArn"] = json!("arn:aws:iam::111122223333:instance-profile/kafka");
    provisioned["storage"] = json!({ "sizeGiB": 16384, "type": "gp2", "deletionPolicy": "Delete" });
    provisioned["kafka"]["properties"] = json!({ "num.partitions": "3" });
    let intent = intent(spec);
    let made = made(&intent);
    let machine = &made.machine;
    assert_eq!(machine.image, Some("ami-0123456789abcdef0".into()));
    assert_eq!(machine.key, Some("ops".into()));
    assert_eq!(machine.profile, Some("arn:aws:iam::111122223333:instance-profile/kafka".into()));
    let storage = made.storage;
    assert_eq!((storage.size.to_string().as_str(), storage.volume_type.as_str()), ("16384 GiB", "gp2"));
    assert_eq!(storage.deletion, VolumeDeletion::Delete);
    assert_eq!(made.software.properties.iter().collect::<Vec<_>>(), [("num.partitions", "3")]);
    let node = &made.nodes[&BrokerId(7)];
    assert_eq!((node.zone.as_str(), node.roles), ("usw2-az2", Some(Roles::Combined)));
}

/// What an older or a later schema may let in.
#[test]
fn what_makes_no_sense_is_refused_by_its_field() {
    use Reason::{InvalidSpec as Invalid, PropertyRefused as Refused};
    let properties = "brokers.provisioned.kafka.properties";
    for (at, value, field, reason) in [
        ("/nodes", json!([{ "id": -1, "zoneId": ZONES[0] }]), "brokers.provisioned.nodes.id", Invalid),
        ("/nodes", json!([]), "brokers.provisioned.nodes", Invalid),
        (
            "/nodes",
            json!([{ "id": 1, "zoneId": ZONES[0], "roles": ["Controller"] }]),
            "brokers.provisioned.nodes",
            Invalid,
        ),
        ("/storage/sizeGiB", json!(0), "brokers.provisioned.storage.sizeGiB", Invalid),
        ("/storage/sizeGiB", json!(-1), "brokers.provisioned.storage.sizeGiB", Invalid),
        ("/storage/sizeGiB", json!(16385), "brokers.provisioned.storage.sizeGiB", Invalid),
        ("/kafka/version", json!("4.3"), "brokers.provisioned.kafka.version", Invalid),
        ("/kafka/version", json!("3.6.2"), "brokers.provisioned.kafka.version", Invalid),
        ("/kafka/distribution/sha512", json!("abc"), "brokers.provisioned.kafka.distribution.sha512", Invalid),
        ("/kafka/heap", json!("4GiB"), "brokers.provisioned.kafka.heap", Invalid),
        ("/kafka/properties", json!({ "node.id": "7" }), properties, Refused),
        ("/kafka/properties", json!({ "my.password": "7" }), properties, Refused),
        ("/kafka/properties", json!({ "a b": "7" }), properties, Refused),
    ] {
        let error = parsed(with(at, value.clone())).expect_err(&format!("{at} {value}"));
        assert_eq!((error.field.as_str(), error.reason), (field, reason), "{at} {value}: {error}");
    }
}

/// Every rule of the CRD.
fn rules() -> String {
    serde_json::to_string(&crd()).expect("a CRD is JSON")
}

#[test]
fn the_schema_refuses_no_property_that_would_be_taken() {
    let rules = rules();
    let (_, rest) = rules.split_once("!(k in [").expect("the rule of properties");
    let (names, rest) = rest.split_once("])").expect("a list");
    let names = names.split(", ").map(|name| name.trim_matches('\''));
    let (prefixes, _) = rest.split_once('"').expect("the end of the rule");
    let prefixes: Vec<_> = prefixes.split("startsWith('").skip(1).map(|text| text.split('\'').next()).collect();
    let prefixes = prefixes.into_iter().flatten();
    let mut count = 0;
    for name in names.map(str::to_owned).chain(prefixes.map(|prefix| format!("{prefix}x"))) {
        let refused = ExtraProperties::new([(name.clone(), "v".to_owned())].into());
        assert!(refused.is_err(), "{name} is refused by the schema alone");
        count += 1;
    }
    assert_eq!(count, 30);
}

#[test]
fn the_schema_knows_the_ports_between_nodes() {
    let ports = format!("a.brokerPort in [{CONTROLLER_PORT}, {INTERNAL_PORT}]");
    assert!(rules().contains(&ports), "{ports}");
}
