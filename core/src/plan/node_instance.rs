//! The instance of each node: the only part of a node that comes and goes.
//!
//! An interface can be on one instance alone, so AWS never launches a second one for a node, whatever answer was lost.

use std::collections::BTreeSet;
use std::fmt;

use super::{Draft, Effect, NodeWait, WaitingOn, own};
use crate::desired::{Machine, WantedNode};
use crate::model::{
    Answer, BrokerId, CONFIGURATION_TAG, Find, ImageId, InstanceId, InterfaceId, NodeInstance, NodeInterface,
    NodeState, Observed, OwnKind, Part, ResourceKey, Seen, Tags, Volume, VolumeState,
};
use crate::node::{Fingerprint, NotBooted, UserData};

/// A write to a node's instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Launch it on its interface, protected against termination.
    Launch(Box<Launch>),
    /// Start it again.
    Start {
        /// The instance.
        id: InstanceId,
    },
    /// Let AWS terminate it.
    Unprotect {
        /// The instance.
        id: InstanceId,
    },
    /// Terminate it.
    Terminate {
        /// The instance.
        id: InstanceId,
    },
}

/// What is launched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Launch {
    /// Whose it is.
    pub node: BrokerId,
    /// Its interface.
    pub interface: InterfaceId,
    /// Its type, key and profile.
    pub machine: Machine,
    /// What it is made from.
    pub image: ImageId,
    /// What it does at every boot.
    pub user_data: UserData,
    /// All tags.
    pub tags: Tags,
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        let instances = &mut observed.own.instances;
        match (self, answer) {
            (Self::Launch(launch), Answer::Own(id)) => {
                let instance = NodeInstance {
                    id: InstanceId::new(id.as_str()),
                    state: NodeState::Pending,
                    instance_type: launch.machine.instance_type.clone(),
                    image: launch.image.clone(),
                    protected: Seen::Read(true),
                    tags: own::read(&launch.tags),
                };
                instances.put(instance.id.clone(), instance);
                observed.own.interfaces.with(&launch.interface, |interface| interface.attached = true);
            }
            (Self::Launch(_), _) => self.forget(observed),
            (Self::Start { id }, _) => instances.with(id, |instance| instance.state = NodeState::Pending),
            (Self::Unprotect { id }, _) => instances.with(id, |instance| instance.protected = Seen::Read(false)),
            (Self::Terminate { id }, _) => instances.with(id, |instance| instance.state = NodeState::ShuttingDown),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        let instances = &mut observed.own.instances;
        match self {
            Self::Launch(launch) => {
                instances.whole = false;
                observed.own.interfaces.forget(&launch.interface);
            }
            Self::Unprotect { id } => instances.with(id, |instance| instance.protected = Seen::Unread),
            Self::Start { id } | Self::Terminate { id } => instances.forget(id),
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Launch(_) | Self::Start { .. } => Effect::Opens,
            Self::Unprotect { .. } => Effect::Neutral,
            Self::Terminate { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        match self {
            Self::Launch(_) => [Part::Own(OwnKind::Instance), Part::Own(OwnKind::Interface)].into(),
            Self::Start { .. } | Self::Terminate { .. } => [Part::Own(OwnKind::Instance)].into(),
            Self::Unprotect { id } => [Part::InstanceProtection(id.clone())].into(),
        }
    }

    fn makes(&self) -> Option<OwnKind> {
        matches!(self, Self::Launch(_)).then_some(OwnKind::Instance)
    }

    fn sign(&self) -> char {
        match self {
            Self::Launch(_) => '+',
            Self::Start { .. } | Self::Unprotect { .. } => '~',
            Self::Terminate { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Launch(launch) => {
                let Launch { node, interface, machine, image, .. } = launch.as_ref();
                write!(f, "instance of node {node}: {} from {image} on {interface}", machine.instance_type)
            }
            Self::Start { id } => write!(f, "instance {id}: started"),
            Self::Unprotect { id } => write!(f, "instance {id}: termination allowed"),
            Self::Terminate { id } => write!(f, "instance {id}"),
        }
    }
}

// === plan ===

/// What an instance is made of, once all of it is there.
pub(super) struct Parts<'a> {
    pub interface: &'a NodeInterface,
    pub volume: &'a Volume,
    pub machine: &'a Machine,
    pub image: &'a ImageId,
    /// What it is told, and the short text that says the same.
    pub boots: Result<(UserData, Fingerprint), NotBooted>,
}

/// What is known of a node's instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// There is one, or it is asked whether there is.
    Seen,
    /// There is none.
    Missing,
}

