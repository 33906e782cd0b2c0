//! Looks with their price and their faults: what is asked for, what fails and what is answered from the past.

use std::collections::BTreeSet;
use std::rc::Rc;

use kpl_core::model::{
    AwsName, Base, ErrorClass, Find, Health, Listing, Observed, OwnKind, Part, Query, Scope, Seen, Tagged, Target,
};

use super::calls::kind;
use super::faults::{Fault, failure};
use super::state::{self, Aws, Shared, ours};
use super::{World, look, network, nodes, own};

impl World {
    /// Looks.
    pub fn observe(&mut self, query: &Query) -> Observed {
        let mut o = Observed::unread(self.now());
        let scope = &query.scope;
        let full = query.base == Base::Full;
        if query.base != Base::Steady {
            self.read(scope, &Part::Account, &mut o);
            self.read(scope, &Part::BrokerGroupRules, &mut o);
            self.read_subnets(scope, full, &mut o);
            self.read_own(scope, full, &mut o);
        }
        if query.base == Base::Steady {
            for kind in scope.owns.iter().filter(|kind| kind.is_of_nodes() && **kind != OwnKind::BrokerGroup) {
                self.read(scope, &Part::Own(*kind), &mut o);
            }
        }
        if full {
            self.read(scope, &Part::Machine, &mut o);
            self.read(scope, &Part::Vpc, &mut o);
            self.read(scope, &Part::Zones, &mut o);
        }
        if query.base != Base::Names {
            self.read(scope, &Part::Brokers, &mut o);
        }
        self.read(scope, &Part::SecurityGroup, &mut o);
        self.read(scope, &Part::EndpointService, &mut o);
        match query.base {
            Base::Full => {
                self.read(scope, &Part::TargetGroups, &mut o);
                for name in owned_groups(scope, &o) {
                    self.read(scope, &Part::TargetGroupAttributes(name.clone()), &mut o);
                    self.read(scope, &Part::Targets(name), &mut o);
                }
                self.read(scope, &Part::LoadBalancer, &mut o);
                self.read(scope, &Part::LoadBalancerAttributes, &mut o);
                self.read_load_balancer_tags(scope, true, &mut o);
                for port in ports(&o) {
                    self.read(scope, &Part::ListenerAttributes(port), &mut o);
                }
            }
            Base::Names => {
                self.read(scope, &Part::TargetGroups, &mut o);
                self.read(scope, &Part::LoadBalancerState, &mut o);
                self.read_load_balancer_tags(scope, false, &mut o);
            }
            Base::Steady => {
                self.read_expected(scope, &mut o);
                for name in scope.bootstrap_groups.clone() {
                    self.read(scope, &Part::Targets(name), &mut o);
                }
                self.read(scope, &Part::LoadBalancer, &mut o);
            }
        }
        self.observe_more(query, &query.parts, &mut o);
        o
    }

    /// Reads parts into a picture that is already there.
    pub fn observe_more(&mut self, query: &Query, parts: &BTreeSet<Part>, o: &mut Observed) {
        for part in parts {
            self.read(&query.scope, part, o);
        }
    }

    /// The state that this read is answered from; none if it fails.
    fn answer(&mut self, part: &Part, o: &mut Observed) -> Option<Rc<Aws>> {
        let call = kind(part);
        *self.counts.reads.entry(call).or_default() += 1;
        let class = match self.strike(call, false) {
            Some(Fault::CrashBefore | Fault::CrashAfter) => {
                self.crashed = true;
                None
            }
            Some(Fault::Refused(class)) => Some(class),
            Some(Fault::Lost | Fault::LostTwice | Fault::Timeout) => Some(ErrorClass::Transient),
            None => None,
        };
        if let Some(class) = class {
            o.read_failures.insert(part.clone(), failure(class, call, "Fault"));
            return None;
        }
        o.read_failures.remove(part);
        self.shown.insert(part.clone());
        Some(self.answered_from())
    }

