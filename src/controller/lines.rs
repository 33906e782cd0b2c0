//! The `ConfigMap` of an object: what its brokers have to advertise.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kpl_core::api::{GROUP, KIND, VERSION};
use kpl_core::desired::{Goal, Intent};
use kpl_core::kafka::{self, Wiring, lines_name, strimzi};
use kpl_core::pass::Passed;
use kpl_core::status::Published;
use kube::api::{ObjectMeta, Patch, PatchParams};
use kube::{Api, ResourceExt};
use tracing::{debug, warn};

use super::FIELD_MANAGER;
use super::turn::Turn;
use crate::cloud::Clouds;
use crate::runtime::chain;

/// What a key of the `ConfigMap` may hold.
pub(crate) type Data = BTreeMap<String, String>;

/// The contents for a wiring.
#[must_use]
pub(crate) fn data(object: &str, intent: &Intent, wiring: &Wiring) -> Data {
    let entries = kafka::entries(wiring);
    let mut data: Data =
        entries.iter().map(|(id, one)| (format!("broker-{id}.txt"), kafka::text(object, *id, one))).collect();
    if data.is_empty() {
        return data;
    }
    data.insert("advertised-listeners.json".into(), format!("{:#}\n", kafka::document(&entries)));
    data.insert("strimzi.yaml".into(), strimzi_entries(intent, wiring));
    data
}

fn strimzi_entries(intent: &Intent, wiring: &Wiring) -> String {
    let entries = strimzi::entries(intent, wiring).map_err(|error| error.to_string());
    let text = entries.and_then(|entries| serde_saphyr::to_string(&entries).map_err(|error| error.to_string()));
    text.unwrap_or_else(|why| format!("# none: {why}\n"))
}

impl<C: Clouds> Turn<'_, C> {
    /// Keeps the `ConfigMap` as it has to be. That it cannot be written holds nothing else up.
    pub(super) async fn publish(&self, passed: &Passed) -> Option<Published> {
        let (Ok(intent), Goal::Offer(_)) = (&self.object.intent, &passed.desired.goal) else { return None };
        if intent.observe_only {
            return None;
        }
        let name = lines_name(&self.key.name);
        let data = data(&self.key.to_string(), intent, &passed.desired.wiring(intent));
        let api: Api<ConfigMap> = Api::namespaced(self.context.client.clone(), &self.key.namespace);
        let failed = |error: &kube::Error| {
            warn!(object = %self.key, config_map = name, error = chain(error), "the ConfigMap cannot be kept");
            Published::Failed { name: name.clone(), problem: chain(error) }
        };
        let found = match api.get_opt(&name).await {
            Ok(found) => found,
            Err(error) => return Some(failed(&error)),
        };
        if found.as_ref().is_some_and(|found| !self.owns(found)) {
            return Some(Published::Taken { name });
        }
        if data.is_empty() && found.is_none() {
            return Some(Published::Nothing);
        }
        let brokers = data.keys().filter(|key| key.starts_with("broker-")).count();
        if found.is_none_or(|found| found.data.unwrap_or_default() != data) {
            let wanted = ConfigMap { metadata: self.metadata(&name), data: Some(data), ..ConfigMap::default() };
            let params = PatchParams::apply(FIELD_MANAGER).force();
            if let Err(error) = api.patch(&name, &params, &Patch::Apply(&wanted)).await {
                return Some(failed(&error));
            }
            debug!(config_map = name, "written");
        }
        Some(Published::Yes { name, brokers })
    }

    /// By its owner's uid: a former object of the same name was another one, and its `ConfigMap` goes with it.
    fn owns(&self, found: &ConfigMap) -> bool {
        let uid = self.object.raw.uid().unwrap_or_default();
        found.owner_references().iter().any(|owner| owner.uid == uid)
    }

    fn metadata(&self, name: &str) -> ObjectMeta {
        let owner = OwnerReference {
            api_version: format!("{GROUP}/{VERSION}"),
            kind: KIND.to_owned(),
            name: self.key.name.clone(),
            uid: self.object.raw.uid().unwrap_or_default(),
            controller: Some(true),
            block_owner_deletion: None,
        };
        ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(self.key.namespace.clone()),
            labels: Some([("app.kubernetes.io/managed-by".to_owned(), FIELD_MANAGER.to_owned())].into()),
            owner_references: Some(vec![owner]),
            ..ObjectMeta::default()
        }
    }
}
