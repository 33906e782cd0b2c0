//! What holds of every wave, whatever came before.

use std::collections::BTreeSet;

use kpl_core::desired::{Desired, Goal};
use kpl_core::model::{LoadBalancerArn, Observed, Owner, Part, Tagged, Tags, TargetGroupArn};
use kpl_core::plan::{
    Effect, Step, broker_group, broker_group_rule, connection, endpoint_service, gateway_endpoint, listener,
    load_balancer, node_instance, node_interface, route_table, security_group, subnet, tagging, target_group, volume,
    vpc,
};

use super::compare::read_as_ours;
use super::own;
use super::state::{Aws, ours};

/// What is wrong with a wave.
pub fn lint(desired: &Desired, observed: &Observed, steps: &[Step]) -> Vec<String> {
    let mut wrong = Vec::new();
    let different: BTreeSet<&Step> = steps.iter().collect();
    if different.len() < steps.len() {
        wrong.push("a step stands twice in a wave".to_owned());
    }
    for step in steps {
        if let Step::TargetGroup(target_group::Change::Delete { arn, .. }) = step
            && let Some(other) = steps.iter().find(|other| *other != step && uses(other, arn))
        {
            wrong.push(format!("one wave holds both \"{step}\" and \"{other}\""));
        }
        let deletes_service = matches!(step, Step::EndpointService(endpoint_service::Change::Delete { .. }));
        if deletes_service && !matches!(desired.goal, Goal::Absent(_)) {
            wrong.push(format!("{step}, though the object is there"));
        }
        if !owned(desired, observed, step) {
            wrong.push(format!("{step}, though its tags were not read as ours"));
        }
        if observed.kept && step.change().effect() == Effect::Closes {
            wrong.push(format!("{step}, by a kept picture"));
        }
        if let Some(tags) = tags_of_new(step)
            && !ours(&desired.identity.owner, tags)
        {
            wrong.push(format!("{step}, without our owner tag"));
        }
    }
    let removes = |step: &&Step| matches!(step, Step::LoadBalancer(load_balancer::Change::SetSubnets { .. }));
    let makes = |step: &&Step| matches!(step, Step::EndpointService(endpoint_service::Change::Create { .. }));
    if steps.iter().any(|step| removes(&step)) && steps.iter().any(|step| makes(&step)) {
        wrong.push("subnets are set in the wave that makes the service".to_owned());
    }
    wrong
}

/// The tags that something new gets.
fn tags_of_new(step: &Step) -> Option<&Tags> {
    match step {
        Step::Vpc(vpc::Change::Create { tags, .. })
        | Step::RouteTable(route_table::Change::Create { tags, .. })
        | Step::GatewayEndpoint(gateway_endpoint::Change::Create { tags, .. })
        | Step::BrokerGroup(broker_group::Change::Create { tags, .. })
        | Step::NodeInterface(node_interface::Change::Create { tags, .. })
        | Step::Volume(volume::Change::Create { tags, .. })
        | Step::Subnet(subnet::Change::Create { tags, .. })
        | Step::SecurityGroup(security_group::Change::Create { tags, .. })
        | Step::BrokerGroupRule(broker_group_rule::Change::Authorize { tags, .. })
        | Step::TargetGroup(target_group::Change::Create { tags, .. })
        | Step::LoadBalancer(load_balancer::Change::Create { tags, .. })
        | Step::Listener(listener::Change::Create { tags, .. })
        | Step::EndpointService(endpoint_service::Change::Create { tags, .. }) => Some(tags),
        Step::NodeInstance(node_instance::Change::Launch(launch)) => Some(&launch.tags),
        _ => None,
    }
}

