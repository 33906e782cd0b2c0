//! The API that users write and read: the `KafkaPrivateLink` kind and its CRD.
//!
//! Everything the API server can check by itself is in the schema, beside the field that it is about.
//! There is no webhook. What only AWS can tell becomes a condition.

mod rule;
pub mod v1alpha1;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt as _;

pub use v1alpha1::{ConnectionCounts, KafkaPrivateLink, KafkaPrivateLinkSpec, KafkaPrivateLinkStatus};

/// API group; also the prefix of all our tags, annotations and finalizers.
pub const GROUP: &str = "kafka-privatelink.io";
/// The version served and stored.
pub const VERSION: &str = "v1alpha1";
/// Kind of the one resource.
pub const KIND: &str = "KafkaPrivateLink";
/// Its plural, as in API paths.
pub const PLURAL: &str = "kafkaprivatelinks";
/// Longest `metadata.name`: the name is a part of an AWS tag value, which holds 256 characters.
pub const MAX_NAME_LENGTH: i64 = 63;

/// `namespace/name`, or the name alone where an object names no namespace: it comes from a file then.
#[must_use]
pub fn full_name(object: &KafkaPrivateLink) -> String {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    match &object.metadata.namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    }
}

/// The CRD that `kubectl apply` takes.
///
/// The types carry the whole schema but two things, added here: the bound of `metadata.name`, which
/// lies outside of our types, and the form that Kubernetes wants where the derive's differs.
#[must_use]
pub fn crd() -> CustomResourceDefinition {
    let mut crd = KafkaPrivateLink::crd();
    for version in &mut crd.spec.versions {
        let schema = version.schema.as_mut();
        if let Some(root) = schema.and_then(|schema| schema.open_api_v3_schema.as_mut()) {
            tidy(root);
            let metadata = root.properties.get_or_insert_default().entry("metadata".into()).or_default();
            *metadata = object_with_bounded_name();
        }
    }
    crd
}

fn object_with_bounded_name() -> JSONSchemaProps {
    let name =
        JSONSchemaProps { type_: Some("string".into()), max_length: Some(MAX_NAME_LENGTH), ..Default::default() };
    JSONSchemaProps {
        type_: Some("object".into()),
        properties: Some([("name".into(), name)].into()),
        ..Default::default()
    }
}

/// Makes a derived schema and all below it ours.
///
/// * `nullable` goes: an explicit null means the same as an absent field, so that defaults apply and `has()` in
///   a rule is false.
/// * `title` goes: it repeats names of Rust types.
/// * Lines of a description that the source wraps are joined; an empty line stays a paragraph.
fn tidy(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    schema.title = None;
    if let Some(description) = &mut schema.description {
        *description = join_lines(description);
    }
    schema.properties.iter_mut().flat_map(|map| map.values_mut()).for_each(tidy);
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => tidy(items),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items.iter_mut().for_each(tidy),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        tidy(values);
    }
}

fn join_lines(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use kube::Resource as _;

    use super::*;

    #[test]
    fn the_constants_are_those_of_the_derive() {
        assert_eq!(KafkaPrivateLink::group(&()), GROUP);
        assert_eq!(KafkaPrivateLink::version(&()), VERSION);
        assert_eq!(KafkaPrivateLink::kind(&()), KIND);
        assert_eq!(KafkaPrivateLink::plural(&()), PLURAL);
    }

    #[test]
    fn wrapped_lines_are_joined_and_paragraphs_stay() {
        assert_eq!(join_lines("a\nb\n\nc"), "a b\n\nc");
    }
}
