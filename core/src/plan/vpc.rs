//! The VPC that is made for the object.
//!
//! AWS takes neither a name nor a token for one: it is known by its tags alone, and an answer that was lost may leave
//! a second one, which is deleted. AWS deletes no VPC that holds anything.

use std::collections::BTreeSet;
use std::fmt;

use super::{Conflict, Draft, Effect, WaitingOn, own};
use crate::desired::MadeVpc;
use crate::model::{Answer, Find, Ipv4Net, Observed, Own, OwnKind, OwnVpc, Part, Seen, Tags, Vpc, VpcDns, VpcId};

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
            (Self::Create { cidr, tags }, Answer::Own(id)) => {
                let id = VpcId::new(id.as_str());
                let own = OwnVpc {
                    vpc: Vpc { id: id.clone(), cidrs: [*cidr].into() },
                    dns: Seen::Unread,
                    tenants: Seen::Unread,
                    tags: own::read(tags),
                };
                observed.own.vpcs.put(id, own);
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::EnableDns { id, setting }, _) => observed.own.vpcs.with(id, |own| {
                own.dns.update(|dns| match setting {
                    DnsSetting::Support => dns.support = true,
                    DnsSetting::HostNames => dns.host_names = true,
                });
            }),
            (Self::Delete { id }, _) => observed.own.vpcs.gone(id),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        match self {
            Self::Create { .. } => observed.own.vpcs.whole = false,
            Self::EnableDns { id, .. } => observed.own.vpcs.with(id, |own| own.dns = Seen::Unread),
            Self::Delete { id } => observed.own.vpcs.forget(id),
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
            Self::Create { .. } | Self::Delete { .. } => [Part::Own(OwnKind::Vpc)].into(),
            Self::EnableDns { id, .. } => [Part::VpcDns(id.clone())].into(),
        }
    }

    fn makes(&self) -> Option<OwnKind> {
        matches!(self, Self::Create { .. }).then_some(OwnKind::Vpc)
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
            draft.ask(Part::Own(OwnKind::Vpc));
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
    own::repair(own, &wanted.tags, draft);
    match own.dns.get() {
        None => draft.ask(Part::VpcDns(id.clone())),
        Some(dns) => {
            if let Some(setting) = next_setting(*dns) {
                own::write(own, Change::EnableDns { id: id.clone(), setting }, draft);
            }
        }
    }
    delete_surplus(id, draft);
    Some(id.clone())
}

/// Where our subnets lie, a VPC was made before: one that lost its tags is not replaced.
fn create(wanted: &MadeVpc, draft: &mut Draft<'_>) {
    let subnets = &draft.observed.subnets;
    if let Some((_, subnet)) = subnets.known().next() {
        draft.conflict(Conflict::Foreign(OwnVpc::tagged(&subnet.vpc)));
    } else if subnets.is_complete() {
        draft.create_unnamed(Change::Create { cidr: wanted.cidr, tags: wanted.tags.clone() }.into());
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
    if observed.subnets.is_complete() {
        delete(draft, |own| own.vpc.id != *used);
    }
}

/// Whether nothing of others lies in it: only then its subnets go.
pub(super) fn is_left(draft: &mut Draft<'_>) -> bool {
    let own = match draft.observed.own_vpc() {
        Find::Unknown => {
            draft.ask(Part::Own(OwnKind::Vpc));
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
    let subnets = &draft.observed.subnets;
    if subnets.is_complete() && subnets.items.is_empty() {
        delete(draft, |_| true);
    }
}

fn delete(draft: &mut Draft<'_>, goes: impl Fn(&OwnVpc) -> bool) {
    for own in own::unwanted::<OwnVpc>(draft, goes) {
        own::write(own, Change::Delete { id: own.vpc.id.clone() }, draft);
    }
}
