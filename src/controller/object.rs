//! One `KafkaPrivateLink` as the API server holds it, read so that a part that does not parse spoils
//! nothing else: an object of another version of the operator must at least be deletable.

use kpl_core::api::{KafkaPrivateLinkSpec, KafkaPrivateLinkStatus};
use kpl_core::desired::{Absent, Identity, Intent, InvalidSpec, VolumeDeletion};
use kpl_core::model::{AccountId, HolderId, Owner, Region, Tags};
use kpl_core::plan::guard::Guard;
use kpl_core::reason::Reason;
use kube::ResourceExt;
use kube::api::DynamicObject;
use serde::Deserialize;
use serde_json::Value;

use super::identity::Cluster;
use super::{CONFIRM, FINALIZER, REQUESTED_AT, TAKE_OVER};

/// An object, with its parts parsed.
#[derive(Clone, Debug)]
pub struct Object {
    /// As read.
    pub raw: DynamicObject,
    /// The spec, or what is wrong with it.
    pub intent: Result<Intent, InvalidSpec>,
    /// The status, if there is one that parses.
    pub status: Option<KafkaPrivateLinkStatus>,
}

/// What is wanted of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The object stands.
    Stand,
    /// The object goes, and what we made with it.
    Remove(Absent),
    /// The object goes, and what we made stays.
    Retain,
    /// The object goes, and nothing is ours to touch.
    LetGo,
}

impl Object {
    /// Parses what can be parsed.
    #[must_use]
    pub fn read(raw: DynamicObject, default_tags: &Tags) -> Self {
        let intent = spec(&raw.data).and_then(|spec| Intent::parse(&spec)?.with_default_tags(default_tags));
        let status = raw.data.get("status").and_then(|status| KafkaPrivateLinkStatus::deserialize(status).ok());
        Self { raw, intent, status }
    }

    /// What is wanted. Read from the raw spec: it must be right even where the spec does not parse.
    #[must_use]
    pub fn wish(&self) -> Wish {
        if self.raw.metadata.deletion_timestamp.is_none() {
            return Wish::Stand;
        }
        let says = |pointer, word| self.text(pointer) == Some(word);
        if says("/spec/mode", "Observe") {
            Wish::LetGo
        } else if says("/spec/deletionPolicy", "Retain") {
            Wish::Retain
        } else {
            Wish::Remove(Absent {
                reject_connections: says("/spec/endpointService/connectionDeletionPolicy", "Reject"),
                protected: says("/spec/loadBalancer/deletionProtection", "Enabled"),
                // One that the spec names is not ours; where it names none, there may be one.
                owns_vpc: self.text("/spec/network/vpcId").is_none(),
                nodes: self.makes_nodes().then(|| {
                    match self.text("/spec/brokers/provisioned/storage/deletionPolicy") {
                        Some("Delete") => VolumeDeletion::Delete,
                        // Whatever a later version may call it: data stay.
                        _ => VolumeDeletion::Retain,
                    }
                }),
            })
        }
    }

