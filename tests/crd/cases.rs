//! Reads `cases.yaml`, which says what it means. Used by the tests of both packages, by `#[path]`.

use serde::Deserialize;
use serde_json::{Map, Value};

/// An object, and what the API server says to it.
pub struct Case {
    pub name: String,
    /// The object that is there before; without it, the case is a creation.
    pub old: Option<Value>,
    pub new: Value,
    /// A part of the message, if it is refused.
    pub refused: Option<String>,
    /// A part of what is stored, in the form that `contains` takes.
    pub stored: Option<Value>,
}

pub fn cases() -> Vec<Case> {
    let table: Table = serde_saphyr::from_str(include_str!("cases.yaml")).expect("cases.yaml is a table of cases");
    let build = |with: &[String], patch: Value| {
        let named = with.iter().map(|name| table.patches[name].clone());
        named.chain([patch]).fold(table.base.clone(), |object, patch| merge(object, expand(patch)))
    };
    let create = table.create.iter().map(|case| Case {
        name: case.name.clone(),
        old: None,
        new: build(&case.with, case.set.clone()),
        refused: case.refused.clone(),
        stored: case.stored.clone(),
    });
    let update = table.update.iter().map(|case| Case {
        name: case.name.clone(),
        old: Some(build(&case.with, case.old.clone())),
        new: build(&case.with, case.new.clone()),
        refused: case.refused.clone(),
        stored: None,
    });
    create.chain(update).collect()
}

/// Whether all that is expected is found; a map laid over a list names its items by index.
pub fn contains(found: &Value, expected: &Value) -> bool {
    let Value::Object(expected) = expected else { return found == expected };
    expected.iter().all(|(key, value)| {
        let found = match found {
            Value::Array(items) => items.get(index(key)),
            other => other.get(key),
        };
        found.is_some_and(|found| contains(found, value))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    base: Value,
    patches: Map<String, Value>,
    create: Vec<Create>,
    update: Vec<Update>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
    #[serde(default)]
    with: Vec<String>,
    set: Value,
    refused: Option<String>,
    stored: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    name: String,
    #[serde(default)]
    with: Vec<String>,
    old: Value,
    new: Value,
    refused: Option<String>,
}

fn merge(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    match target {
        Value::Array(mut items) => {
            for (key, value) in patch {
                let at = index(&key);
                if at == items.len() {
                    items.push(Value::Null);
                }
                items[at] = merge(items[at].take(), value);
            }
            Value::Array(items)
        }
        other => {
            let mut map = if let Value::Object(map) = other { map } else { Map::new() };
            for (key, value) in patch {
                let old = map.remove(&key).unwrap_or_default();
                if !value.is_null() {
                    map.insert(key, merge(old, value));
                }
            }
            Value::Object(map)
        }
    }
}

/// Puts the long values in the place of their short forms.
fn expand(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(expand).collect(),
        Value::Object(map) => {
            if let Some(form) = map.get("$list") {
                counted(form).map(|i| expand(numbered(&form["of"], i))).collect()
            } else if let Some(form) = map.get("$map") {
                let key = |i| text(&expand(numbered(&form["key"], i))).to_owned();
                counted(form).map(|i| (key(i), expand(numbered(&form["value"], i)))).collect()
            } else if let Some(form) = map.get("$text") {
                let count = counted(form).count();
                let part = |name| form.get(name).map_or("", text);
                Value::from(part("before").to_owned() + &part("of").repeat(count) + part("then"))
            } else if let Some(digits) = map.get("$int") {
                Value::from(text(digits).parse::<i64>().expect("$int is a number"))
            } else {
                map.into_iter().map(|(key, value)| (key, expand(value))).collect()
            }
        }
        other => other,
    }
}

fn counted(form: &Value) -> std::ops::Range<u64> {
    let from = form.get("from").map_or(1, |from| from.as_u64().expect("from is a number"));
    from..from + form["count"].as_u64().expect("count is a number")
}

fn numbered(value: &Value, i: u64) -> Value {
    match value {
        Value::String(text) => text.replace("{i}", &i.to_string()).into(),
        Value::Array(items) => items.iter().map(|item| numbered(item, i)).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), numbered(value, i))).collect(),
        other => other.clone(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn index(key: &str) -> usize {
    key.parse().expect("a list is patched by index")
}
