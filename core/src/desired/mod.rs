//! What shall exist, from the spec, the ledger and what a look found. Parsed and resolved here once; what
//! comes after cannot fail.

mod brokers;
mod intent;
mod issue;
mod loss;
mod network;
mod node_issue;
mod nodes;
mod offer;
mod once;
mod parse;
mod ports;
mod provisioned;

use std::collections::{BTreeMap, BTreeSet};

pub use brokers::{Sighting, Sightings};
pub use intent::{Acceptance, Brokers, Consumer, Intent, Listener, ListenerAccess, Verification, VpcSource};
pub use issue::{Issue, PortHolder};
pub use loss::{Absence, Broker, Confirmation, Path};
pub use network::{MadeSubnet, MadeVpc, Network, OfferedSubnet, WantedEgress, WantedVpc};
pub use node_issue::NodeIssue;
pub use nodes::{
    FoundInterface, KnownRoles, NODES_DESCRIPTION, WantedBrokerGroup, WantedNode, WantedNodes, node_interfaces,
};
pub use offer::{Offer, Targets, WantedGroup, WantedListener, WantedLoadBalancer, WantedSecurityGroup, WantedService};
pub use once::Once;
pub use parse::InvalidSpec;
pub use ports::{Allocation, Ledger, MOST_NLB_LISTENERS};
pub use provisioned::{Machine, Node, Provisioned, Software, Storage, VolumeDeletion};

use crate::kafka::Wiring;
use crate::model::{
    BrokerGroup, BrokerId, Find, HolderId, NodeInterface, Observed, OwnKind, Owner, Ownership, Part, ResourceKey,
    Scope, SecurityGroupId, SubnetSource, Timing, ZoneId, ledger_entry,
};
use crate::node::ClusterId;

/// Who the object is, and who acts for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Value of the owner tag.
    pub owner: Owner,
    /// uid of our cluster's `kube-system`.
    pub holder: HolderId,
    /// uid of the object: part of confirmation tokens.
    pub uid: String,
}

/// What is remembered of the object from one look to the next, in status and in the process.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Memory {
    /// Which broker has which port.
    pub ledger: Ledger,
    /// Brokers that the selector no longer finds.
    pub absent: BTreeMap<BrokerId, Absence>,
    /// What a person was asked.
    pub confirmation: Option<Confirmation>,
    /// Zones of brokers as last seen.
    pub zones: BTreeMap<BrokerId, ZoneId>,
    /// What each node that is made for the object does in Kafka.
    pub roles: KnownRoles,
    /// Of the Kafka cluster that is made for the object.
    pub cluster_id: Option<ClusterId>,
}

/// What shall be.
#[derive(Clone, Debug, PartialEq)]
pub enum Goal {
    /// The cluster is offered.
    Offer(Box<Offer>),
    /// Not enough is known to change anything.
    Hold,
    /// Everything of ours goes.
    Absent(Absent),
    /// Everything stays, without a holder.
    Retained,
}

/// How everything goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absent {
    /// Whether live connections are rejected instead of waited for.
    pub reject_connections: bool,
    /// Whether the spec still protects the load balancer: then nothing goes.
    pub protected: bool,
    /// Whether there may be a VPC that was made for the object.
    pub owns_vpc: bool,
    /// What becomes of volumes, where there may be nodes that were made for the object.
    pub nodes: Option<VolumeDeletion>,
}

/// What shall be, why not more, and what to remember.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// Who it is.
    pub identity: Identity,
    /// What shall be.
    pub goal: Goal,
    /// What is made of the network; `None` where nothing is known of it, or it is to go.
    pub network: Option<Network>,
    /// The nodes that are made; `None` where there shall be none, or nothing can be said of them.
    pub nodes: Option<WantedNodes>,
    /// What is wrong with what the spec refers to.
    pub issues: Vec<Issue>,
    /// Brokers that keep or get a path.
    pub brokers: BTreeMap<BrokerId, Broker>,
    /// To be remembered.
    pub memory: Memory,
}

impl Desired {
    /// What Kafka and its clients have to see.
    #[must_use]
    pub fn wiring(&self, intent: &Intent) -> Wiring {
        let zones = self.brokers.iter().map(|(id, broker)| (*id, broker.zone.clone())).collect();
        Wiring::of(intent, &zones, &self.memory.ledger)
    }
}

/// What `desired` rests on.
pub struct Request<'a> {
    /// Who it is.
    pub identity: &'a Identity,
    /// The spec.
    pub intent: &'a Intent,
    /// What was remembered.
    pub memory: &'a Memory,
    /// The look.
    pub observed: &'a Observed,
    /// Token of the annotation `confirm`.
    pub confirm: Option<&'a str>,
    /// Graces and quarantines.
    pub timing: &'a Timing,
}

