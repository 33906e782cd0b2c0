//! How the reconciler looks, as the operator's own does: whose turn it is, and what a picture is kept for.

use kpl_core::model::{AwsName, LoadBalancerState, Observed, Scope};
use kpl_core::pass::Passed;
use kpl_core::plan::WaitingOn;

use super::watch::Seldom;
use super::{World, look};

/// The broker's group whose turn it is; a steady look shows the bootstrap groups anyway.
pub fn next_group(scope: &Scope, last: Option<&AwsName>) -> Option<AwsName> {
    let mut groups = scope.expected_groups.difference(&scope.bootstrap_groups);
    let first = groups.clone().next();
    groups.find(|name| last.is_none_or(|last| *name > last)).or(first).cloned()
}

pub fn provisions(picture: &Observed) -> bool {
    picture.load_balancer.there().is_some_and(|lb| lb.state == LoadBalancerState::Provisioning)
}

pub fn awaits_balancer(passed: &Passed) -> bool {
    let plan = &passed.plan;
    provisions(&passed.observed)
        && plan.waiting.iter().all(|on| *on == WaitingOn::LoadBalancerActive)
        && plan.steps.is_empty()
        && plan.ask.is_empty()
        && plan.second.is_empty()
        && !passed.acted()
        && passed.block.is_none()
        && passed.observed.read_failures.is_empty()
        && passed.desired.memory.absent.is_empty()
}

/// What is read seldom: whether hands have changed it since tells what a kept part of the picture is worth.
pub fn seldom_read(world: &World, scope: &Scope) -> Seldom {
    (look::owned_subnets(&world.aws, scope), look::broker_group_rules(&world.aws, scope))
}
