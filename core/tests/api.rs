//! The types take what the API server takes: examples, accepted cases, statuses of other versions.

#[path = "../../tests/crd/cases.rs"]
mod cases;

use kpl_core::api::{KafkaPrivateLink, KafkaPrivateLinkStatus, v1alpha1};
use serde_json::{Value, json};

/// Every field is known to the types, and what they write is what they read.
fn read(name: &str, object: &Value) -> KafkaPrivateLink {
    let typed: KafkaPrivateLink =
        serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let written = serde_json::to_value(&typed).expect("an object is JSON");
    assert!(keeps(&written, object), "{name}: something of\n{object}\nis lost in\n{written}");
    assert_eq!(serde_json::from_value::<KafkaPrivateLink>(written).ok().as_ref(), Some(&typed), "{name}");
    typed
}

/// Absent and empty mean the same in all our lists and maps.
fn keeps(written: &Value, object: &Value) -> bool {
    match (written, object) {
        (Value::Object(written), Value::Object(object)) => object.iter().all(|(key, value)| {
            let empty = value.as_array().is_some_and(Vec::is_empty);
            written.get(key).map_or(empty, |written| keeps(written, value))
        }),
        (Value::Array(written), Value::Array(object)) => {
            written.len() == object.len() && written.iter().zip(object).all(|(written, item)| keeps(written, item))
        }
        (written, object) => written == object,
    }
}

#[test]
fn examples_are_read() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).expect("there are examples") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("text");
        let object: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read(&name, &object).metadata.name.as_ref(), Some(&name), "a file is called like its object");
        names.push(name);
    }
    assert!(names.contains(&"orders".to_owned()), "{names:?}");
}

#[test]
fn accepted_cases_are_read() {
    let accepted: Vec<_> = cases::cases().into_iter().filter(|case| case.refused.is_none()).collect();
    assert!(accepted.len() > 50);
    for case in accepted {
        let typed = read(&case.name, &case.new);
        if let Some(old) = &case.old {
            read(&case.name, old);
        }
        // The defaults of the types are those of the schema.
        if let Some(spec) = case.stored.as_ref().and_then(|stored| stored.get("spec")) {
            let written = serde_json::to_value(&typed.spec).expect("a spec is JSON");
            assert!(cases::contains(&written, spec), "{}: {spec}\nis not in\n{written}", case.name);
        }
    }
}

#[test]
fn case_names_are_unique() {
    let mut names: Vec<_> = cases::cases().into_iter().map(|case| case.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn any_status_is_read() {
    let nothing: KafkaPrivateLinkStatus = serde_json::from_value(json!({})).expect("every field may be absent");
    assert_eq!(nothing, KafkaPrivateLinkStatus::default());
    assert_eq!(serde_json::to_value(&nothing).expect("JSON"), json!({}), "nothing is written of nothing");

    let later: KafkaPrivateLinkStatus = serde_json::from_value(json!({
        "observedGeneration": -1,
        "shards": 3,
        "endpointService": { "state": "SomethingNew", "price": 1 },
        "connections": [{ "endpointId": "vpce-01234567", "state": "deleting" }],
        "ports": [{ "listener": "EXTERNAL", "brokerId": 1, "port": 9093, "releasedAt": "2026-01-02T03:04:05Z" }],
    }))
    .expect("fields and states of a later version do no harm");
    assert_eq!(later.observed_generation, Some(-1));
    assert_eq!(later.connections[0].state.as_deref(), Some("deleting"));
    let released: Vec<_> = later.ports.iter().map(|port| port.released_at.is_some()).collect();
    assert_eq!(released, [true]);
}

#[test]
fn settings_have_the_defaults_of_aws_or_better() {
    let groups = v1alpha1::TargetGroups::default();
    assert_eq!(serde_json::from_value::<v1alpha1::TargetGroups>(json!({})).ok(), Some(groups));
    let balancer = v1alpha1::LoadBalancer::default();
    assert_eq!(serde_json::from_value::<v1alpha1::LoadBalancer>(json!({})).ok(), Some(balancer));
}

#[test]
fn the_root_of_the_schema_has_no_rule() {
    // A rule there would be asked on every write, also those of status and finalizers, even of an object that an
    // older schema let in.
    for version in kpl_core::api::crd().spec.versions {
        let root = version.schema.and_then(|schema| schema.open_api_v3_schema).expect("a schema");
        assert_eq!(root.x_kubernetes_validations, None);
    }
}
