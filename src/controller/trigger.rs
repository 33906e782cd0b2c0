//! What wakes an object's pass before its time: not our own status writes.

use kube::core::ObjectMeta;

use super::{CONFIRM, FINALIZER, REQUESTED_AT, TAKE_OVER};

/// All of an object's metadata that a pass depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trigger {
    uid: Option<String>,
    generation: Option<i64>,
    deleting: bool,
    held: bool,
    annotations: [Option<String>; 3],
}

impl Trigger {
    pub(super) fn of(metadata: &ObjectMeta) -> Self {
        let annotation = |name: &str| metadata.annotations.as_ref()?.get(name).cloned();
        let mut finalizers = metadata.finalizers.iter().flatten();
        Self {
            uid: metadata.uid.clone(),
            generation: metadata.generation,
            deleting: metadata.deletion_timestamp.is_some(),
            held: finalizers.any(|finalizer| finalizer == FINALIZER),
            annotations: [CONFIRM, TAKE_OVER, REQUESTED_AT].map(annotation),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn trigger(metadata: Value) -> Trigger {
        Trigger::of(&serde_json::from_value(metadata).expect("metadata"))
    }

    #[test]
    fn status_and_foreign_metadata_do_not_wake() {
        let before = trigger(json!({ "name": "o", "uid": "u", "generation": 1, "resourceVersion": "1" }));
        let after = json!({
            "name": "o", "uid": "u", "generation": 1, "resourceVersion": "2",
            "labels": { "a": "b" }, "annotations": { "a": "b" }, "finalizers": ["other"],
        });
        assert_eq!(before, trigger(after));
    }

    #[test]
    fn what_a_pass_depends_on_wakes() {
        let plain = json!({ "name": "o", "uid": "u", "generation": 1 });
        let changed = |key: &str, value: Value| {
            let mut metadata = plain.clone();
            metadata[key] = value;
            trigger(metadata)
        };
        let before = trigger(plain.clone());
        assert_ne!(before, changed("uid", json!("v")));
        assert_ne!(before, changed("generation", json!(2)));
        assert_ne!(before, changed("deletionTimestamp", json!("2026-01-01T00:00:00Z")));
        assert_ne!(before, changed("finalizers", json!([FINALIZER])));
        for name in [CONFIRM, TAKE_OVER, REQUESTED_AT] {
            assert_ne!(before, changed("annotations", json!({ name: "x" })), "{name}");
        }
    }
}
