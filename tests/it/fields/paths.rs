//! Every field of `spec`, as the schema has it.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

use super::case::Act;

/// What needs a case: each value, each item of a list (`[]`) and each entry of a map (`.*`) changed and removed; of what
/// only holds others, the removal of the whole.
pub fn of_spec() -> Vec<(String, Act)> {
    let crd = kpl_core::api::crd();
    let schema = crd.spec.versions[0].schema.as_ref().and_then(|schema| schema.open_api_v3_schema.as_ref());
    let spec = &schema.expect("a schema").properties.as_ref().expect("properties")["spec"];
    let mut paths = Vec::new();
    below(spec, "spec", &mut paths);
    paths
}

fn below(schema: &JSONSchemaProps, path: &str, paths: &mut Vec<(String, Act)>) {
    for (name, field) in schema.properties.iter().flatten() {
        let path = format!("{path}.{name}");
        paths.push((path.clone(), Act::Remove));
        match (&field.items, &field.additional_properties) {
            (Some(JSONSchemaPropsOrArray::Schema(item)), _) => entry(item, &format!("{path}[]"), paths),
            (_, Some(JSONSchemaPropsOrBool::Schema(value))) => entry(value, &format!("{path}.*"), paths),
            _ if field.properties.is_none() => paths.push((path, Act::Change)),
            _ => below(field, &path, paths),
        }
    }
}

fn entry(schema: &JSONSchemaProps, path: &str, paths: &mut Vec<(String, Act)>) {
    paths.extend([Act::Change, Act::Remove].map(|act| (path.to_owned(), act)));
    below(schema, path, paths);
}
