//! CEL rules of the schema, in the form that `x-kubernetes-validations` takes.
//!
//! kube's own `Rule` holds a message or a message expression. We want both: the expression names the values at fault,
//! and the message is what a user reads should the expression fail.

use schemars::Schema;
use serde::Serialize;

/// One rule. `self` and `oldSelf` in it are the value it stands on, new and old.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    #[serde(rename = "rule")]
    holds: &'static str,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_expression: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field_path: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl Rule {
    pub(crate) const fn new(holds: &'static str, message: &'static str) -> Self {
        Self { holds, message, message_expression: None, field_path: None, reason: None }
    }

    /// A CEL string that says the same as the message, with the values.
    pub(crate) const fn naming(self, expression: &'static str) -> Self {
        Self { message_expression: Some(expression), ..self }
    }

    /// The field below this one that the API server names in its answer.
    pub(crate) const fn at(self, field_path: &'static str) -> Self {
        Self { field_path: Some(field_path), ..self }
    }

    /// For a change that is not allowed, as opposed to a value that never is.
    pub(crate) const fn forbidden(self) -> Self {
        Self { reason: Some("FieldValueForbidden"), ..self }
    }
}

/// A field that keeps its first value.
pub(crate) const fn immutable(message: &'static str) -> Rule {
    Rule::new("self == oldSelf", message).forbidden()
}

/// A zone ID, which means the same place in every account, not a zone name, which does not.
pub(crate) const fn zone_id() -> Rule {
    Rule::new("self.matches('^[a-z]{2,4}[0-9]+-(az[0-9]+|[a-z0-9]+-az[0-9]+)$')", "not a zone ID such as usw2-az1")
        .naming(
            r#"'"' + self + '" is not a zone ID such as usw2-az1 (zone names such as us-west-2a differ per account)'"#,
        )
}

pub(crate) const fn ipv4_address() -> Rule {
    Rule::new("isIP(self) && ip(self).family() == 4", "an IPv4 address")
}

pub(crate) const fn ipv4_cidr(message: &'static str) -> Rule {
    Rule::new("isCIDR(self) && cidr(self).ip().family() == 4", message)
}

/// Puts the rule on the items of a list: schemars has attributes for a field, none for what is in it.
pub(crate) fn each(rule: Rule) -> impl FnMut(&mut Schema) {
    let rules = serde_json::json!([rule]);
    move |list| {
        if let Some(items) = list.get_mut("items").and_then(serde_json::Value::as_object_mut) {
            items.insert("x-kubernetes-validations".into(), rules.clone());
        }
    }
}

/// Bounds the values of a map of AWS tags.
pub(crate) fn tag_values(map: &mut Schema) {
    map.insert("additionalProperties".into(), serde_json::json!({ "type": "string", "maxLength": 256 }));
}
