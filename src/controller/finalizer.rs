//! Our hold on an object. Not kube's helper: that one lets go whenever a cleanup returns without an
//! error, and ours takes many passes.

use kube::ResourceExt;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::error::Error;
use super::object::Object;
use super::{FIELD_MANAGER, FINALIZER};

/// Whether the object can go without us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// It cannot.
    Held,
    /// It can.
    Released,
}

/// Makes sure that the object is held or released; changes nothing if it is.
pub(super) async fn ensure(api: &Api<DynamicObject>, object: &mut Object, wanted: Hold) -> Result<(), Error> {
    let uid = object.raw.uid().unwrap_or_default();
    let Some(operations) = patch(&uid, object.raw.finalizers(), wanted) else { return Ok(()) };
    let patch = serde_json::from_value(operations).map_err(Error::BuildPatch)?;
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.into()), ..PatchParams::default() };
    match api.patch(&object.raw.name_any(), &params, &Patch::Json::<()>(patch)).await {
        Ok(answer) => object.renewed(answer),
        // The last finalizer: the object is gone with it.
        Err(kube::Error::Api(status)) if status.is_not_found() && wanted == Hold::Released => {}
        Err(error) => return Err(Error::Finalizer(Box::new(error))),
    }
    Ok(())
}

/// The patch, if one is needed. Its tests make it fail rather than touch another object of the same name
/// or another one's finalizer.
fn patch(uid: &str, finalizers: &[String], wanted: Hold) -> Option<Value> {
    let same = json!({ "op": "test", "path": "/metadata/uid", "value": uid });
    let ours = finalizers.iter().position(|finalizer| finalizer == FINALIZER);
    match (wanted, ours) {
        (Hold::Held, Some(_)) | (Hold::Released, None) => None,
        (Hold::Held, None) => {
            let path = "/metadata/finalizers";
            Some(match finalizers.first() {
                None => json!([
                    same,
                    { "op": "test", "path": path, "value": null },
                    { "op": "add", "path": path, "value": [FINALIZER] },
                ]),
                Some(first) => json!([
                    same,
                    { "op": "test", "path": "/metadata/finalizers/0", "value": first },
                    { "op": "add", "path": "/metadata/finalizers/-", "value": FINALIZER },
                ]),
            })
        }
        (Hold::Released, Some(index)) => {
            let path = format!("/metadata/finalizers/{index}");
            Some(json!([
                same,
                { "op": "test", "path": path, "value": FINALIZER },
                { "op": "remove", "path": path },
            ]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operations(finalizers: &[&str], wanted: Hold) -> Vec<String> {
        let finalizers: Vec<String> = finalizers.iter().map(|text| (*text).to_owned()).collect();
        let patch = patch("u", &finalizers, wanted).unwrap_or_default();
        let shown = |operation: &Value| {
            let text = |key: &str| operation[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", text("op"), text("path"), operation["value"])
        };
        patch.as_array().map(|list| list.iter().skip(1).map(shown).collect()).unwrap_or_default()
    }

    #[test]
    fn what_is_as_wanted_is_left_alone() {
        assert!(operations(&["a", FINALIZER], Hold::Held).is_empty());
        assert!(operations(&["a"], Hold::Released).is_empty());
    }

    #[test]
    fn ours_goes_beside_those_of_others() {
        let path = "/metadata/finalizers";
        assert_eq!(operations(&[], Hold::Held), [format!("test {path} null"), format!("add {path} [\"{FINALIZER}\"]")]);
        assert_eq!(
            operations(&["a"], Hold::Held),
            [format!("test {path}/0 \"a\""), format!("add {path}/- \"{FINALIZER}\"")]
        );
    }

    #[test]
    fn only_ours_is_removed() {
        let path = "/metadata/finalizers/1";
        assert_eq!(
            operations(&["a", FINALIZER, "b"], Hold::Released),
            [format!("test {path} \"{FINALIZER}\""), format!("remove {path} null")]
        );
    }
}
