//! What is believed after a wave against what a look sees: all that both read, but for what time moves.

use std::collections::{BTreeMap, BTreeSet};

use kpl_core::model::{
    AwsName, ConnectionState, EndpointService, Find, Health, Listener, Listing, LoadBalancer, Observed, Own, Scope,
    Seen, Target, TargetGroup,
};

use super::own;
use super::state::ours;

/// Differences, in words.
#[derive(Default)]
pub struct Lies(Vec<String>);

impl Lies {
    pub fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, believed: &T, looked: &T) {
        if believed != looked {
            self.0.push(format!("{what}: believed {believed:?}, is {looked:?}"));
        }
    }

    pub fn seen<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, believed: &Seen<T>, looked: &Seen<T>) {
        if let (Seen::Read(believed), Seen::Read(looked)) = (believed, looked) {
            self.same(what, believed, looked);
        }
    }

    /// All of ours of a kind: the same ones with the same tags; then the fields.
    pub fn own<T: Own>(&mut self, believed: &Observed, looked: &Observed, fields: impl Fn(&mut Self, &T, &T)) {
        let (a, b) = (T::listing(&believed.own), T::listing(&looked.own));
        for (id, a) in a.known() {
            match b.items.get(id) {
                Some(b) => {
                    self.seen(&format!("tags of {id}"), a.tags(), b.tags());
                    fields(self, a, b);
                }
                None => self.0.push(format!("{} {id}: believed there, gone", T::KIND)),
            }
        }
        let ids = |listing: &Listing<T::Id, T>| listing.items.keys().map(ToString::to_string).collect::<Vec<_>>();
        if a.is_complete() {
            self.same(&format!("each {} of ours", T::KIND), &ids(a), &ids(b));
        }
    }

    /// Both there or both gone; then the fields.
    fn entity<T: std::fmt::Debug>(
        &mut self,
        what: &str,
        believed: &Seen<Option<T>>,
        looked: &Seen<Option<T>>,
        fields: impl FnOnce(&mut Self, &T, &T),
    ) {
        match (believed, looked) {
            (Seen::Read(Some(believed)), Seen::Read(Some(looked))) => fields(self, believed, looked),
            (Seen::Read(Some(believed)), Seen::Read(None)) => {
                self.0.push(format!("{what}: believed {believed:?}, gone"));
            }
            (Seen::Read(None), Seen::Read(Some(looked))) => {
                self.0.push(format!("{what}: believed gone, is {looked:?}"));
            }
            _ => {}
        }
    }
}

/// What the picture says that is not so. `inputs_fresh`: what is read seldom was read in this pass.
pub fn lies(believed: &Observed, looked: &Observed, scope: &Scope, inputs_fresh: bool) -> Vec<String> {
    let mut lies = Lies::default();
    lies.entity("security group", &believed.security_group, &looked.security_group, |lies, a, b| {
        lies.same("security group id", &a.id, &b.id);
        lies.seen("security group tags", &a.tags, &b.tags);
        lies.seen("security group rules", &a.rules, &b.rules);
    });
    if inputs_fresh {
        own::compare(&mut lies, believed, looked);
        brokers_groups_and_subnets(&mut lies, believed, looked);
    }
    groups(&mut lies, believed, looked, scope);
    lies.entity("load balancer", &believed.load_balancer, &looked.load_balancer, load_balancer);
    // A dead service may be listed for a while, or answered for its token when it is not.
    let dead = believed.endpoint_service.there().is_some_and(|service| !service.state.alive());
    if !(dead && looked.endpoint_service.find() == Find::Gone) {
        lies.entity("service", &believed.endpoint_service, &looked.endpoint_service, service);
    }
    lies.0
}

fn brokers_groups_and_subnets(lies: &mut Lies, believed: &Observed, looked: &Observed) {
    let (a, b) = (&believed.broker_group_rules, &looked.broker_group_rules);
    let keys: BTreeSet<_> = a.items.keys().chain(b.items.keys()).filter(|key| !a.doubt.contains(*key)).collect();
    for key in keys.into_iter().filter(|key| a.whole || a.items.contains_key(*key)) {
        let rules = |items: &BTreeMap<_, BTreeMap<_, _>>| items.get(key).cloned().unwrap_or_default();
        lies.same(&format!("rules of ours in {key}"), &rules(&a.items), &rules(&b.items));
    }
    let (a, b) = (&believed.subnets, &looked.subnets);
    let keys: BTreeSet<_> = a.items.keys().chain(b.items.keys()).filter(|key| !a.doubt.contains(*key)).collect();
    for key in keys.into_iter().filter(|key| a.whole || a.items.contains_key(*key)) {
        match (a.items.get(key), b.items.get(key)) {
            (Some(a), Some(b)) => {
                lies.same(
                    "subnet",
                    &(&a.id, &a.vpc, &a.zone, &a.zone_name, a.cidr),
                    &(&b.id, &b.vpc, &b.zone, &b.zone_name, b.cidr),
                );
                lies.seen("subnet tags", &a.tags, &b.tags);
            }
            (a, b) => lies.same(&format!("subnet in {key} is there"), &a.is_some(), &b.is_some()),
        }
    }
}

