//! A new CRD takes every object that a released one took, and understands it as before.
//!
//! `crds/released/` holds the CRD of each release, from the first on. What is compared below is a schema with itself
//! after one edit: each edit that would break somebody is found, each that would not is let through.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

const UPPER: [&str; 4] = ["maximum", "maxLength", "maxItems", "maxProperties"];
const LOWER: [&str; 4] = ["minimum", "minLength", "minItems", "minProperties"];
const SAME: [&str; 6] =
    ["type", "format", "pattern", "default", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"];

/// What an object that was fine before would meet, one line each.
fn breaks(path: &str, old: &Value, new: &Value) -> Vec<String> {
    let mut found: Vec<String> = SAME
        .iter()
        .filter(|key| old.get(*key) != new.get(*key))
        .map(|key| format!("{path}: {key} was {} and is {}", old[key], new[key]))
        .collect();
    let number = |schema: &Value, key: &str| schema.get(key).and_then(Value::as_f64);
    let bound = |key: &&&str, narrower: fn(f64, f64) -> bool| match (number(old, key), number(new, key)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(old), Some(new)) => narrower(old, new),
    };
    let upper = UPPER.iter().filter(|key| bound(key, |old, new| new < old));
    let lower = LOWER.iter().filter(|key| bound(key, |old, new| new > old));
    found.extend(upper.chain(lower).map(|key| format!("{path}: {key} was {} and is {}", old[key], new[key])));
    for (key, what) in [("enum", "value"), ("required", "field"), ("x-kubernetes-validations", "rule")] {
        let list = |schema: &Value| schema[key].as_array().cloned().unwrap_or_default();
        // Values may be added; demands may be dropped.
        let (missing_in, of) = if key == "enum" { (list(new), list(old)) } else { (list(old), list(new)) };
        if key == "enum" && new.get(key).is_none() {
            continue;
        }
        let said = |entry: &Value| entry.get("rule").unwrap_or(entry).clone();
        let known: Vec<Value> = missing_in.iter().map(said).collect();
        let news = of.iter().map(said).filter(|entry| !known.contains(entry));
        found.extend(news.map(|entry| format!("{path}: {key}: {what} {entry} is not as it was")));
    }
    for (name, field) in old["properties"].as_object().into_iter().flatten() {
        match new["properties"].get(name) {
            Some(there) => found.extend(breaks(&format!("{path}.{name}"), field, there)),
            None => found.push(format!("{path}.{name} is gone")),
        }
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(field) = old.get(inner) {
            found.extend(breaks(&format!("{path}.{inner}"), field, &new[inner]));
        }
    }
    found
}

fn schema(crd: &Value) -> Value {
    let versions = crd["spec"]["versions"].as_array().expect("versions");
    let version = versions.iter().find(|version| version["name"] == "v1alpha1").expect("v1alpha1 is served");
    assert_eq!(version["served"], true);
    version["schema"]["openAPIV3Schema"].clone()
}

fn present() -> Value {
    serde_json::to_value(kpl_core::api::crd()).expect("a CRD")
}

#[test]
fn the_crd_takes_what_every_released_one_took() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds/released");
    for entry in fs::read_dir(folder).expect("crds/released") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = fs::read_to_string(&path).expect("a released CRD");
            let released: Value = serde_saphyr::from_str(&text).expect("YAML");
            assert_eq!(breaks("", &schema(&released), &schema(&present())), Vec::<String>::new(), "{}", path.display());
        }
    }
}

#[test]
fn an_edit_that_breaks_objects_is_found() {
    let listener = "/properties/spec/properties/listeners/items";
    let edits: [(&str, &str, Value, &str); 10] = [
        ("/properties/spec", "required", json!(["region", "mode"]), r#".spec: required: field "mode""#),
        ("/properties/spec/properties/mode", "default", json!("Observe"), ".spec.mode: default"),
        ("/properties/spec/properties/mode", "enum", json!(["Manage"]), ".spec.mode: enum: value \"Observe\""),
        ("/properties/spec/properties/region", "type", json!("integer"), ".spec.region: type"),
        ("/properties/spec/properties/tags", "maxProperties", json!(39), ".spec.tags: maxProperties was 40"),
        (listener, "x-kubernetes-validations", json!([{ "rule": "false" }]), "rule \"false\""),
        (&format!("{listener}/properties/name"), "maxLength", json!(62), ".spec.listeners.items.name: maxLength"),
        (&format!("{listener}/properties/name"), "pattern", json!("^x$"), ".spec.listeners.items.name: pattern"),
        (&format!("{listener}/properties/bootstrapPort"), "minimum", json!(1024), "bootstrapPort: minimum"),
        (listener, "properties", json!({}), ".spec.listeners.items.name is gone"),
    ];
    let old = schema(&present());
    for (at, key, value, said) in edits {
        let mut new = old.clone();
        new.pointer_mut(at).unwrap_or_else(|| panic!("{at}"))[key] = value;
        let found = breaks("", &old, &new);
        assert!(found.iter().any(|line| line.contains(said)), "{at} {key}: {found:?}");
    }
}

#[test]
fn an_edit_that_breaks_nothing_is_let_through() {
    let old = schema(&present());
    let mut new = old.clone();
    let spec = new.pointer_mut("/properties/spec").expect("spec");
    spec["properties"]["brandNew"] = json!({ "type": "string" });
    spec["properties"]["mode"]["enum"].as_array_mut().expect("values").push(json!("Watch"));
    spec["properties"]["tags"]["maxProperties"] = json!(45);
    spec["properties"]["mode"]["description"] = json!("other words");
    spec["x-kubernetes-validations"].as_array_mut().expect("rules").pop();
    assert_eq!(breaks("", &old, &new), Vec::<String>::new());
}