    fn read_subnets(&mut self, scope: &Scope, inputs: bool, o: &mut Observed) {
        if let Some(aws) = self.answer(&Part::Subnets, o) {
            o.subnets = Listing::whole(look::owned_subnets(&aws, scope));
            if inputs {
                o.inputs.subnets = Listing::whole(look::input_subnets(&aws, scope));
            }
        }
    }

    /// Those that were made, where there may be one; a full look sees how names are resolved in them.
    fn read_own(&mut self, scope: &Scope, full: bool, o: &mut Observed) {
        for kind in &scope.owns {
            self.read(scope, &Part::Own(*kind), o);
        }
        let found: Vec<_> = o.own.vpcs.known().map(|(id, _)| id.clone()).filter(|_| full).collect();
        for id in found {
            self.read(scope, &Part::VpcDns(id), o);
        }
    }

    fn read_expected(&mut self, scope: &Scope, o: &mut Observed) {
        if let Some(aws) = self.answer(&Part::TargetGroups, o) {
            o.target_groups = Listing::whole(look::expected_groups(&aws, scope));
            o.all_groups = false;
        }
    }

    /// One call for twenty.
    fn read_load_balancer_tags(&mut self, scope: &Scope, listeners: bool, o: &mut Observed) {
        let Some(lb) = o.load_balancer.there() else { return };
        let mut wanted = vec![Part::Tags(Tagged::LoadBalancer(lb.arn.clone()))];
        if listeners && let Seen::Read(held) = &lb.listeners {
            wanted.extend(held.iter().map(|(port, l)| Part::Tags(Tagged::Listener(*port, l.arn.clone()))));
        }
        for part in wanted {
            self.read(scope, &part, o);
        }
    }

