//! Status from what a pass came to, and memory back from status.
//!
//! Status is a cache: everything in it but the times can be found again in AWS. It is written whole.

mod conditions;
mod finding;
mod informing;
mod kstatus;
mod nodes;
mod parts;
mod tables;
mod verified;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

pub use finding::{ConditionType, condition};

use crate::api::v1alpha1::{
    AbsentBroker, AwsStatus, ConfirmationStatus, EndpointServiceStatus, KafkaPrivateLinkStatus, LoadBalancerStatus,
    PortAllocation, SummaryStatus,
};
use crate::desired::{Absence, Allocation, Confirmation, Goal, Intent, InvalidSpec, Memory};
use crate::kafka::{Former, Proof};
use crate::model::{BrokerId, Health, ListenerName, Port, Region, ResourceKey};
use crate::pass::{Pass, Passed};

/// What status is made of.
pub struct View<'a> {
    /// The pass.
    pub passed: &'a Passed,
    /// The spec, parsed.
    pub intent: Result<&'a Intent, &'a InvalidSpec>,
    /// `metadata.generation`.
    pub generation: i64,
    /// The status before.
    pub previous: Option<&'a KafkaPrivateLinkStatus>,
    /// Where.
    pub region: &'a Region,
    /// Annotation `requested-at`, echoed.
    pub requested_at: Option<&'a str>,
    /// What Kafka was last seen to be, if it was asked.
    pub proof: Option<&'a Proof>,
    /// How long Kafka has to be seen wrong before it is called so.
    pub patience: SignedDuration,
    /// What became of the lines for the brokers; `None` where nobody asked for them.
    pub published: Option<&'a Published>,
    /// When conditions changed, if they did.
    pub now: Timestamp,
}

/// What became of the `ConfigMap` with the lines for the brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// It has them.
    Yes {
        /// Its name.
        name: String,
        /// How many brokers' there are.
        brokers: usize,
    },
    /// Nothing is known yet that could be in it.
    Nothing,
    /// Somebody else's has its name.
    Taken {
        /// The name.
        name: String,
    },
    /// The API server refused it.
    Failed {
        /// Its name.
        name: String,
        /// What it said.
        problem: String,
    },
}

/// Steps that status shows.
const MOST_STEPS: usize = 50;

