//! The tables that users read: ports and connections.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{View, verified};
use crate::api::v1alpha1::{
    BootstrapStatus, BrokerStatus, ConnectionCounts, ConnectionStatus, ListenerStatus, NetworkStatus, SubnetStatus,
};
use crate::desired::{Acceptance, Broker, Consumer, Goal, Intent, Listener, Offer, Path};
use crate::model::{
    AccountId, BrokerId, Connection, ConnectionState, EndpointId, GatewayEndpoint, Health, ListenerName, Observed,
    ResourceKey, RouteTable, Target, TargetGroup, ZoneId,
};

/// Connections that status lists; counts cover the rest.
const MOST_CONNECTIONS: usize = 100;

/// What of the network is ours; nothing where nothing is.
pub(super) fn network(observed: &Observed) -> Option<NetworkStatus> {
    let subnets: Vec<SubnetStatus> = observed
        .subnets
        .known()
        .map(|(zone, subnet)| SubnetStatus {
            zone_id: zone.to_string(),
            subnet_id: Some(subnet.id.to_string()),
            cidr_block: Some(subnet.cidr.to_string()),
        })
        .collect();
    let table = observed.own::<RouteTable>(&ResourceKey::RouteTable).there();
    let endpoint = observed.own::<GatewayEndpoint>(&ResourceKey::S3Endpoint).there();
    let status = NetworkStatus {
        vpc_id: observed.own_vpc().there().map(|own| own.vpc.id.to_string()),
        route_table_id: table.map(|table| table.id.to_string()),
        s3_endpoint_id: endpoint.filter(|endpoint| !endpoint.leaving).map(|endpoint| endpoint.id.to_string()),
        subnets,
    };
    (status != NetworkStatus::default()).then_some(status)
}

pub(super) fn listeners(view: &View<'_>) -> Vec<ListenerStatus> {
    let (Ok(intent), Goal::Offer(offer)) = (view.intent, &view.passed.desired.goal) else {
        // Nothing new is known, or it goes: as long as the load balancer stands, what it offers is shown as it was.
        let stands = view.passed.observed.load_balancer.there().is_some() || view.passed.desired.goal == Goal::Hold;
        return view.previous.filter(|_| stands).map(|status| status.listeners.clone()).unwrap_or_default();
    };
    intent.listeners.iter().map(|(name, listener)| one(view, intent, offer, name, listener)).collect()
}

fn one(view: &View<'_>, intent: &Intent, offer: &Offer, name: &ListenerName, listener: &Listener) -> ListenerStatus {
    let observed = &view.passed.observed;
    let desired = &view.passed.desired;
    let group = |key: &ResourceKey| group_of(offer, observed, key);
    let bootstrap = group(&ResourceKey::BootstrapGroup(name.clone()));
    let health = |target: &Target, own: Option<&TargetGroup>| {
        // The bootstrap group is read in every look; the broker's own only now and then.
        let of = |group: Option<&TargetGroup>| group.and_then(|group| group.targets.get()?.get(target).copied());
        of(bootstrap).or_else(|| of(own))
    };
    let wiring = desired.wiring(intent);
    let mut brokers = Vec::new();
    let mut healthy = BTreeSet::new();
    for (id, broker) in &desired.brokers {
        let Some(port) = desired.memory.ledger.port(name, *id) else { continue };
        let own = group(&ResourceKey::BrokerGroup(name.clone(), *id));
        let target = match &broker.path {
            Path::To(target) => Some(Target { id: target.clone(), port: listener.broker_port }),
            // As it is: what is registered.
            Path::AsItIs => own.and_then(|group| group.registered()?.next().map(|(target, _)| target.clone())),
        };
        let state = target.as_ref().and_then(|target| health(target, own));
        if state == Some(Health::Healthy) {
            healthy.insert(*id);
        }
        let advertised = wiring.listeners.get(name).and_then(|wired| wired.brokers.get(id)?.advertised.as_ref());
        let mut row = BrokerStatus {
            id: id.0,
            zone_id: broker.zone.as_ref().map(ToString::to_string),
            port: Some(i32::from(port.0)),
            target: target.map(|target| target.to_string()),
            advertised: advertised.map(ToString::to_string),
            health: state.map(|health| format!("{health:?}")),
            target_group_arn: own.map(|group| group.arn.to_string()),
            ..BrokerStatus::default()
        };
        verified::fill(view, name, &mut row);
        brokers.push(row);
    }
    ListenerStatus {
        name: name.to_string(),
        verified: verified::listener(view, name),
        bootstrap: Some(BootstrapStatus {
            port: Some(i32::from(listener.bootstrap_port.0)),
            target_group_arn: bootstrap.map(|group| group.arn.to_string()),
            healthy_brokers: i32::try_from(healthy.len()).ok(),
            brokers: i32::try_from(brokers.len()).ok(),
            healthy_zone_ids: healthy_zones(&desired.brokers, &healthy),
            proof: verified::bootstrap(view, name),
        }),
        brokers,
    }
}

