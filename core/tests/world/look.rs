//! What a look sees: the same parts as the real adapter reads, over one state.

use std::collections::{BTreeMap, BTreeSet};

use kpl_core::model::{
    AwsName, BrokerGroupRule, BrokerInstance, BrokerSource, Connection, EndpointService, InstanceState, Listener,
    Listing, LoadBalancer, LoadBalancerArn, LoadBalancerState, Owner, Peer, RESOURCE_TAG, Scope, SecurityGroup, Seen,
    ServiceState, Subnet, SubnetId, SubnetSource, Tags, TargetGroup, TargetGroupArn, Traffic, Vpc, ZoneId,
};

use super::state::{self, Aws, Shared, ours};
use super::{nodes, time_of};

/// The load balancer as `DescribeLoadBalancers` shows it: no tags, attributes or listeners.
pub fn load_balancer(aws: &Aws, arn: &LoadBalancerArn, lb: &state::LoadBalancer) -> LoadBalancer {
    let zone_name = |id: &SubnetId| {
        let zone = aws.subnets.get(id).map(|subnet| &subnet.zone);
        zone.and_then(|zone| aws.zones.get(zone)).cloned().unwrap_or_else(|| "gone".into())
    };
    LoadBalancer {
        arn: arn.clone(),
        dns_name: lb.dns_name.clone(),
        state: match (lb.failed, lb.busy_until > aws.now) {
            (_, true) => LoadBalancerState::Provisioning,
            (true, false) => LoadBalancerState::Failed,
            (false, false) => LoadBalancerState::Active,
        },
        subnets: lb.subnets.iter().map(|id| (id.clone(), zone_name(id))).collect(),
        security_groups: lb.security_groups.clone(),
        inbound_rules: lb.inbound_rules,
        tags: Seen::Unread,
        attributes: Seen::Unread,
        listeners: Seen::Unread,
    }
}

/// The listeners as `DescribeListeners` shows them: no tags, no idle timeout.
pub fn listeners(lb: &state::LoadBalancer) -> BTreeMap<kpl_core::model::Port, Listener> {
    let seen = |held: &state::NlbListener| Listener {
        arn: held.arn.clone(),
        tcp: held.tcp,
        forward: held.forward.clone(),
        idle_timeout_seconds: Seen::Unread,
        tags: Seen::Unread,
    };
    lb.listeners.iter().map(|(port, held)| (*port, seen(held))).collect()
}

/// Of our load balancer: by the known ARN, else by our service, else by our name.
pub fn find_load_balancer<'a>(
    aws: &'a Aws,
    scope: &Scope,
) -> Option<(&'a LoadBalancerArn, &'a Shared<state::LoadBalancer>)> {
    let by_arn = scope.load_balancer.as_ref().and_then(|arn| aws.load_balancers.get_key_value(arn));
    let by_service = || {
        let (_, service) = alive_or_going(aws, &scope.owner)?;
        service.load_balancers.iter().find_map(|arn| aws.load_balancers.get_key_value(arn))
    };
    let by_name = || {
        let name = scope.owner.load_balancer_name();
        aws.load_balancers.iter().find(|(_, lb)| lb.name == name)
    };
    by_arn.or_else(by_service).or_else(by_name)
}

/// Our service by its tags: one that lives, else one that is going, else one that failed.
fn alive_or_going<'a>(
    aws: &'a Aws,
    owner: &Owner,
) -> Option<(&'a kpl_core::model::ServiceId, &'a Shared<state::Service>)> {
    let rank = |service: &state::Service| match service.state {
        ServiceState::Available | ServiceState::Pending => 0,
        ServiceState::Deleting => 1,
        ServiceState::Failed => 2,
        ServiceState::Deleted => 3,
    };
    let tagged = aws.services.iter().filter(|(_, service)| ours(owner, &service.tags));
    tagged.filter(|(_, service)| service.state != ServiceState::Deleted).min_by_key(|(_, service)| rank(service))
}

