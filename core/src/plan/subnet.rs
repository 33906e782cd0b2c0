//! Subnets that the object asks us to make.

use std::collections::BTreeSet;
use std::fmt;

use ipnet::Ipv4Net;

use super::{Conflict, Draft, Effect, Step, tagging};
use crate::desired::{MadeSubnet, Network, Offer, OfferedSubnet};
use crate::model::{Answer, Find, Observed, Ownership, Part, Seen, SubnetId, Tagged, Tags, VpcId, ZoneId, ZoneName};

/// A write to a subnet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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
            (Self::Delete { zone, id }, _) => {
                observed.subnets.gone(zone);
                // AWS ends what ties it to a route table.
                for table in observed.own.route_tables.items.values_mut() {
                    table.associations.remove(id);
                }
            }
        }
    }

    fn forget(&self, observed: &mut Observed) {
        observed.subnets.forget(self.zone());
        if let Self::Delete { id, .. } = self {
            let tables = &mut observed.own.route_tables;
            let ties = tables.items.values().filter(|table| table.associations.contains_key(id));
            for table in ties.map(|table| table.id.clone()).collect::<Vec<_>>() {
                tables.forget(&table);
            }
        }
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

// === plan ===

/// The id and zone name of an offered subnet, once it exists.
pub(super) fn id_of(offer: &Offer, zone: &ZoneId, observed: &Observed) -> Option<(SubnetId, ZoneName)> {
    resolved(offer.subnets.get(zone)?, zone, observed)
}

/// The same, whoever needs it.
pub(super) fn resolved(subnet: &OfferedSubnet, zone: &ZoneId, observed: &Observed) -> Option<(SubnetId, ZoneName)> {
    match subnet {
        OfferedSubnet::Existing(id, name) => Some((id.clone(), name.clone())),
        OfferedSubnet::Made(_) => {
            observed.subnets.there(zone).map(|subnet| (subnet.id.clone(), subnet.zone_name.clone()))
        }
    }
}

pub(super) fn plan(network: &Network, vpc: &VpcId, draft: &mut Draft<'_>) {
    for (zone, MadeSubnet { cidr, tags }) in &network.subnets {
        match draft.ours(|observed| observed.subnets.find(zone)) {
            Find::Unknown => draft.ask(Part::Subnets),
            Find::Gone => {
                let (zone, vpc, tags) = (zone.clone(), vpc.clone(), tags.clone());
                draft.create(Step::Subnet(Change::Create { zone, vpc, cidr: *cidr, tags }));
            }
            Find::There(have) if have.cidr != *cidr => {
                draft.conflict(Conflict::SubnetBlock(zone.clone(), have.id.clone()));
            }
            Find::There(have) => {
                let subject = Tagged::Subnet(zone.clone(), have.id.clone());
                let steps = tagging::repair(tags, &have.tags, &subject);
                draft.write(&have.tags, subject, steps);
            }
        }
    }
    // An entry that does not resolve at the moment is no reason to delete what it made.
    if network.subnets_whole {
        delete_unused(draft, |zone| !network.subnets.contains_key(zone));
    }
}

/// What is to go has to be known.
pub(super) fn list(draft: &mut Draft<'_>) {
    if !draft.observed.subnets.whole {
        draft.ask(Part::Subnets);
    }
}

pub(super) fn remove(draft: &mut Draft<'_>) {
    delete_unused(draft, |_| true);
}

fn delete_unused(draft: &mut Draft<'_>, unwanted: impl Fn(&ZoneId) -> bool) {
    let observed = draft.observed;
    for (zone, subnet) in observed.subnets.known().filter(|(zone, _)| unwanted(zone)) {
        let free = match observed.load_balancer.find() {
            Find::Gone => true,
            Find::There(lb) => !lb.subnets.contains_key(&subnet.id) && lb.state.usable(),
            Find::Unknown => {
                draft.ask(Part::LoadBalancer);
                false
            }
        };
        if free && draft.ownership(&subnet.tags) == Some(Ownership::Ours) {
            let subject = Tagged::Subnet(zone.clone(), subnet.id.clone());
            let step = Step::Subnet(Change::Delete { zone: zone.clone(), id: subnet.id.clone() });
            draft.write(&subnet.tags, subject, vec![step]);
        }
    }
}
