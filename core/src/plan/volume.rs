//! The volume of each node's data. It outlives its instance, and nothing but the object's own policy ever deletes it.

use std::collections::BTreeSet;
use std::fmt;

use super::{Draft, Effect, NodeWait, Step, WaitingOn, own, tagging};
use crate::desired::{Storage, VolumeDeletion, WantedNode};
use crate::model::{
    Answer, BrokerId, FORMATTED_TAG, Find, InstanceId, NodeInterface, Observed, Own, OwnKind, Part, ResourceKey, Tags,
    Volume, VolumeId, VolumeSize, VolumeState, VolumeType, ZoneName, is_formatted,
};

/// A write to a node's volume.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Make it, encrypted.
    Create {
        /// Whose it is.
        node: BrokerId,
        /// Where.
        zone: ZoneName,
        /// Its size.
        size: VolumeSize,
        /// Its type.
        volume_type: VolumeType,
        /// All tags.
        tags: Tags,
    },
    /// Give it to an instance that runs.
    Attach {
        /// The volume.
        id: VolumeId,
        /// The instance.
        instance: InstanceId,
    },
    /// Delete it with all that is on it.
    Delete {
        /// The volume.
        id: VolumeId,
    },
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        let volumes = &mut observed.own.volumes;
        match (self, answer) {
            (Self::Create { size, volume_type, tags, .. }, Answer::Own(id)) => {
                let volume = Volume {
                    id: VolumeId::new(id.as_str()),
                    size: *size,
                    volume_type: *volume_type,
                    state: VolumeState::Creating,
                    attached: None,
                    tags: own::read(tags),
                };
                volumes.put(volume.id.clone(), volume);
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::Attach { id, instance }, _) => volumes.with(id, |volume| {
                volume.state = VolumeState::InUse;
                volume.attached = Some(instance.clone());
            }),
            (Self::Delete { id }, _) => volumes.gone(id),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        let volumes = &mut observed.own.volumes;
        match self {
            Self::Create { .. } => volumes.whole = false,
            Self::Attach { id, .. } | Self::Delete { id } => volumes.forget(id),
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } | Self::Attach { .. } => Effect::Opens,
            Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        [Part::Own(OwnKind::Volume)].into()
    }

    fn makes(&self) -> Option<OwnKind> {
        matches!(self, Self::Create { .. }).then_some(OwnKind::Volume)
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::Attach { .. } => '~',
            Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { node, zone, size, .. } => write!(f, "volume of node {node}, {size} in {zone}"),
            Self::Attach { id, instance } => write!(f, "volume {id}: attached to {instance}"),
            Self::Delete { id } => write!(f, "volume {id}"),
        }
    }
}

// === plan ===

/// Makes and repairs it. One that an earlier object of this name left behind is taken up again.
///
/// A node that ran once never gets an empty volume in the place of one that is not found, and of two nobody but a person
/// says which one holds its records.
pub(super) fn plan<'a>(
    id: BrokerId,
    node: &WantedNode,
    storage: Storage,
    interface: &NodeInterface,
    zone: &ZoneName,
    draft: &mut Draft<'a>,
) -> Option<&'a Volume> {
    let key = ResourceKey::NodeVolume(id);
    let found = draft.observed.own::<Volume>(&key);
    if found == Find::Gone && (is_formatted(&interface.tags) || !interface.tags.is_read()) {
        draft.wait(WaitingOn::Node(id, NodeWait::VolumeMissing(interface.id.clone())));
        return None;
    }
    let Storage { size, volume_type, .. } = storage;
    let create = || Change::Create { node: id, zone: zone.clone(), size, volume_type, tags: node.volume_tags.clone() };
    let volume = own::hold::<Volume>(&key, &node.volume_tags, draft, || create().into())?;
    if volume.state == VolumeState::Unusable {
        draft.wait(WaitingOn::Node(id, NodeWait::VolumeLost(volume.id.clone())));
        return None;
    }
    let mut others = draft.observed.own.volumes.known().map(|(_, other)| other);
    if let Some(other) = others.find(|other| other.is_at(&key) && other.id != volume.id) {
        draft.wait(WaitingOn::Node(id, NodeWait::SeveralVolumes(volume.id.clone(), other.id.clone())));
        return Some(volume).filter(|volume| volume.attached.is_some());
    }
    Some(volume)
}

/// Whether a broker was ever seen to run on it, or on the one that the node had before: it is not formatted again.
pub(super) fn ran(volume: &Volume, interface: &NodeInterface) -> bool {
    is_formatted(&volume.tags) || is_formatted(&interface.tags)
}

/// Says that a node runs on its volume: on both, so that the loss of one is seen.
pub(super) fn mark_formatted(volume: &Volume, interface: &NodeInterface, draft: &mut Draft<'_>) {
    mark(volume, draft);
    mark(interface, draft);
}

fn mark<T: Own>(own: &T, draft: &mut Draft<'_>) {
    if own.tags().is_read() && !is_formatted(own.tags()) {
        let (subject, tags) = (T::tagged(own.id()), [(FORMATTED_TAG.to_owned(), "true".to_owned())].into());
        own::write(own, Step::from(tagging::Change::Set { subject, tags }), draft);
    }
}

/// Deletes all of ours, where the object says so; no instance has them any more.
pub(super) fn remove(policy: VolumeDeletion, draft: &mut Draft<'_>) {
    if policy == VolumeDeletion::Delete {
        for volume in own::unwanted::<Volume>(draft, |_| true) {
            own::write(volume, Change::Delete { id: volume.id.clone() }, draft);
        }
    }
}