    fn read(&mut self, scope: &Scope, part: &Part, o: &mut Observed) {
        if *part == Part::Subnets {
            return self.read_subnets(scope, true, o);
        }
        // What hangs on something that is not there is not asked for.
        let there = match part {
            Part::Targets(name) | Part::TargetGroupAttributes(name) => o.target_groups.there(name).is_some(),
            Part::LoadBalancerAttributes => o.load_balancer.there().is_some(),
            Part::ListenerAttributes(at) => ports(o).contains(at),
            Part::SecurityGroupInterfaces => o.security_group.there().is_some(),
            Part::Vpc => scope.vpc.is_some() && !scope.owns.contains(&OwnKind::Vpc),
            Part::Own(kind) => scope.owns.contains(kind),
            Part::Machine => scope.machine.is_some(),
            Part::InstanceProtection(id) => o.own.instances.there(id).is_some(),
            Part::VpcDns(id) | Part::VpcTenants(id) => o.own.vpcs.there(id).is_some(),
            _ => true,
        };
        if !there {
            return;
        }
        let Some(aws) = self.answer(part, o) else { return unread(part, o) };
        match part {
            Part::Account => o.inputs.account = Seen::Read(aws.account.clone()),
            Part::Vpc => o.inputs.vpc = Seen::Read(look::vpc(&aws, scope)),
            Part::Own(kind) => own::read(&aws, scope, *kind, o),
            Part::VpcDns(id) => {
                let found = aws.vpc_details.get(id).map_or(Seen::Unread, |held| Seen::Read(held.dns));
                o.own.vpcs.with(id, |own| own.dns = found);
            }
            Part::VpcTenants(id) => {
                let found = network::tenants(&aws, scope, id);
                o.own.vpcs.with(id, |own| own.tenants = Seen::Read(found));
            }
            Part::Machine => o.inputs.machine = Seen::Read(nodes::machine(scope)),
            Part::InstanceProtection(id) => {
                let found = aws.machines.get(id).map_or(Seen::Unread, |held| Seen::Read(held.protected));
                o.own.instances.with(id, |own| own.protected = found);
            }
            Part::Zones => o.inputs.zones = Seen::Read((*aws.zones).clone()),
            Part::Brokers => o.inputs.brokers = Seen::Read(look::brokers(&aws, scope)),
            Part::SecurityGroup => {
                let mut group = look::security_group(&aws, scope);
                if let (Some(group), Find::There(earlier)) = (&mut group, o.security_group.find()) {
                    group.interfaces.or_keep(&earlier.interfaces);
                }
                o.security_group = Seen::Read(group);
            }
            Part::SecurityGroupInterfaces => o.security_group.with(|group| {
                let count = aws.interfaces(&group.id);
                group.interfaces = Seen::Read(u32::try_from(count).expect("few"));
            }),
            Part::BrokerGroupRules => o.broker_group_rules = look::broker_group_rules(&aws, scope),
            Part::EndpointService => o.endpoint_service = Seen::Read(look::endpoint_service(&aws, scope)),
            Part::TargetGroups => list_groups(&aws, scope, o),
            Part::Targets(name) => {
                let found = held_group(&aws, name, o).map(|group| group.targets.iter().map(seen_target).collect());
                put_group(name, o, found, |group, targets| group.targets = Seen::Read(targets));
            }
            Part::TargetGroupAttributes(name) => {
                let found = held_group(&aws, name, o).map(|group| group.attributes.clone());
                put_group(name, o, found, |group, attributes| group.attributes = Seen::Read(attributes));
            }
            Part::LoadBalancer => read_load_balancer(&aws, scope, o, true),
            Part::LoadBalancerState => read_load_balancer(&aws, scope, o, false),
            Part::LoadBalancerAttributes => o.load_balancer.with(|lb| {
                lb.attributes =
                    aws.load_balancers.get(&lb.arn).map_or(Seen::Unread, |h| Seen::Read(h.attributes.clone()));
            }),
            Part::ListenerAttributes(at) => o.load_balancer.with(|lb| {
                let held = aws.load_balancers.get(&lb.arn).and_then(|held| held.listeners.get(at));
                lb.listeners.update(|listeners| {
                    if let (Some(listener), Some(held)) = (listeners.get_mut(at), held)
                        && listener.arn == held.arn
                    {
                        listener.idle_timeout_seconds = Seen::Read(held.idle_timeout_seconds);
                    }
                });
            }),
            Part::Tags(tagged) => read_tags(&aws, tagged, o),
            Part::Subnets => unreachable!("read above"),
        }
    }
}

/// A read that failed leaves nothing of what an earlier one said.
fn unread(part: &Part, o: &mut Observed) {
    match part {
        Part::Brokers => o.inputs.brokers = Seen::Unread,
        Part::SecurityGroup => o.security_group = Seen::Unread,
        Part::EndpointService => o.endpoint_service = Seen::Unread,
        Part::LoadBalancer => o.load_balancer = Seen::Unread,
        _ => {}
    }
}

fn owned_groups(scope: &Scope, o: &Observed) -> Vec<AwsName> {
    let groups = o.target_groups.known().filter(|(_, group)| group.tags.get().is_some_and(|t| ours(&scope.owner, t)));
    groups.map(|(name, _)| name.clone()).collect()
}

fn ports(o: &Observed) -> BTreeSet<kpl_core::model::Port> {
    let listeners = o.load_balancer.there().and_then(|lb| lb.listeners.get());
    listeners.into_iter().flat_map(|listeners| listeners.keys().copied()).collect()
}

fn seen_target((target, held): (&Target, &state::Registration)) -> (Target, Health) {
    (target.clone(), held.health)
}

fn held_group<'a>(aws: &'a Aws, name: &AwsName, o: &Observed) -> Option<&'a Shared<state::TargetGroup>> {
    aws.target_groups.get(&o.target_groups.there(name)?.arn)
}

/// Lays what was read of a group over the picture; a group that is gone in between is in doubt.
fn put_group<T>(
    name: &AwsName,
    o: &mut Observed,
    found: Option<T>,
    put: impl FnOnce(&mut kpl_core::model::TargetGroup, T),
) {
    match found {
        Some(found) => o.target_groups.with(name, |group| put(group, found)),
        None => o.target_groups.forget(name),
    }
}

