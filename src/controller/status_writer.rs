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
    let wanted = serde_json::to_value(&status).map_err(Error::BuildPatch)?;
    if !differs(object.status.as_ref(), &wanted) {
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

fn differs(present: Option<&KafkaPrivateLinkStatus>, wanted: &Value) -> bool {
    present.and_then(|status| serde_json::to_value(status).ok()).as_ref() != Some(wanted)
}
