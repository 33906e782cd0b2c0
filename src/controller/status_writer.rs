//! Writes status: whole, only if it changed, and never over somebody else's newer object.

use kpl_core::api::{GROUP, KIND, KafkaPrivateLinkStatus, VERSION};
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use tracing::debug;

use super::FIELD_MANAGER;
use super::error::Error;
use super::object::Object;

/// Writes the status unless the object has it already.
pub(super) async fn write(
    api: &Api<DynamicObject>,
    object: &mut Object,
    status: KafkaPrivateLinkStatus,
) -> Result<(), Error> {
    let wanted = serialized(&status)?;
    if object.status.as_ref().map(serialized).transpose()?.as_ref() == Some(&wanted) {
        return Ok(());
    }
    // With uid and resourceVersion, apply is a compare-and-swap: 409 says that we looked at an old object.
    let patch = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": KIND,
        "metadata": {
            "name": object.raw.name_any(),
            "uid": object.raw.uid(),
            "resourceVersion": object.raw.resource_version(),
        },
        "status": wanted,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let answer = api
        .patch_status(&object.raw.name_any(), &params, &Patch::Apply(&patch))
        .await
        .map_err(|error| Error::Status(Box::new(error)))?;
    debug!(resource_version = answer.resource_version(), "status written");
    object.renewed(answer);
    object.status = Some(status);
    Ok(())
}

fn serialized(status: &KafkaPrivateLinkStatus) -> Result<Value, Error> {
    let mut value = serde_json::to_value(status).map_err(Error::BuildPatch)?;
    prune(&mut value);
    Ok(value)
}

/// Leaves out empty objects: where all fields of one go, apply makes null of it, which no schema allows.
fn prune(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.values_mut().for_each(prune);
        fields.retain(|_, field| field.as_object().is_none_or(|object| !object.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_objects_are_left_out() {
        let mut value = json!({ "a": {}, "b": { "c": {} }, "d": { "e": 1 }, "f": [] });
        prune(&mut value);
        assert_eq!(value, json!({ "d": { "e": 1 }, "f": [] }));
    }
}