fn groups(lies: &mut Lies, believed: &Observed, looked: &Observed, scope: &Scope) {
    for (name, a) in believed.target_groups.known() {
        match looked.target_groups.there(name) {
            Some(b) => group(lies, a, b),
            // A full look leaves out what is neither ours nor expected.
            None if read_as_ours(&scope.owner, &a.tags) => {
                lies.0.push(format!("target group {name}: believed there, gone"));
            }
            None => {}
        }
    }
    if believed.target_groups.whole {
        // Somebody else's group of our name is seen only if the name was expected.
        let is_ours =
            |name: &&AwsName| looked.target_groups.there(name).is_some_and(|g| read_as_ours(&scope.owner, &g.tags));
        for name in scope.expected_groups.iter().filter(is_ours) {
            let known = believed.target_groups.items.contains_key(name) || believed.target_groups.doubt.contains(name);
            lies.same(&format!("target group {name} is there"), &known, &true);
        }
    }
}

/// Registrations that are not on their way out.
fn registered(targets: &BTreeMap<Target, Health>) -> BTreeSet<&Target> {
    targets.iter().filter(|(_, health)| **health != Health::Draining).map(|(target, _)| target).collect()
}

fn group(lies: &mut Lies, a: &TargetGroup, b: &TargetGroup) {
    lies.same("target group", &(&a.arn, a.target_type, a.health_check), &(&b.arn, b.target_type, b.health_check));
    lies.seen("target group tags", &a.tags, &b.tags);
    lies.seen("target group attributes", &a.attributes, &b.attributes);
    if let (Seen::Read(a), Seen::Read(b)) = (&a.targets, &b.targets) {
        lies.same("targets", &registered(a), &registered(b));
        for (target, health) in a {
            if *health == Health::Healthy && b.get(target) != Some(&Health::Healthy) {
                lies.0.push(format!("target {target}: believed healthy, is {:?}", b.get(target)));
            }
        }
    }
}

fn load_balancer(lies: &mut Lies, a: &LoadBalancer, b: &LoadBalancer) {
    lies.same(
        "load balancer",
        &(&a.arn, &a.dns_name, &a.subnets, &a.security_groups, a.inbound_rules),
        &(&b.arn, &b.dns_name, &b.subnets, &b.security_groups, b.inbound_rules),
    );
    if a.state.usable() && !b.state.usable() {
        lies.0.push(format!("load balancer: believed {:?}, is {:?}", a.state, b.state));
    }
    lies.seen("load balancer tags", &a.tags, &b.tags);
    lies.seen("load balancer attributes", &a.attributes, &b.attributes);
    if let (Seen::Read(a), Seen::Read(b)) = (&a.listeners, &b.listeners) {
        lies.same("ports", &a.keys().collect::<Vec<_>>(), &b.keys().collect::<Vec<_>>());
        for (port, a) in a {
            if let Some(b) = b.get(port) {
                listener(lies, a, b);
            }
        }
    }
}

fn listener(lies: &mut Lies, a: &Listener, b: &Listener) {
    lies.same("NLB listener", &(&a.arn, a.tcp, &a.forward), &(&b.arn, b.tcp, &b.forward));
    lies.seen("idle timeout", &a.idle_timeout_seconds, &b.idle_timeout_seconds);
    lies.seen("NLB listener tags", &a.tags, &b.tags);
}

fn service(lies: &mut Lies, a: &EndpointService, b: &EndpointService) {
    lies.same(
        "service",
        &(&a.id, &a.name, a.state, &a.load_balancers, a.acceptance_required),
        &(&b.id, &b.name, b.state, &b.load_balancers, b.acceptance_required),
    );
    lies.seen("service zones", &a.zones, &b.zones);
    lies.seen("service tags", &a.tags, &b.tags);
    lies.seen("principals", &a.principals, &b.principals);
    if let (Seen::Read(a), Seen::Read(b)) = (&a.connections, &b.connections) {
        let still = |state: ConnectionState| if state.connected() { ConnectionState::Available } else { state };
        let states = |held: &BTreeMap<_, kpl_core::model::Connection>| -> Vec<_> {
            held.iter().map(|(id, c)| (kpl_core::model::EndpointId::clone(id), still(c.state))).collect()
        };
        lies.same("connections", &states(a), &states(b));
    }
}

/// Whether a group of the picture is one that was read as ours.
pub fn read_as_ours(owner: &kpl_core::model::Owner, tags: &Seen<kpl_core::model::Tags>) -> bool {
    tags.get().is_some_and(|tags| ours(owner, tags))
}
