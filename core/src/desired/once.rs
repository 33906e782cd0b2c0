//! What is decided once for a cluster of nodes that are made, and kept in the tags of its volumes: they outlive all else.

use super::{Identity, Memory, Provisioned};
use crate::model::{CLUSTER_TAG, FORMATTED_TAG, IMAGE_TAG, ImageId, Observed, Ownership, Tags, Volume, digest};
use crate::node::ClusterId;

/// What is decided once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The Kafka cluster; `None` while the volumes, which may say it, are not known.
    pub cluster: Option<ClusterId>,
    /// What instances are made from; `None` while AWS has not said which image is the newest.
    pub image: Option<ImageId>,
}

impl Once {
    /// As volumes carry it.
    pub(super) fn tags(&self) -> Vec<(&'static str, String)> {
        let cluster = self.cluster.as_ref().map(|id| (CLUSTER_TAG, id.as_str().to_owned()));
        let image = self.image.as_ref().map(|id| (IMAGE_TAG, id.to_string()));
        cluster.into_iter().chain(image).collect()
    }
}

/// By the spec, by status, by the volumes, and else anew.
pub fn once(identity: &Identity, spec: &Provisioned, memory: &Memory, observed: &Observed) -> Once {
    let machine = observed.inputs.machine.get();
    let newest = || machine?.as_ref()?.newest_image.clone();
    let volumes = Volumes { identity, observed };
    let cluster = memory.cluster_id.clone().or_else(|| match volumes.said(CLUSTER_TAG) {
        Some(said) => said.parse().ok(),
        None => observed.knows_all::<Volume>().then(|| new_cluster(identity)),
    });
    let pinned =
        || volumes.said(IMAGE_TAG).map(ImageId::from).or_else(|| newest().filter(|_| observed.knows_all::<Volume>()));
    Once { cluster, image: spec.machine.image.clone().or_else(pinned) }
}

/// Nobody else has an object of this uid.
fn new_cluster(identity: &Identity) -> ClusterId {
    let digits = digest(&["kafka cluster", &identity.owner.to_string(), &identity.uid]);
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap_or_default();
    ClusterId::of(std::array::from_fn(byte))
}

struct Volumes<'a> {
    identity: &'a Identity,
    observed: &'a Observed,
}

impl<'a> Volumes<'a> {
    /// What a volume of ours says; one that holds records first.
    fn said(&self, key: &str) -> Option<&'a str> {
        let tags = self.observed.own.volumes.known().filter_map(|(_, volume)| volume.tags.get());
        let ours = tags.filter(|tags| self.identity.owner.of(tags) == Ownership::Ours && tags.contains_key(key));
        let first: Option<&Tags> = ours.min_by_key(|tags| !tags.contains_key(FORMATTED_TAG));
        first?.get(key).map(String::as_str)
    }
}
