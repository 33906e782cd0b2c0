//! The VPC that is made for the object.
//!
//! AWS takes neither a name nor a token for one: it is known by its tags alone, and an answer that was lost may leave
//! a second one, which is deleted. AWS deletes no VPC that holds anything.

use std::collections::BTreeSet;
use std::fmt;

use super::{Conflict, Draft, Effect, Step, WaitingOn, tagging};
use crate::desired::MadeVpc;
use crate::model::{Answer, Find, Ipv4Net, Observed, OwnVpc, Part, Seen, Tagged, Tags, Vpc, VpcDns, VpcId};

/// A write to a VPC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Make it.
    Create {
        /// Its block.
        cidr: Ipv4Net,
        /// All tags.
        tags: Tags,
    },
    /// Switch one of its DNS settings on: AWS takes one in a call.
    EnableDns {
        /// The VPC.
        id: VpcId,
        /// Which one.
        setting: DnsSetting,
    },
    /// Delete it.
    Delete {
        /// The VPC.
        id: VpcId,
    },
}

/// One of the settings of [`VpcDns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DnsSetting {
    /// `enableDnsSupport`.
    Support,
    /// `enableDnsHostnames`.
    HostNames,
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        match (self, answer) {
            (Self::Create { cidr, tags }, Answer::Vpc(id)) => {
                let own = OwnVpc {
                    vpc: Vpc { id: id.clone(), cidrs: [*cidr].into() },
                    dns: Seen::Unread,
                    tenants: Seen::Unread,
                    tags: Seen::Read(tags.clone()),
                };
                observed.own_vpcs.put(id.clone(), own);
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::EnableDns { id, setting }, _) => observed.own_vpcs.with(id, |own| {
                own.dns.update(|dns| match setting {
                    DnsSetting::Support => dns.support = true,
                    DnsSetting::HostNames => dns.host_names = true,
                });
            }),
            (Self::Delete { id }, _) => observed.own_vpcs.gone(id),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        match self {
            Self::Create { .. } => observed.own_vpcs.whole = false,
            Self::EnableDns { id, .. } => observed.own_vpcs.with(id, |own| own.dns = Seen::Unread),
            Self::Delete { id } => observed.own_vpcs.forget(id),
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } | Self::EnableDns { .. } => Effect::Opens,
            Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        match self {
            Self::Create { .. } | Self::Delete { .. } => [Part::OwnVpcs].into(),
            Self::EnableDns { id, .. } => [Part::VpcDns(id.clone())].into(),
        }
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::EnableDns { .. } => '~',
            Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for DnsSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Support => "DNS support",
            Self::HostNames => "DNS host names",
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { cidr, .. } => write!(f, "VPC {cidr}"),
            Self::EnableDns { id, setting } => write!(f, "{setting} of VPC {id}: on"),
            Self::Delete { id } => write!(f, "VPC {id}"),
        }
    }
}

// === plan ===

/// Makes and repairs it; its id, once it has one.
pub(super) fn plan(wanted: &MadeVpc, draft: &mut Draft<'_>) -> Option<VpcId> {
    let own = match draft.observed.own_vpc() {
        Find::Unknown => {
            draft.ask(Part::OwnVpcs);
            return None;
        }
        Find::Gone => {
            create(wanted, draft);
            return None;
        }
        Find::There(own) => own,
    };
    let id = &own.vpc.id;
    if !own.vpc.cidrs.contains(&wanted.cidr) {
        draft.conflict(Conflict::VpcBlock(id.clone()));
    }
    let subject = Tagged::Vpc(id.clone());
    let mut steps = tagging::repair(&wanted.tags, &own.tags, &subject);
    match own.dns.get() {
        None => draft.ask(Part::VpcDns(id.clone())),
        Some(dns) => {
            steps.extend(next_setting(*dns).map(|setting| Step::Vpc(Change::EnableDns { id: id.clone(), setting })));
        }
    }
    draft.write(&own.tags, subject, steps);
    delete_surplus(id, draft);
    Some(id.clone())
}

/// Where our subnets lie, a VPC was made before: one that lost its tags is not replaced.
fn create(wanted: &MadeVpc, draft: &mut Draft<'_>) {
    let subnets = &draft.observed.subnets;
    if let Some((_, subnet)) = subnets.known().next() {
        draft.conflict(Conflict::Foreign(Tagged::Vpc(subnet.vpc.clone())));
    } else if subnets.whole && subnets.doubt.is_empty() {
        draft.create_unnamed(Step::Vpc(Change::Create { cidr: wanted.cidr, tags: wanted.tags.clone() }));
    } else {
        draft.ask(Part::Subnets);
    }
}

fn next_setting(dns: VpcDns) -> Option<DnsSetting> {
    match dns {
        VpcDns { support: false, .. } => Some(DnsSetting::Support),
        VpcDns { support: true, host_names: false } => Some(DnsSetting::HostNames),
        VpcDns { support: true, host_names: true } => None,
    }
}

/// Which of several is in use is known only when all of them, and all our subnets, are.
fn delete_surplus(used: &VpcId, draft: &mut Draft<'_>) {
    let observed = draft.observed;
    if !observed.own_vpcs.whole || !observed.subnets.whole || !observed.subnets.doubt.is_empty() {
        return;
    }
    for (id, own) in observed.own_vpcs.known().filter(|(id, _)| *id != used) {
        draft.write(&own.tags, Tagged::Vpc(id.clone()), vec![Step::Vpc(Change::Delete { id: id.clone() })]);
    }
}

/// Whether nothing of others lies in it: only then its subnets go.
pub(super) fn is_left(draft: &mut Draft<'_>) -> bool {
    let own = match draft.observed.own_vpc() {
        Find::Unknown => {
            draft.ask(Part::OwnVpcs);
            return false;
        }
        Find::Gone => return true,
        Find::There(own) => own,
    };
    match own.tenants.get() {
        None => draft.ask(Part::VpcTenants(own.vpc.id.clone())),
        Some(tenants) if tenants.is_empty() => return true,
        Some(tenants) => draft.wait(WaitingOn::Tenants(own.vpc.id.clone(), tenants.clone())),
    }
    false
}

/// Deletes all of ours, when our subnets are known to be gone.
pub(super) fn remove(draft: &mut Draft<'_>) {
    let observed = draft.observed;
    let subnets = &observed.subnets;
    if !subnets.whole || !subnets.items.is_empty() || !subnets.doubt.is_empty() {
        return;
    }
    if !observed.own_vpcs.whole {
        draft.ask(Part::OwnVpcs);
        return;
    }
    for (id, own) in observed.own_vpcs.known() {
        draft.write(&own.tags, Tagged::Vpc(id.clone()), vec![Step::Vpc(Change::Delete { id: id.clone() })]);
    }
}