pub fn endpoint_service(aws: &Aws, scope: &Scope) -> Option<EndpointService> {
    // Without one of ours: whatever hangs on our load balancer.
    let attached = || {
        let (arn, lb) = find_load_balancer(aws, scope)?;
        if ours(&scope.owner, &lb.tags) { aws.service_of(arn) } else { None }
    };
    let (id, service) = alive_or_going(aws, &scope.owner).or_else(attached)?;
    let connection = |held: &state::Connection| Connection {
        account: held.account.clone(),
        state: held.state,
        since: Some(time_of(held.since)),
    };
    Some(EndpointService {
        id: id.clone(),
        name: service.name.clone(),
        state: service.state,
        load_balancers: service.load_balancers.clone(),
        acceptance_required: service.acceptance_required,
        zones: Seen::Read(service.zones.clone()),
        tags: Seen::Read(service.tags.clone()),
        principals: Seen::Read(service.principals.clone()),
        connections: Seen::Read(service.connections.iter().map(|(id, held)| (id.clone(), connection(held))).collect()),
    })
}

pub fn security_group(aws: &Aws, scope: &Scope) -> Option<SecurityGroup> {
    let name = scope.owner.security_group_name();
    let here = |group: &state::SecurityGroup| scope.vpc.as_ref().is_none_or(|vpc| group.vpc == *vpc);
    let is_ours = |group: &state::SecurityGroup| {
        ours(&scope.owner, &group.tags) && group.tags.get(RESOURCE_TAG).is_none_or(|resource| resource == "sg")
    };
    let mut groups = aws.security_groups.iter().filter(|(_, group)| here(group));
    let (id, group) = groups
        .clone()
        .find(|(_, group)| is_ours(group))
        // A name is nobody's outside of a VPC.
        .or_else(|| groups.find(|(_, group)| scope.vpc.is_some() && group.name == name.as_str()))?;
    Some(SecurityGroup {
        id: id.clone(),
        tags: Seen::Read(group.tags.clone()),
        rules: Seen::Read(group.rules.values().map(|held| held.rule.clone()).collect()),
        interfaces: Seen::Unread,
    })
}

type RulesOfOurs =
    BTreeMap<kpl_core::model::SecurityGroupId, BTreeMap<kpl_core::model::SecurityGroupRuleId, BrokerGroupRule>>;

/// Rules of ours, by their own tags, in groups that are not ours.
pub fn broker_group_rules(
    aws: &Aws,
    scope: &Scope,
) -> Listing<kpl_core::model::SecurityGroupId, BTreeMap<kpl_core::model::SecurityGroupRuleId, BrokerGroupRule>> {
    let mut items = RulesOfOurs::new();
    let load_balancers = |tags: &Tags| ours(&scope.owner, tags) && !nodes::is_of_nodes(tags);
    for (id, group) in aws.security_groups.iter().filter(|(_, group)| !load_balancers(&group.tags)) {
        for (rule_id, held) in group.rules.iter().filter(|(_, held)| ours(&scope.owner, &held.tags)) {
            if let (Peer::Group(source), Traffic::Tcp(ports)) = (&held.rule.peer, &held.rule.traffic) {
                let rule = BrokerGroupRule { source: source.clone(), port: ports.first };
                items.entry(id.clone()).or_default().insert(rule_id.clone(), rule);
            }
        }
    }
    Listing::whole(items)
}

/// A group as `DescribeTargetGroups` shows it.
fn listed(arn: &TargetGroupArn, group: &state::TargetGroup) -> TargetGroup {
    TargetGroup {
        arn: arn.clone(),
        target_type: group.target_type,
        tags: Seen::Unread,
        health_check: group.health_check,
        attributes: Seen::Unread,
        targets: Seen::Unread,
    }
}

/// The expected names only, without tags.
pub fn expected_groups(aws: &Aws, scope: &Scope) -> BTreeMap<AwsName, TargetGroup> {
    let groups = aws.target_groups.iter().filter(|(_, group)| scope.expected_groups.contains(&group.name));
    groups.map(|(arn, group)| (group.name.clone(), listed(arn, group))).collect()
}

