//! What is waited for at a node.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::{InstanceId, InterfaceId, OwnKind, Part, VolumeId};
use crate::reason::Reason;

/// What is waited for at a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeWait {
    /// Its ports on the load balancer are given first.
    Ports,
    /// Its instance starts.
    Starting(InstanceId),
    /// Its instance stops: it is started again.
    Stopping(InstanceId),
    /// Its instance shuts down: another one takes its place.
    Terminating(InstanceId),
    /// Its interface is not free yet.
    Interface(InterfaceId),
    /// Its volume is not free yet.
    Volume(VolumeId),
    /// Its volume cannot be used any more.
    VolumeLost(VolumeId),
    /// It ran once, as the interface says, and no volume of its is found.
    VolumeMissing(InterfaceId),
    /// It has two volumes, and nobody can tell which one holds its data.
    SeveralVolumes(VolumeId, VolumeId),
    /// Its instance cannot be told what it is.
    Unbootable(String),
}

impl NodeWait {
    /// Stable `CamelCase` reason for conditions.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Ports => Reason::LookingAgain,
            Self::Starting(_) => Reason::NodeStarting,
            Self::Stopping(_) | Self::Terminating(_) | Self::Interface(_) | Self::Volume(_) => Reason::NodeStopping,
            Self::VolumeLost(_) | Self::VolumeMissing(_) => Reason::VolumeLost,
            Self::SeveralVolumes(..) => Reason::VolumesAmbiguous,
            Self::Unbootable(_) => Reason::NodeUnbootable,
        }
    }

    /// What the next look has to read to see whether it is over.
    #[must_use]
    pub fn parts(&self) -> BTreeSet<Part> {
        let kinds: &[OwnKind] = match self {
            Self::Ports | Self::Unbootable(_) => &[],
            Self::Starting(_) | Self::Stopping(_) | Self::Terminating(_) => &[OwnKind::Instance],
            Self::Interface(_) => &[OwnKind::Interface],
            Self::Volume(_) | Self::VolumeLost(_) | Self::SeveralVolumes(..) => &[OwnKind::Volume],
            Self::VolumeMissing(_) => &[OwnKind::Volume, OwnKind::Interface],
        };
        kinds.iter().copied().map(Part::Own).collect()
    }
}

impl fmt::Display for NodeWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ports => f.write_str("its ports are given"),
            Self::Starting(id) => write!(f, "instance {id} starts"),
            Self::Stopping(id) => write!(f, "instance {id} stops, and is started again"),
            Self::Terminating(id) => write!(f, "instance {id} shuts down, and another one takes its place"),
            Self::Interface(id) => write!(f, "network interface {id} is free"),
            Self::Volume(id) => write!(f, "volume {id} is free"),
            Self::VolumeLost(id) => write!(
                f,
                "volume {id} can be used again: AWS reports that it has failed or goes; restore it, give the copy its tags, and take the tag kafka-privatelink.io/owner off this one"
            ),
            Self::VolumeMissing(interface) => write!(
                f,
                "its volume is found: it ran on one, and none has its tags; give them back, or, if its records are lost and the other nodes have them, take the tag kafka-privatelink.io/formatted off {interface} to give it an empty one"
            ),
            Self::SeveralVolumes(one, other) => write!(
                f,
                "one of {one} and {other} loses its tag kafka-privatelink.io/owner: both are the node's volume, and nobody can tell which one holds its data"
            ),
            Self::Unbootable(problem) => write!(f, "its instance can be told what it is: {problem}"),
        }
    }
}