/// What a step that closes something rests on and this pass has not looked at, if any. Written apart from
/// `Change::effect` and `Change::parts`.
pub fn blind_to(step: &Step, shown: &BTreeSet<Part>) -> Option<Part> {
    let balancer = || {
        // Its state alone shows whether it is there; a load balancer that is gone has no listeners.
        if shown.contains(&Part::LoadBalancerState) { Part::LoadBalancerState } else { Part::LoadBalancer }
    };
    if let Some(kind) = own::deletes(step) {
        return Some(Part::Own(kind)).filter(|part| !shown.contains(part));
    }
    let rests_on = match step {
        Step::SecurityGroup(security_group::Change::Revoke { .. }) => vec![Part::SecurityGroup],
        Step::SecurityGroup(security_group::Change::Delete { .. }) => {
            vec![Part::SecurityGroup, Part::SecurityGroupInterfaces, balancer()]
        }
        Step::BrokerGroupRule(broker_group_rule::Change::Revoke { .. }) => vec![Part::BrokerGroupRules],
        Step::TargetGroup(target_group::Change::Deregister { name, .. }) => vec![Part::Targets(name.clone())],
        Step::TargetGroup(target_group::Change::Delete { .. }) => vec![Part::TargetGroups, balancer()],
        Step::LoadBalancer(
            load_balancer::Change::Delete { .. } | load_balancer::Change::SetSubnets { removes: true, .. },
        ) => vec![balancer(), Part::EndpointService],
        Step::LoadBalancer(load_balancer::Change::SetSecurityGroups { .. }) => vec![balancer(), Part::SecurityGroup],
        Step::Listener(listener::Change::Delete { .. } | listener::Change::SetForward { .. }) => {
            vec![Part::LoadBalancer, Part::TargetGroups]
        }
        Step::EndpointService(endpoint_service::Change::Delete { .. })
        | Step::Connection(connection::Change::Reject { .. }) => vec![Part::EndpointService],
        // That there is such a subnet may be known from before: AWS does not delete one that is in use.
        Step::Subnet(subnet::Change::Delete { .. }) => vec![balancer()],
        _ => Vec::new(),
    };
    rests_on.into_iter().find(|part| !shown.contains(part))
}

/// Whether what a step writes to carries our owner tag in AWS, whatever was read. What is gone is nobody's.
pub fn truly_ours(aws: &Aws, owner: &Owner, step: &Step) -> bool {
    let tagged = |tags: Option<&Tags>| tags.is_none_or(|tags| ours(owner, tags));
    let group = |arn| tagged(aws.target_groups.get(arn).map(|held| &held.tags));
    let balancer = |arn: &LoadBalancerArn| tagged(aws.load_balancers.get(arn).map(|held| &held.tags));
    let of_listener = |arn| aws.find_listener(arn).map_or(true, |(lb, _)| balancer(&lb));
    let security_group = |id| tagged(aws.security_groups.get(id).map(|held| &held.tags));
    if let Some((kind, id)) = own::written(step) {
        return tagged(aws.own_tags(kind, &id));
    }
    let service = |id| tagged(aws.services.get(id).map(|held| &held.tags));
    match step {
        Step::Subnet(subnet::Change::Delete { id, .. }) => tagged(aws.subnets.get(id).map(|held| &held.tags)),
        Step::SecurityGroup(
            security_group::Change::Authorize { group, .. }
            | security_group::Change::Revoke { group, .. }
            | security_group::Change::Delete { group },
        ) => security_group(group),
        Step::BrokerGroupRule(broker_group_rule::Change::Revoke { group, rule }) => {
            let held = aws.security_groups.get(group).and_then(|group| group.rules.get(rule));
            tagged(held.map(|rule| &rule.tags))
        }
        Step::TargetGroup(
            target_group::Change::SetHealthCheck { arn, .. }
            | target_group::Change::SetAttributes { arn, .. }
            | target_group::Change::Register { arn, .. }
            | target_group::Change::Deregister { arn, .. }
            | target_group::Change::Delete { arn, .. },
        ) => group(arn),
        Step::LoadBalancer(
            load_balancer::Change::SetAttributes { arn, .. }
            | load_balancer::Change::SetSecurityGroups { arn, .. }
            | load_balancer::Change::SetSubnets { arn, .. }
            | load_balancer::Change::Delete { arn },
        )
        | Step::Listener(listener::Change::Create { load_balancer: arn, .. })
        | Step::EndpointService(endpoint_service::Change::Create { load_balancer: arn, .. }) => balancer(arn),
        Step::Listener(
            listener::Change::SetForward { arn, .. }
            | listener::Change::SetIdleTimeout { arn, .. }
            | listener::Change::Delete { arn, .. },
        ) => of_listener(arn),
        Step::EndpointService(
            endpoint_service::Change::OfferZones { id, .. }
            | endpoint_service::Change::RequireAcceptance { id }
            | endpoint_service::Change::SetPrincipals { id, .. }
            | endpoint_service::Change::Delete { id },
        )
        | Step::Connection(
            connection::Change::Accept { service: id, .. } | connection::Change::Reject { service: id, .. },
        ) => service(id),
        Step::Tagging(tagging::Change::Set { subject, .. } | tagging::Change::Remove { subject, .. }) => {
            match subject {
                Tagged::Own(kind, id) => tagged(aws.own_tags(*kind, id)),
                Tagged::Subnet(_, id) => tagged(aws.subnets.get(id).map(|held| &held.tags)),
                Tagged::SecurityGroup(id) => security_group(id),
                Tagged::TargetGroup(_, arn) => group(arn),
                Tagged::LoadBalancer(arn) => balancer(arn),
                Tagged::Listener(_, arn) => of_listener(arn),
                Tagged::EndpointService(id) => service(id),
            }
        }
        Step::Subnet(subnet::Change::Create { .. })
        | Step::SecurityGroup(security_group::Change::Create { .. })
        | Step::BrokerGroupRule(broker_group_rule::Change::Authorize { .. })
        | Step::TargetGroup(target_group::Change::Create { .. })
        | Step::LoadBalancer(load_balancer::Change::Create { .. })
        // What is written to was asked for above.
        | Step::Vpc(_)
        | Step::RouteTable(_)
        | Step::GatewayEndpoint(_)
        | Step::BrokerGroup(_)
        | Step::NodeInterface(_)
        | Step::Volume(_)
        | Step::NodeInstance(_) => true,
    }
}

