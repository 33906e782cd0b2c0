//! Subnets that the object asks us to make.

use std::collections::BTreeSet;
use std::fmt;

use ipnet::Ipv4Net;

use super::Effect;
use crate::model::{Answer, Observed, Part, Seen, SubnetId, Tags, VpcId, ZoneId};

/// A write to a subnet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Make it.
    Create {
        /// Its zone.
        zone: ZoneId,
        /// Its VPC.
        vpc: VpcId,
        /// Its block.
        cidr: Ipv4Net,
        /// All tags.
        tags: Tags,
    },
    /// Delete it.
    Delete {
        /// Its zone.
        zone: ZoneId,
        /// Its id.
        id: SubnetId,
    },
}

impl Change {
    fn zone(&self) -> &ZoneId {
        match self {
            Self::Create { zone, .. } | Self::Delete { zone, .. } => zone,
        }
    }
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        match (self, answer) {
            (Self::Create { zone, tags, .. }, Answer::Subnet(subnet)) => {
                let mut subnet = subnet.clone();
                subnet.tags = Seen::Read(tags.clone());
                observed.subnets.put(zone.clone(), subnet);
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::Delete { zone, .. }, _) => observed.subnets.gone(zone),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        observed.subnets.forget(self.zone());
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } => Effect::Opens,
            Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        [Part::Subnets].into()
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { zone, vpc, cidr, .. } => write!(f, "subnet {cidr} in {zone} of {vpc}"),
            Self::Delete { zone, id } => write!(f, "subnet {id} in {zone}"),
        }
    }
}