/// A listing ends doubt; details of a group that is still the same are kept.
fn list_groups(aws: &Aws, scope: &Scope, o: &mut Observed) {
    let mut items = look::prefixed_groups(aws, scope);
    for (name, group) in &mut items {
        if let Some(earlier) = o.target_groups.there(name).filter(|earlier| earlier.arn == group.arn) {
            group.attributes.or_keep(&earlier.attributes);
            group.targets.or_keep(&earlier.targets);
        }
    }
    o.target_groups = Listing::whole(items);
    o.all_groups = true;
}

/// Tags, attributes and, without `deep`, listeners of the same load balancer are kept.
fn read_load_balancer(aws: &Aws, scope: &Scope, o: &mut Observed, deep: bool) {
    let known = o.load_balancer.there().map(|lb| lb.arn.clone());
    let scope = Scope { load_balancer: known.or_else(|| scope.load_balancer.clone()), ..scope.clone() };
    let mut found = look::find_load_balancer(aws, &scope).map(|(arn, held)| {
        let mut lb = look::load_balancer(aws, arn, held);
        if deep {
            lb.listeners = Seen::Read(look::listeners(held));
        }
        lb
    });
    if let (Some(lb), Find::There(earlier)) = (&mut found, o.load_balancer.find())
        && lb.arn == earlier.arn
    {
        lb.tags.or_keep(&earlier.tags);
        lb.attributes.or_keep(&earlier.attributes);
        lb.listeners.or_keep(&earlier.listeners);
        lb.listeners.update(|listeners| {
            for (port, listener) in listeners {
                let before = earlier.listeners.get().and_then(|earlier| earlier.get(port));
                if let Some(before) = before.filter(|before| before.arn == listener.arn) {
                    listener.tags.or_keep(&before.tags);
                    listener.idle_timeout_seconds.or_keep(&before.idle_timeout_seconds);
                }
            }
        });
    }
    o.load_balancer = Seen::Read(found);
}

fn read_tags(aws: &Aws, tagged: &Tagged, o: &mut Observed) {
    match tagged {
        Tagged::Own(kind, id) => {
            if let (Some(tags), Some(held)) = (o.own.tags_mut(*kind, id), aws.own_tags(*kind, id)) {
                *tags = Seen::Read(held.clone());
            }
        }
        Tagged::Subnet(zone, id) => o.subnets.with(zone, |subnet| {
            if let Some(held) = aws.subnets.get(id) {
                subnet.tags = Seen::Read(held.tags.clone());
            }
        }),
        Tagged::SecurityGroup(id) => o.security_group.with(|group| {
            if let Some(held) = aws.security_groups.get(id) {
                group.tags = Seen::Read(held.tags.clone());
            }
        }),
        Tagged::TargetGroup(name, arn) => o.target_groups.with(name, |group| {
            if let Some(held) = aws.target_groups.get(arn) {
                group.tags = Seen::Read(held.tags.clone());
            }
        }),
        Tagged::LoadBalancer(arn) => o.load_balancer.with(|lb| {
            if let Some(held) = aws.load_balancers.get(arn) {
                lb.tags = Seen::Read(held.tags.clone());
            }
        }),
        Tagged::Listener(port, arn) => o.load_balancer.with(|lb| {
            let held = aws.load_balancers.get(&lb.arn).and_then(|held| held.listeners.get(port));
            lb.listeners.update(|listeners| {
                if let (Some(listener), Some(held)) = (listeners.get_mut(port), held.filter(|held| held.arn == *arn)) {
                    listener.tags = Seen::Read(held.tags.clone());
                }
            });
        }),
        Tagged::EndpointService(id) => o.endpoint_service.with(|service| {
            if let Some(held) = aws.services.get(id) {
                service.tags = Seen::Read(held.tags.clone());
            }
        }),
    }
}