/// Starts it when somebody stopped it, and gives it its volume.
pub(super) fn keep(id: BrokerId, node: &WantedNode, volume: &Volume, draft: &mut Draft<'_>) -> Kept {
    let instance = match draft.observed.own::<NodeInstance>(&ResourceKey::NodeInstance(id)) {
        Find::Unknown => {
            draft.ask(Part::Own(OwnKind::Instance));
            return Kept::Seen;
        }
        Find::Gone => return Kept::Missing,
        Find::There(instance) => instance,
    };
    own::repair(instance, &node.instance_tags, draft);
    let on = |wait| WaitingOn::Node(id, wait);
    match instance.state {
        NodeState::Pending => draft.wait(on(NodeWait::Starting(instance.id.clone()))),
        NodeState::Stopping => draft.wait(on(NodeWait::Stopping(instance.id.clone()))),
        NodeState::ShuttingDown => draft.wait(on(NodeWait::Terminating(instance.id.clone()))),
        NodeState::Stopped => own::write(instance, Change::Start { id: instance.id.clone() }, draft),
        NodeState::Running => attach(id, instance, volume, draft),
    }
    Kept::Seen
}

/// AWS attaches to an instance that runs, what it finds in the same zone.
fn attach(id: BrokerId, instance: &NodeInstance, volume: &Volume, draft: &mut Draft<'_>) {
    match (&volume.attached, volume.state) {
        (Some(holder), _) if *holder == instance.id => {}
        (None, VolumeState::Available) => {
            let change = super::volume::Change::Attach { id: volume.id.clone(), instance: instance.id.clone() };
            own::write(volume, change, draft);
        }
        _ => draft.wait(WaitingOn::Node(id, NodeWait::Volume(volume.id.clone()))),
    }
}

/// Launches it. What an earlier look knew of interface and volume says nothing of whether they are free now.
pub(super) fn launch(id: BrokerId, node: &WantedNode, parts: Parts<'_>, draft: &mut Draft<'_>) {
    let Parts { interface, volume, machine, image, boots } = parts;
    let own = &draft.observed.own;
    if !own.interfaces.is_complete() || !own.volumes.is_complete() {
        own::list::<NodeInterface>(draft);
        own::list::<Volume>(draft);
        return;
    }
    if interface.attached {
        return draft.wait(WaitingOn::Node(id, NodeWait::Interface(interface.id.clone())));
    }
    if volume.state != VolumeState::Available {
        return draft.wait(WaitingOn::Node(id, NodeWait::Volume(volume.id.clone())));
    }
    match boots {
        Ok((user_data, configuration)) => draft.create_unnamed(
            Change::Launch(Box::new(Launch {
                node: id,
                interface: interface.id.clone(),
                machine: machine.clone(),
                image: image.clone(),
                user_data,
                tags: told(node.instance_tags.clone(), &configuration),
            }))
            .into(),
        ),
        Err(error) => draft.wait(WaitingOn::Node(id, NodeWait::Unbootable(error.to_string()))),
    }
}

fn told(mut tags: Tags, configuration: &Fingerprint) -> Tags {
    tags.insert(CONFIGURATION_TAG.to_owned(), configuration.to_string());
    tags
}

/// Whether another instance would be told something else, or be another one.
pub(crate) fn is_outdated(instance: &NodeInstance, wanted: &Machine, image: &ImageId, told: &Fingerprint) -> bool {
    let said = instance.tags.get().and_then(|tags| tags.get(CONFIGURATION_TAG));
    said.is_some_and(|said| said != told.as_str())
        || instance.instance_type != wanted.instance_type
        || instance.image != *image
}

/// Terminates all of ours; whether they are gone.
pub(super) fn remove(draft: &mut Draft<'_>) -> bool {
    for instance in own::unwanted::<NodeInstance>(draft, |_| true) {
        let id = instance.id.clone();
        match (instance.state, instance.protected.get()) {
            (NodeState::ShuttingDown, _) => draft.wait(WaitingOn::InstanceGone(id)),
            (_, None) => draft.ask(Part::InstanceProtection(id)),
            (_, Some(true)) => own::write(instance, Change::Unprotect { id }, draft),
            (_, Some(false)) => own::write(instance, Change::Terminate { id }, draft),
        }
    }
    own::is_gone::<NodeInstance>(draft)
}
