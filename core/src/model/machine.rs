//! What is made for a node of a provisioned cluster: its address, its data, and the instance that comes and goes.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::{
    Detail, FORMATTED_TAG, ImageId, InstanceId, InstanceType, InterfaceId, SecurityGroupId, Seen, SubnetId, Tags,
    VolumeId, VolumeSize, VolumeType, VpcId, ZoneId,
};

/// What instances of a type can do, and what they are made from where nobody says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineKind {
    /// How many threads run at once.
    pub vcpus: u32,
    /// Whether it is of the Nitro system: only there a volume is found by its id.
    pub nitro: bool,
    /// The newest image of Amazon Linux 2023 for its architecture; none where nobody asked, or AWS has none.
    pub newest_image: Option<ImageId>,
}

/// The security group of the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Whether nodes reach one another: by their controllers' and their internal listeners.
    pub open_inside: bool,
    /// Its tags.
    pub tags: Seen<Tags>,
}

/// A network interface that was made for a node: its address stays whatever becomes of the instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInterface {
    /// Its id.
    pub id: InterfaceId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its subnet.
    pub subnet: SubnetId,
    /// Its zone.
    pub zone: ZoneId,
    /// Its primary private address.
    pub address: Ipv4Addr,
    /// Who may reach it.
    pub groups: BTreeSet<SecurityGroupId>,
    /// Whether an instance has it, or gets or loses it.
    pub attached: bool,
    /// Its tags: they say for which node it is.
    pub tags: Seen<Tags>,
}

/// State of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VolumeState {
    /// Being made.
    Creating,
    /// No instance has it.
    Available,
    /// An instance has it.
    InUse,
    /// Going, or AWS says that it has failed.
    Unusable,
}

/// A volume that was made for a node's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its id.
    pub id: VolumeId,
    /// Its size.
    pub size: VolumeSize,
    /// Its type.
    pub volume_type: VolumeType,
    /// Its state.
    pub state: VolumeState,
    /// Which instance has it.
    pub attached: Option<InstanceId>,
    /// Its tags.
    pub tags: Seen<Tags>,
}

/// State of a node's instance, as finely as EC2 refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeState {
    /// Starting.
    Pending,
    /// It runs; whether Kafka does is another matter.
    Running,
    /// Stopping.
    Stopping,
    /// Stopped: it can be started.
    Stopped,
    /// Shutting down: it holds its interface and its volume still. One that is terminated is not listed.
    ShuttingDown,
}

/// An instance that was made for a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInstance {
    /// Its id.
    pub id: InstanceId,
    /// Its state.
    pub state: NodeState,
    /// Its type.
    pub instance_type: InstanceType,
    /// What it was made from.
    pub image: ImageId,
    /// Whether AWS refuses to terminate it. Read only when it is to go.
    pub protected: Seen<bool>,
    /// Its tags.
    pub tags: Seen<Tags>,
}

/// Whether tags say that the node was seen to run.
#[must_use]
pub fn is_formatted(tags: &Seen<Tags>) -> bool {
    tags.get().is_some_and(|tags| tags.contains_key(FORMATTED_TAG))
}

impl Detail for BrokerGroup {}

impl Detail for NodeInterface {
    /// The one whose address a node that ran is known by, whether an instance has it or not.
    fn is_used(&self) -> bool {
        self.attached || is_formatted(&self.tags)
    }
}

impl Detail for Volume {
    /// The one with records, whether an instance has it or not.
    fn is_used(&self) -> bool {
        self.attached.is_some() || is_formatted(&self.tags)
    }
}

impl Detail for NodeInstance {
    fn keep(&mut self, earlier: &Self) {
        self.protected.or_keep(&earlier.protected);
    }

    fn is_used(&self) -> bool {
        self.state != NodeState::ShuttingDown
    }
}