/// The whole status after a pass.
#[must_use]
pub fn status(view: &View<'_>) -> KafkaPrivateLinkStatus {
    let View { passed, generation, previous, region, requested_at, .. } = *view;
    let observed = &passed.observed;
    let account = observed.inputs.account.get();
    let former = previous.and_then(|status| status.aws.as_ref());
    // Pinned once: credentials of another account never move an object.
    let aws = former.filter(|aws| aws.account_id.is_some()).cloned().or_else(|| {
        Some(AwsStatus {
            account_id: Some(account?.id.to_string()),
            partition: Some(account?.partition.to_string()),
            region: Some(region.to_string()),
        })
    });
    let steps: Vec<String> = passed.plan.steps.iter().map(ToString::to_string).collect();
    let waits = passed.plan.waiting.iter().map(|on| format!("… until {on}"));
    let listeners = tables::listeners(view);
    let (connections, connection_counts) = tables::connections(view);
    let lb = observed.load_balancer.there();
    let service = observed.endpoint_service.there();
    let group = observed.security_group.there();
    KafkaPrivateLinkStatus {
        observed_generation: Some(generation),
        aws,
        conditions: conditions::conditions(view),
        summary: Some(SummaryStatus {
            brokers: tables::broker_summary(&listeners),
            connections: service.map(|_| tables::connection_summary(connection_counts)),
            zones: service
                .and_then(|service| service.zones.get())
                .map(|zones| zones.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
        }),
        network: tables::network(observed),
        endpoint_service: service.map(|service| EndpointServiceStatus {
            id: Some(service.id.to_string()),
            service_name: Some(service.name.clone()),
            state: Some(format!("{:?}", service.state)),
            zone_ids: service.zones.get().into_iter().flatten().map(ToString::to_string).collect(),
        }),
        load_balancer: lb.map(|lb| LoadBalancerStatus {
            arn: Some(lb.arn.to_string()),
            dns_name: Some(lb.dns_name.clone()),
            state: Some(format!("{:?}", lb.state)),
            security_group_id: group.map(|group| group.id.to_string()),
        }),
        brokers: nodes::provisioned(&passed.desired, observed),
        listeners,
        connections,
        connection_counts: service.map(|_| connection_counts),
        ports: ports(&passed.desired.memory),
        plan_steps: i32::try_from(steps.len()).ok().filter(|count| *count > 0),
        plan: steps.into_iter().chain(waits).take(MOST_STEPS).collect(),
        confirmation: passed.desired.memory.confirmation.as_ref().map(confirmation),
        last_handled_request: requested_at.map(str::to_owned),
        absent_brokers: absent(&passed.desired.memory),
    }
}

/// The status to be written before the first step of a pass: neither a port nor who votes is used before it is
/// written down, and a difference is told before it is repaired. `None` where status says all that already.
#[must_use]
pub fn checkpoint(
    previous: Option<&KafkaPrivateLinkStatus>,
    pass: &Pass,
    generation: i64,
    now: Timestamp,
) -> Option<KafkaPrivateLinkStatus> {
    let wanted = &pass.desired().memory;
    let begun = previous.is_some_and(|status| {
        let in_sync = condition(&status.conditions, ConditionType::InSync);
        status.observed_generation == Some(generation) && in_sync.is_none_or(|condition| condition.status != "True")
    });
    let written = memory(previous);
    let kept = |memory: &Memory| (memory.ledger.clone(), memory.roles.clone(), memory.cluster_id.clone());
    if begun && kept(&written) == kept(wanted) {
        return None;
    }
    let mut status = previous.cloned().unwrap_or_default();
    status.conditions = conditions::begun(&status.conditions, pass.plan(), generation, now);
    status.observed_generation = Some(generation);
    status.ports = ports(wanted);
    status.brokers = nodes::provisioned(pass.desired(), pass.observed());
    status.confirmation = wanted.confirmation.as_ref().map(confirmation);
    status.absent_brokers = absent(wanted);
    Some(status)
}

/// What status remembers for the next look.
#[must_use]
pub fn memory(status: Option<&KafkaPrivateLinkStatus>) -> Memory {
    let Some(status) = status else { return Memory::default() };
    let entries = status.ports.iter().filter_map(|entry| {
        let port = u16::try_from(entry.port).ok()?;
        let key = (ListenerName::new(entry.listener.as_str()), BrokerId(entry.broker_id));
        Some((key, Allocation { port: Port(port), released: entry.released_at.as_ref().map(|at| at.0) }))
    });
    Memory {
        ledger: crate::desired::Ledger::from_entries(entries),
        absent: status
            .absent_brokers
            .iter()
            .filter_map(|broker| {
                let looks = u32::try_from(broker.looks).ok()?;
                Some((BrokerId(broker.id), Absence { since: broker.since.as_ref()?.0, looks }))
            })
            .collect(),
        confirmation: status.confirmation.as_ref().and_then(|asked| {
            Some(Confirmation {
                token: asked.token.clone()?,
                loses: asked.loses.iter().filter_map(|text| broker_of(text)).collect::<BTreeSet<_>>(),
                since: asked.since.as_ref()?.0,
            })
        }),
        zones: status
            .listeners
            .iter()
            .flat_map(|listener| &listener.brokers)
            .filter_map(|broker| Some((BrokerId(broker.id), broker.zone_id.as_deref()?.into())))
            .collect(),
        roles: nodes::roles(status),
        cluster_id: status.brokers.as_ref().and_then(|brokers| brokers.cluster_id.as_deref()?.parse().ok()),
    }
}

/// What status says of brokers' listeners before Kafka is asked again.
#[must_use]
pub fn former(status: Option<&KafkaPrivateLinkStatus>) -> BTreeMap<(ListenerName, BrokerId), Former> {
    let listeners = status.iter().flat_map(|status| &status.listeners);
    let rows = listeners.flat_map(|listener| listener.brokers.iter().map(move |broker| (listener, broker)));
    rows.map(|(listener, broker)| {
        let key = (ListenerName::new(listener.name.as_str()), BrokerId(broker.id));
        let former =
            Former { had: broker.advertised_now.is_some(), advertised_before: broker.advertised_before.clone() };
        (key, former)
    })
    .collect()
}

/// Brokers that take connections, by listener.
#[must_use]
pub fn healthy(passed: &Passed) -> BTreeSet<(ListenerName, BrokerId)> {
    let Goal::Offer(offer) = &passed.desired.goal else { return BTreeSet::new() };
    let groups = offer.target_groups.values().filter_map(|group| match &group.key {
        ResourceKey::BrokerGroup(listener, id) => Some((listener, *id, group)),
        _ => None,
    });
    let healthy = groups.filter(|(_, _, group)| {
        let bootstrap = group.bootstrap.as_ref().and_then(|name| passed.observed.target_groups.there(name));
        let targets = bootstrap.and_then(|bootstrap| bootstrap.targets.get());
        group.targets.wanted().iter().any(|target| targets.is_some_and(|all| all.get(target) == Some(&Health::Healthy)))
    });
    healthy.map(|(listener, id, _)| (listener.clone(), id)).collect()
}

fn broker_of(text: &str) -> Option<BrokerId> {
    text.strip_prefix("broker ")?.parse().ok().map(BrokerId)
}

fn ports(memory: &Memory) -> Vec<PortAllocation> {
    let entry = |(listener, broker, allocation): (&ListenerName, BrokerId, Allocation)| PortAllocation {
        listener: listener.to_string(),
        broker_id: broker.0,
        port: i32::from(allocation.port.0),
        released_at: allocation.released.map(Time),
    };
    memory.ledger.entries().map(entry).collect()
}

fn confirmation(asked: &Confirmation) -> ConfirmationStatus {
    ConfirmationStatus {
        token: Some(asked.token.clone()),
        loses: asked.loses.iter().map(|id| format!("broker {id}")).collect(),
        since: Some(Time(asked.since)),
    }
}

fn absent(memory: &Memory) -> Vec<AbsentBroker> {
    memory
        .absent
        .iter()
        .map(|(id, absence)| AbsentBroker {
            id: id.0,
            since: Some(Time(absence.since)),
            looks: i32::try_from(absence.looks).unwrap_or(i32::MAX),
        })
        .collect()
}