/// Decides what shall be.
///
/// # Guarantees
/// No broker loses its path because of a read that failed, a selector that finds none, or an instance that
/// is merely absent for a while; losing many asks first. A port once given stays.
#[must_use]
pub fn desired(request: &Request<'_>) -> Desired {
    let Request { identity, intent, memory, observed, confirm, timing } = *request;
    let mut issues = read_issues(observed);
    let mut found = brokers::sightings(identity, intent, observed, &mut issues);
    let mut ledger = memory.ledger.clone();
    // A look that did not list every interface does not say that a broker is gone.
    let whole = !matches!(intent.brokers, Brokers::Provisioned(_)) || observed.knows_all::<NodeInterface>();
    let here = found.as_ref().filter(|_| whole).map(brokers::here);
    let torn = ledger.recover(ledger_of_tags(identity, observed), here.as_ref());
    let known = ledger.brokers(intent.listeners.keys());
    if let (Some(found), false) = (&mut found, whole) {
        for id in &known {
            found.entry(*id).or_insert(Sighting::Unclear(None));
        }
    }
    let verdict = loss::judge(&loss::Evidence {
        intent,
        known: &known,
        found: found.as_ref(),
        absent: &memory.absent,
        asked: memory.confirmation.as_ref(),
        confirm,
        zones: &memory.zones,
        uid: &identity.uid,
        at: observed.at,
        timing,
    });
    if verdict.none_found {
        issues.push(Issue::NoBrokersFound);
    }
    let subnets = network::subnets(intent, observed, &mut issues);
    let partition = observed.inputs.account.get().map(|account| &account.partition);
    let vpc = network::vpc(intent, observed);
    if let (VpcSource::Id(id), Find::Gone) = (&intent.vpc, &vpc) {
        // Everything else that is wrong follows from it.
        issues = vec![Issue::VpcNotFound(id.clone())];
    }
    let network = network::network(identity, intent, observed, &subnets);
    let decided = match &intent.brokers {
        Brokers::Provisioned(spec) => {
            Some(nodes::decide(identity, (intent, spec), memory, observed, &subnets, &mut issues))
        }
        Brokers::Selector { .. } | Brokers::Instances(_) | Brokers::Addresses(_) => None,
    };
    let (mut nodes, roles) =
        decided.map_or_else(|| (None, memory.roles.clone()), |decided| (decided.wanted, decided.roles));
    let ids: BTreeSet<BrokerId> = verdict.brokers.keys().copied().collect();
    // Status may be lost or old: then the tags of target groups alone say which ports are given.
    let groups = &observed.target_groups;
    let listed = groups.whole && groups.doubt.is_empty();
    let ports_known = !torn && (listed || !ledger.lacks(&intent.listeners, &ids));
    let goal = match (vpc, partition) {
        (Find::There(vpc), Some(partition)) if !ids.is_empty() && ports_known => {
            ledger.release(&intent.listeners, &ids, observed.at, timing.port_quarantine);
            ledger.allocate(&intent.listeners, &ids, &mut issues);
            Goal::Offer(Box::new(offer::offer(offer::Ingredients {
                identity,
                intent,
                partition,
                vpc,
                subnets,
                brokers: &verdict.brokers,
                ledger: &ledger,
                broker_groups: broker_groups(intent, observed),
                broker_groups_known: broker_groups_known(intent, observed),
            })))
        }
        _ => Goal::Hold,
    };
    if let Some(nodes) = &mut nodes {
        nodes.offer(intent, &ledger);
    }
    let said = nodes.as_ref().and_then(|nodes| nodes.once.cluster.clone());
    let cluster_id = said.or_else(|| memory.cluster_id.clone());
    let mut zones = memory.zones.clone();
    zones.retain(|id, _| verdict.brokers.contains_key(id));
    zones.extend(verdict.brokers.iter().filter_map(|(id, broker)| Some((*id, broker.zone.clone()?))));
    Desired {
        identity: identity.clone(),
        goal,
        network,
        nodes,
        issues,
        brokers: verdict.brokers,
        memory: Memory { ledger, absent: verdict.absent, confirmation: verdict.confirmation, zones, roles, cluster_id },
    }
}

/// What shall be when the object goes: needs nothing that the spec says of Kafka or the network.
#[must_use]
pub fn undesired(identity: &Identity, goal: Goal, memory: &Memory) -> Desired {
    Desired {
        identity: identity.clone(),
        goal,
        network: None,
        nodes: None,
        issues: Vec::new(),
        brokers: BTreeMap::new(),
        memory: memory.clone(),
    }
}