/// All with our prefix that are ours by tag or have an expected name, with tags.
pub fn prefixed_groups(aws: &Aws, scope: &Scope) -> BTreeMap<AwsName, TargetGroup> {
    let prefix = scope.owner.name_prefix();
    let groups = aws.target_groups.iter().filter(|(_, group)| {
        group.name.as_str().starts_with(&prefix)
            && (ours(&scope.owner, &group.tags) || scope.expected_groups.contains(&group.name))
    });
    let tagged =
        |arn, group: &state::TargetGroup| TargetGroup { tags: Seen::Read(group.tags.clone()), ..listed(arn, group) };
    groups.map(|(arn, group)| (group.name.clone(), tagged(arn, group))).collect()
}

fn subnet(aws: &Aws, id: &SubnetId, held: &state::Subnet) -> Subnet {
    Subnet {
        id: id.clone(),
        vpc: held.vpc.clone(),
        zone: held.zone.clone(),
        zone_name: aws.zones[&held.zone].clone(),
        cidr: held.cidr,
        free_addresses: held.free,
        tags: Seen::Read(held.tags.clone()),
    }
}

pub fn owned_subnets(aws: &Aws, scope: &Scope) -> BTreeMap<ZoneId, Subnet> {
    let owned = aws.subnets.iter().filter(|(_, held)| ours(&scope.owner, &held.tags));
    owned.map(|(id, held)| (held.zone.clone(), subnet(aws, id, held))).collect()
}

pub fn input_subnets(aws: &Aws, scope: &Scope) -> BTreeMap<ZoneId, Vec<Subnet>> {
    let carries = |have: &Tags, tags: &Tags| tags.iter().all(|(key, value)| have.get(key) == Some(value));
    let mut found = BTreeMap::new();
    for (zone, source) in &scope.subnets {
        let matches = |id: &SubnetId, held: &state::Subnet| match source {
            SubnetSource::Id(wanted) => wanted == id,
            SubnetSource::Tags(tags) => {
                held.zone == *zone && scope.vpc.as_ref() == Some(&held.vpc) && carries(&held.tags, tags)
            }
            SubnetSource::Created(_) => false,
        };
        if !matches!(source, SubnetSource::Created(_)) {
            let candidates = aws.subnets.iter().filter(|(id, held)| matches(id, held));
            found.insert(zone.clone(), candidates.map(|(id, held)| subnet(aws, id, held)).collect());
        }
    }
    found
}

pub fn vpc(aws: &Aws, scope: &Scope) -> Option<Vpc> {
    let id = scope.vpc.as_ref()?;
    aws.vpcs.get(id).map(|cidrs| Vpc { id: id.clone(), cidrs: cidrs.clone() })
}

pub fn brokers(aws: &Aws, scope: &Scope) -> Vec<BrokerInstance> {
    let carries = |have: &Tags, tags: &Tags| tags.iter().all(|(key, value)| have.get(key) == Some(value));
    let wanted = |id, host: &state::Instance| match &scope.brokers {
        BrokerSource::Selector { tags, .. } => {
            carries(&host.tags, tags)
                && (host.state == InstanceState::Terminated || scope.vpc.as_ref() == Some(&host.vpc))
        }
        BrokerSource::Instances(ids) => BTreeSet::contains(ids, id),
        BrokerSource::Nothing => false,
    };
    let id_tag = |host: &state::Instance| match &scope.brokers {
        BrokerSource::Selector { id_tag, .. } => host.tags.get(id_tag).cloned(),
        _ => None,
    };
    let hosts = aws.instances.iter().filter(|(id, host)| wanted(id, host));
    hosts
        .map(|(id, host)| {
            let there = host.state != InstanceState::Terminated;
            BrokerInstance {
                id: id.clone(),
                state: host.state,
                vpc: there.then(|| host.vpc.clone()),
                zone: there.then(|| host.zone.clone()),
                id_tag: id_tag(host),
            }
        })
        .collect()
}
