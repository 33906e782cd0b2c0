//! Tables of cases are written before their world is there: `<name>` in them stands for an id of it.

use std::collections::BTreeMap;

use serde_json::Value;

/// What a `<name>` stands for.
pub type Names = BTreeMap<&'static str, String>;

/// The text with the ids.
pub fn named_text(text: &str, names: &Names) -> String {
    names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("<{name}>"), id))
}

/// The value with the ids.
pub fn named(value: &Value, names: &Names) -> Value {
    serde_json::from_str(&named_text(&value.to_string(), names)).expect("an id needs no quoting")
}