fn read_issues(observed: &Observed) -> Vec<Issue> {
    observed
        .read_failures
        .iter()
        .filter(|(part, _)| {
            use Part::{Account, Brokers, Machine, Own, Subnets, Vpc, Zones};
            matches!(part, Account | Vpc | Own(_) | Zones | Subnets | Brokers | Machine)
        })
        .map(|(part, failure)| Issue::ReadFailed(part.clone(), failure.clone()))
        .collect()
}

/// The ledger that target groups carry in their tags: where status was lost, it is found again. Of two groups that
/// name one port, the one that it leads to comes first.
fn ledger_of_tags(
    identity: &Identity,
    observed: &Observed,
) -> Vec<((crate::model::ListenerName, BrokerId), Allocation)> {
    let said = observed.target_groups.known().filter_map(|(_, group)| {
        let tags = group.tags.get()?;
        if identity.owner.of(tags) != Ownership::Ours {
            return None;
        }
        let (listener, broker, port) = ledger_entry(tags)?;
        let reached = observed.users(&group.arn).is_some_and(|ports| ports.contains(&port));
        Some((reached, ((listener, broker), Allocation { port, released: None })))
    });
    let (reached, others): (Vec<_>, Vec<_>) = said.partition(|(reached, _)| *reached);
    reached.into_iter().chain(others).map(|(_, entry)| entry).collect()
}

impl Desired {
    /// Where to look for this object; `known` is an earlier picture whose ids save searches.
    #[must_use]
    pub fn scope(&self, intent: Option<&Intent>, known: Option<&Observed>) -> Scope {
        let mut scope = scope(&self.identity, intent, known);
        if let Goal::Absent(absent) = &self.goal {
            let may = |kind: OwnKind| if kind.is_of_nodes() { absent.nodes.is_some() } else { absent.owns_vpc };
            scope.owns.retain(|kind| may(*kind));
        }
        if let Goal::Offer(offer) = &self.goal {
            scope.expected_groups = offer.target_groups.keys().cloned().collect();
            scope.bootstrap_groups = offer
                .target_groups
                .iter()
                .filter(|(_, group)| group.bootstrap.is_none())
                .map(|(name, _)| name.clone())
                .collect();
        }
        scope
    }
}

/// The groups in which the load balancer is let in: the user's, or that of nodes that are made.
fn broker_groups(intent: &Intent, observed: &Observed) -> BTreeSet<SecurityGroupId> {
    let own = observed.own::<BrokerGroup>(&ResourceKey::BrokerGroupOfNodes).there();
    let own = own.filter(|_| matches!(intent.brokers, Brokers::Provisioned(_))).map(|group| group.id.clone());
    intent.broker_groups.iter().cloned().chain(own).collect()
}

fn broker_groups_known(intent: &Intent, observed: &Observed) -> bool {
    let own = observed.own::<BrokerGroup>(&ResourceKey::BrokerGroupOfNodes);
    !matches!(intent.brokers, Brokers::Provisioned(_)) || matches!(own, Find::There(_))
}

/// Whether there may be something of a kind. Where nothing is known of the spec, anything may be there.
fn may_own(intent: Option<&Intent>, kind: OwnKind) -> bool {
    intent.is_none_or(|intent| {
        if kind.is_of_nodes() {
            matches!(intent.brokers, Brokers::Provisioned(_))
        } else {
            matches!(intent.vpc, VpcSource::Created(_))
        }
    })
}

/// Where to look before anything is known of what shall be.
#[must_use]
pub fn scope(identity: &Identity, intent: Option<&Intent>, known: Option<&Observed>) -> Scope {
    let existing = |intent: &Intent| -> BTreeMap<ZoneId, SubnetSource> { intent.subnets.clone() };
    Scope {
        owner: identity.owner.clone(),
        vpc: intent.and_then(|intent| network::vpc_id(intent, known)),
        owns: OwnKind::ALL.iter().copied().filter(|kind| may_own(intent, *kind)).collect(),
        machine: intent.and_then(Intent::machine_query),
        subnets: intent.map(existing).unwrap_or_default(),
        brokers: intent.map_or(crate::model::BrokerSource::Nothing, Intent::broker_source),
        broker_groups: intent
            .map(|intent| known.map_or_else(|| intent.broker_groups.clone(), |known| broker_groups(intent, known)))
            .unwrap_or_default(),
        expected_groups: BTreeSet::new(),
        bootstrap_groups: BTreeSet::new(),
        load_balancer: known.and_then(|known| Some(known.load_balancer.there()?.arn.clone())),
        service: known.and_then(|known| Some(known.endpoint_service.there()?.id.clone())),
    }
}
