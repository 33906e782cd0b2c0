//! What holds of every wave, whatever came before.

use std::collections::BTreeSet;

use kpl_core::desired::{Desired, Goal};
use kpl_core::model::{Observed, Tagged, TargetGroupArn};
use kpl_core::plan::{
    Effect, Step, connection, endpoint_service, listener, load_balancer, security_group, subnet, tagging, target_group,
};

use super::compare::read_as_ours;

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
    }
    let removes = |step: &&Step| matches!(step, Step::LoadBalancer(load_balancer::Change::SetSubnets { .. }));
    let makes = |step: &&Step| matches!(step, Step::EndpointService(endpoint_service::Change::Create { .. }));
    if steps.iter().any(|step| removes(&step)) && steps.iter().any(|step| makes(&step)) {
        wrong.push("subnets are set in the wave that makes the service".to_owned());
    }
    wrong
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
    match step {
        Step::Subnet(subnet::Change::Create { .. })
        | Step::SecurityGroup(security_group::Change::Create { .. })
        | Step::BrokerGroupRule(_)
        | Step::TargetGroup(Group::Create { .. })
        | Step::LoadBalancer(load_balancer::Change::Create { .. }) => true,
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