    /// Where the resources are: what status pinned, before what the spec says.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        let pinned = self.status.as_ref().and_then(|status| status.aws.as_ref()?.region.as_deref());
        pinned.or_else(|| self.text("/spec/region")).map(Region::from)
    }

    /// What the object and its history demand of a pass.
    #[must_use]
    pub fn guard(&self) -> Guard {
        let pinned = self.status.as_ref().and_then(|status| status.aws.as_ref()?.account_id.as_deref());
        Guard {
            observe_only: self.intent.as_ref().is_ok_and(|intent| intent.observe_only),
            pinned: pinned.map(AccountId::from),
            demanded: self.text("/spec/accountId").map(AccountId::from),
            take_over: self.annotation(TAKE_OVER).map(HolderId::from),
            hearing: None,
        }
    }

    /// Who the object is, in this cluster.
    #[must_use]
    pub fn identity(&self, cluster: &Cluster) -> Identity {
        Identity {
            owner: Owner {
                cluster_id: cluster.id.clone(),
                namespace: self.raw.namespace().unwrap_or_default(),
                name: self.raw.name_any(),
            },
            holder: cluster.holder.clone(),
            uid: self.raw.uid().unwrap_or_default(),
        }
    }

    /// Whether our finalizer holds it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.raw.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
    }

    /// `metadata.generation`.
    #[must_use]
    pub fn generation(&self) -> i64 {
        self.raw.metadata.generation.unwrap_or_default()
    }

    /// Token of the annotation `confirm`.
    #[must_use]
    pub fn confirm(&self) -> Option<&str> {
        self.annotation(CONFIRM)
    }

    /// Value of the annotation `requested-at`.
    #[must_use]
    pub fn requested_at(&self) -> Option<&str> {
        self.annotation(REQUESTED_AT)
    }

    /// Metadata of a newer version of the object; the rest is what this pass began with.
    pub fn renewed(&mut self, answer: DynamicObject) {
        self.raw.metadata = answer.metadata;
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        self.raw.annotations().get(name).map(String::as_str)
    }

    fn makes_nodes(&self) -> bool {
        self.raw.data.pointer("/spec/brokers/provisioned").is_some()
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.raw.data.pointer(pointer).and_then(Value::as_str)
    }
}

fn spec(data: &Value) -> Result<KafkaPrivateLinkSpec, InvalidSpec> {
    let spec = data.get("spec").unwrap_or(&Value::Null);
    KafkaPrivateLinkSpec::deserialize(spec).map_err(|error| InvalidSpec {
        field: String::new(),
        reason: Reason::InvalidSpec,
        problem: format!("{error}: it was written for another version of the CRD or the operator"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        Object::read(serde_json::from_value(value).expect("an object"), &Tags::new())
    }

    #[test]
    fn a_spec_that_does_not_parse_can_be_deleted() {
        let object = object(json!({
            "metadata": {
                "name": "orders", "namespace": "default", "uid": "u", "deletionTimestamp": "2026-01-01T00:00:00Z",
                "finalizers": [FINALIZER],
            },
            "spec": { "region": "us-west-2", "mode": "Unheard", "endpointService": {"connectionDeletionPolicy": "Reject"} },
            "status": { "aws": { "accountId": "111122223333", "region": "us-west-2" } },
        }));
        assert!(object.intent.is_err());
        assert!(object.is_held());
        assert_eq!(
            object.wish(),
            Wish::Remove(Absent { reject_connections: true, protected: false, owns_vpc: true, nodes: None })
        );
        assert_eq!(object.region(), Some(Region::from("us-west-2")));
        assert_eq!(object.guard().pinned, Some(AccountId::from("111122223333")));
    }

    #[test]
    fn what_goes_with_the_object_is_up_to_its_spec() {
        let deleted = |spec: Value| {
            let metadata = json!({ "name": "o", "deletionTimestamp": "2026-01-01T00:00:00Z" });
            object(json!({ "metadata": metadata, "spec": spec })).wish()
        };
        assert_eq!(deleted(json!({ "deletionPolicy": "Retain" })), Wish::Retain);
        assert_eq!(deleted(json!({ "deletionPolicy": "Retain", "mode": "Observe" })), Wish::LetGo);
        let plain =
            |owns_vpc| Wish::Remove(Absent { reject_connections: false, protected: false, owns_vpc, nodes: None });
        let network = |network: Value| json!({ "deletionPolicy": "Delete", "network": network });
        assert_eq!(deleted(network(json!({ "vpcId": "vpc-1" }))), plain(false));
        assert_eq!(deleted(network(json!({ "vpc": { "cidrBlock": "10.0.0.0/16" } }))), plain(true));
        assert_eq!(object(json!({ "metadata": { "name": "o" } })).wish(), Wish::Stand);
    }
}