fn uses(step: &Step, group: &TargetGroupArn) -> bool {
    match step {
        Step::Listener(listener::Change::Create { forward, .. } | listener::Change::SetForward { forward, .. }) => {
            forward.contains_key(group)
        }
        Step::TargetGroup(
            target_group::Change::SetHealthCheck { arn, .. }
            | target_group::Change::SetAttributes { arn, .. }
            | target_group::Change::Register { arn, .. },
        ) => arn == group,
        _ => false,
    }
}

/// Whether what a step writes to was read as ours; creates have no owner yet.
fn owned(desired: &Desired, observed: &Observed, step: &Step) -> bool {
    use target_group::Change as Group;
    let owner = &desired.identity.owner;
    let lb = || observed.load_balancer.there().is_some_and(|lb| read_as_ours(owner, &lb.tags));
    let service = || observed.endpoint_service.there().is_some_and(|service| read_as_ours(owner, &service.tags));
    let security_group = || observed.security_group.there().is_some_and(|group| read_as_ours(owner, &group.tags));
    if let Some((kind, id)) = own::written(step) {
        return observed.own.tags(kind, &id).is_some_and(|tags| read_as_ours(owner, tags));
    }
    match step {
        Step::Subnet(subnet::Change::Create { .. })
        | Step::SecurityGroup(security_group::Change::Create { .. })
        | Step::BrokerGroupRule(_)
        | Step::TargetGroup(Group::Create { .. })
        | Step::LoadBalancer(load_balancer::Change::Create { .. })
        // What is written to was asked for above.
        | Step::Vpc(_)
        | Step::RouteTable(_)
        | Step::GatewayEndpoint(_)
        | Step::BrokerGroup(_)
        | Step::NodeInterface(_)
        | Step::Volume(_)
        | Step::NodeInstance(_) => true,
        Step::Subnet(subnet::Change::Delete { zone, .. }) => {
            observed.subnets.there(zone).is_some_and(|subnet| read_as_ours(owner, &subnet.tags))
        }
        Step::SecurityGroup(_) => security_group(),
        Step::TargetGroup(
            Group::SetHealthCheck { name, .. }
            | Group::SetAttributes { name, .. }
            | Group::Register { name, .. }
            | Group::Deregister { name, .. }
            | Group::Delete { name, .. },
        ) => observed.target_groups.there(name).is_some_and(|group| read_as_ours(owner, &group.tags)),
        Step::LoadBalancer(_) | Step::Listener(_) | Step::EndpointService(endpoint_service::Change::Create { .. }) => {
            lb()
        }
        Step::EndpointService(_)
        | Step::Connection(connection::Change::Accept { .. } | connection::Change::Reject { .. }) => service(),
        Step::Tagging(tagging::Change::Set { subject, .. } | tagging::Change::Remove { subject, .. }) => {
            match subject {
                Tagged::Own(kind, id) => {
                    observed.own.tags(*kind, id).is_some_and(|tags| read_as_ours(owner, tags))
                },
                Tagged::Subnet(zone, _) => {
                    observed.subnets.there(zone).is_some_and(|held| read_as_ours(owner, &held.tags))
                }
                Tagged::SecurityGroup(_) => security_group(),
                Tagged::TargetGroup(name, _) => {
                    observed.target_groups.there(name).is_some_and(|group| read_as_ours(owner, &group.tags))
                }
                // An NLB listener belongs to whoever has the load balancer.
                Tagged::LoadBalancer(_) | Tagged::Listener(..) => lb(),
                Tagged::EndpointService(_) => service(),
            }
        }
    }
}