fn healthy_zones(brokers: &BTreeMap<BrokerId, Broker>, healthy: &BTreeSet<BrokerId>) -> Vec<String> {
    let zones: BTreeSet<&ZoneId> = healthy.iter().filter_map(|id| brokers.get(id)?.zone.as_ref()).collect();
    zones.into_iter().map(ToString::to_string).collect()
}

fn group_of<'a>(offer: &Offer, observed: &'a Observed, key: &ResourceKey) -> Option<&'a TargetGroup> {
    let (name, _) = offer.target_groups.iter().find(|(_, group)| group.key == *key)?;
    observed.target_groups.there(name)
}

/// Healthy of all, over all listeners: a broker counts when every listener reaches it.
pub(super) fn broker_summary(listeners: &[ListenerStatus]) -> Option<String> {
    let mut reached: BTreeMap<i32, bool> = BTreeMap::new();
    for broker in listeners.iter().flat_map(|listener| &listener.brokers) {
        let healthy = broker.health.as_deref() == Some("Healthy");
        reached.entry(broker.id).and_modify(|all| *all &= healthy).or_insert(healthy);
    }
    (!listeners.is_empty()).then(|| format!("{}/{}", reached.values().filter(|all| **all).count(), reached.len()))
}

pub(super) fn connection_summary(counts: ConnectionCounts) -> String {
    match counts.pending + counts.pending_acceptance {
        0 => counts.available.to_string(),
        pending => format!("{} (+{pending} pending)", counts.available),
    }
}

pub(super) fn connections(view: &View<'_>) -> (Vec<ConnectionStatus>, ConnectionCounts) {
    let service = view.passed.observed.endpoint_service.there();
    let Some(connections) = service.and_then(|service| service.connections.get()) else {
        return (Vec::new(), ConnectionCounts::default());
    };
    let mut counts = ConnectionCounts::default();
    for connection in connections.values() {
        let count = match connection.state {
            ConnectionState::Available => &mut counts.available,
            ConnectionState::Pending => &mut counts.pending,
            ConnectionState::PendingAcceptance => &mut counts.pending_acceptance,
            ConnectionState::Rejected => &mut counts.rejected,
            ConnectionState::Failed => &mut counts.failed,
            ConnectionState::Deleting
            | ConnectionState::Deleted
            | ConnectionState::Expired
            | ConnectionState::Unknown => &mut counts.other,
        };
        *count += 1;
    }
    let mut oldest: Vec<(&EndpointId, &Connection)> = connections.iter().collect();
    oldest.sort_by_key(|(id, connection)| (connection.since, (*id).clone()));
    let rows = oldest.into_iter().take(MOST_CONNECTIONS).map(|(id, connection)| ConnectionStatus {
        endpoint_id: id.to_string(),
        account_id: Some(connection.account.to_string()),
        state: Some(connection.state.as_str().to_owned()),
        accepted_by: accepted_by(view, id, connection).map(str::to_owned),
        since: connection.since.map(Time),
    });
    (rows.collect(), counts)
}

/// Which rule speaks for a live connection; `Unlisted` when none does any more: it stays all the same.
fn accepted_by(view: &View<'_>, id: &EndpointId, connection: &Connection) -> Option<&'static str> {
    if !connection.state.connected() {
        return None;
    }
    let consumers: Option<&BTreeMap<AccountId, Consumer>> = view.intent.ok().map(|intent| &intent.consumers);
    Some(match consumers.and_then(|consumers| consumers.get(&connection.account)) {
        Some(consumer) if consumer.endpoints.contains(id) => "EndpointIds",
        Some(Consumer { acceptance: Acceptance::Automatic { .. }, .. }) => "Automatic",
        _ => "Unlisted",
    })
}
