//! A look: first what there is, then the details of what was found.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::FutureExt;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use kpl_core::model::{AwsName, Base, Listing, Observed, OwnKind, Part, Query, Scope, Seen, Tagged, TargetGroup};

use super::part::{Fold, Reading, details, fold};
use super::path::{self, Known, Wanted};
use super::{
    CONCURRENT_READS, Clients, account, broker, broker_group_rule, convert, load_balancer, machine, own,
    security_group, subnet, target_group, vpc,
};

/// How much of the subnets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subnets {
    Nothing,
    Owned,
    All,
}

/// How much of the target groups.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Groups {
    Nothing,
    /// The wanted names, without tags.
    Expected,
    /// All of ours, with tags.
    Ours,
}

/// How much of the load balancer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Balancer {
    Nothing,
    /// One call over what is known.
    State,
    /// Without its NLB listeners.
    Alone,
    Whole,
}

/// What the first round reads: the most of what base and parts ask for, so that nothing is read twice.
struct Reads {
    /// Those that are read in one way only.
    plain: BTreeSet<Part>,
    subnets: Subnets,
    groups: Groups,
    balancer: Balancer,
}

impl Reads {
    fn of_parts(parts: &BTreeSet<Part>) -> Self {
        let nothing = Self {
            plain: BTreeSet::new(),
            subnets: Subnets::Nothing,
            groups: Groups::Nothing,
            balancer: Balancer::Nothing,
        };
        nothing.and(parts)
    }

    fn of_base(base: Base) -> Self {
        use Part::{Account, BrokerGroupRules, Brokers, EndpointService, Machine, SecurityGroup, Vpc, Zones};
        let with_own =
            |parts: &[Part]| parts.iter().cloned().chain(OwnKind::ALL.iter().copied().map(Part::Own)).collect();
        // What comes and goes by itself.
        let nodes = [OwnKind::Interface, OwnKind::Volume, OwnKind::Instance].map(Part::Own);
        match base {
            Base::Full => Self {
                plain: with_own(&[
                    Account,
                    Vpc,
                    Zones,
                    Machine,
                    Brokers,
                    SecurityGroup,
                    BrokerGroupRules,
                    EndpointService,
                ]),
                subnets: Subnets::All,
                groups: Groups::Ours,
                balancer: Balancer::Whole,
            },
            Base::Names => Self {
                plain: with_own(&[Account, SecurityGroup, BrokerGroupRules, EndpointService]),
                subnets: Subnets::Owned,
                groups: Groups::Ours,
                balancer: Balancer::Alone,
            },
            Base::Steady => Self {
                plain: [Brokers, SecurityGroup, EndpointService].into_iter().chain(nodes).collect(),
                subnets: Subnets::Nothing,
                groups: Groups::Expected,
                balancer: Balancer::Whole,
            },
        }
    }

    fn and(mut self, parts: &BTreeSet<Part>) -> Self {
        for part in parts {
            match part {
                Part::Subnets => self.subnets = Subnets::All,
                Part::TargetGroups => self.groups = Groups::Ours,
                Part::LoadBalancer => self.balancer = Balancer::Whole,
                Part::LoadBalancerState => self.balancer = self.balancer.max(Balancer::State),
                // Details, which the second round reads, do no harm here.
                _ => {
                    self.plain.insert(part.clone());
                }
            }
        }
        self
    }
}

pub(super) async fn observe(aws: &Clients, query: &Query) -> Observed {
    let mut observed = Observed::unread(Timestamp::now());
    let reads = Reads::of_base(query.base).and(&query.parts);
    let parts = |observed: &Observed| {
        let mut parts = details_of(query, observed);
        parts.extend(query.parts.iter().cloned());
        parts
    };
    rounds(aws, &query.scope, &reads, parts, &mut observed).await;
    observed
}

pub(super) async fn observe_more(aws: &Clients, scope: &Scope, parts: &BTreeSet<Part>, observed: &mut Observed) {
    observed.at = Timestamp::now();
    rounds(aws, scope, &Reads::of_parts(parts), |_| parts.clone(), observed).await;
}

/// What there is, then all tags together, then details of what is ours by them.
async fn rounds(
    aws: &Clients,
    scope: &Scope,
    reads: &Reads,
    parts: impl Fn(&Observed) -> BTreeSet<Part>,
    observed: &mut Observed,
) {
    run(first_round(aws, scope, reads, observed), observed).await;
    let listed = reads.groups == Groups::Ours && !observed.read_failures.contains_key(&Part::TargetGroups);
    let is_tags = |part: &Part| matches!(part, Part::Tags(_));
    let mut tags: BTreeSet<Part> = parts(observed).into_iter().filter(is_tags).collect();
    if listed {
        tags.extend(target_group::tags_of_all(observed));
    }
    run(details(aws, scope, &tags, observed), observed).await;
    if listed {
        target_group::keep_ours(scope, observed);
    }
    let rest = parts(observed).into_iter().filter(|part| !is_tags(part)).collect();
    run(details(aws, scope, &rest, observed), observed).await;
}

async fn run(readings: Vec<Reading<'_>>, observed: &mut Observed) {
    let folds: Vec<Fold> = stream::iter(readings).buffer_unordered(CONCURRENT_READS).collect().await;
    for fold in folds {
        fold(observed);
    }
}

/// What a base reads of the things that its first round found.
fn details_of(query: &Query, observed: &Observed) -> BTreeSet<Part> {
    let ours = |group: &TargetGroup| group.tags.get().is_some_and(|tags| convert::is_ours(&query.scope.owner, tags));
    let balancer = observed.load_balancer.there();
    let balancer_tags = balancer.map(|balancer| Part::Tags(Tagged::LoadBalancer(balancer.arn.clone())));
    match query.base {
        Base::Full => {
            let groups = observed.target_groups.known().filter(|(_, group)| ours(group));
            let groups =
                groups.flat_map(|(name, _)| [Part::Targets(name.clone()), Part::TargetGroupAttributes(name.clone())]);
            let listeners = balancer.and_then(|balancer| balancer.listeners.get()).into_iter().flatten();
            let listeners = listeners.flat_map(|(port, listener)| {
                [Part::ListenerAttributes(*port), Part::Tags(Tagged::Listener(*port, listener.arn.clone()))]
            });
            let attributes = balancer.map(|_| Part::LoadBalancerAttributes);
            let dns = observed.own.vpcs.known().map(|(id, _)| Part::VpcDns(id.clone()));
            groups.chain(listeners).chain(attributes).chain(balancer_tags).chain(dns).collect()
        }
        Base::Names => balancer_tags.into_iter().collect(),
        Base::Steady => query.scope.bootstrap_groups.iter().cloned().map(Part::Targets).collect(),
    }
}

fn first_round<'a>(aws: &'a Clients, scope: &'a Scope, reads: &Reads, observed: &Observed) -> Vec<Reading<'a>> {
    let plain = reads.plain.iter().filter_map(|part| plain(aws, scope, part));
    let mut readings: Vec<Reading<'a>> = plain.collect();
    match reads.subnets {
        Subnets::Nothing => {}
        Subnets::Owned => {
            let put = |observed: &mut Observed, ours| observed.subnets = Listing::whole(ours);
            readings.push(async move { fold(Part::Subnets, subnet::owned(aws, scope).await, put) }.boxed());
        }
        Subnets::All => {
            let put = |observed: &mut Observed, (candidates, ours)| {
                observed.inputs.subnets = Listing::whole(candidates);
                observed.subnets = Listing::whole(ours);
            };
            readings.push(async move { fold(Part::Subnets, subnet::all(aws, scope).await, put) }.boxed());
        }
    }
    match reads.groups {
        Groups::Nothing => {}
        Groups::Expected => {
            let read = async move { fold(Part::TargetGroups, target_group::expected(aws, scope).await, put_groups) };
            readings.push(read.boxed());
        }
        Groups::Ours => {
            let put = |observed: &mut Observed, found| {
                put_groups(observed, found);
                observed.all_groups = true;
            };
            let read = async move { fold(Part::TargetGroups, target_group::perhaps_ours(aws, scope).await, put) };
            readings.push(read.boxed());
        }
    }
    let service = reads.plain.contains(&Part::EndpointService);
    if service || reads.balancer >= Balancer::Alone {
        let wanted = Wanted {
            balancer: reads.balancer >= Balancer::Alone,
            listeners: reads.balancer == Balancer::Whole,
            service,
        };
        readings.push(path::path(aws, scope, Known::of(observed, scope), wanted).boxed());
    }
    if let (Balancer::State, Some(balancer)) = (reads.balancer, observed.load_balancer.there()) {
        let arn = balancer.arn.clone();
        let put = path::put_balancer;
        let read = async move { fold(Part::LoadBalancerState, load_balancer::by_arn(aws, &arn).await, put) };
        readings.push(read.boxed());
    }
    readings
}

/// Parts that are read in one way only, but for the service, which comes with the load balancer.
fn plain<'a>(aws: &'a Clients, scope: &'a Scope, part: &Part) -> Option<Reading<'a>> {
    let read = part.clone();
    Some(match part {
        Part::Account => {
            let put = |observed: &mut Observed, found| observed.inputs.account = Seen::Read(found);
            async move { fold(read, account::account(aws).await, put) }.boxed()
        }
        Part::Vpc => {
            let id = scope.vpc.as_ref().filter(|_| !scope.owns.contains(&OwnKind::Vpc))?;
            let put = |observed: &mut Observed, found| observed.inputs.vpc = Seen::Read(found);
            async move { fold(read, vpc::vpc(aws, id).await, put) }.boxed()
        }
        Part::Own(kind) => return own::reading(aws, scope, *kind),
        Part::Machine => {
            let asked = scope.machine.as_ref()?;
            let put = |observed: &mut Observed, found| observed.inputs.machine = Seen::Read(found);
            async move { fold(read, machine::kind(aws, &asked.instance_type, asked.image).await, put) }.boxed()
        }
        Part::Zones => {
            let put = |observed: &mut Observed, found| observed.inputs.zones = Seen::Read(found);
            async move { fold(read, vpc::zones(aws, |zones| vpc::holds(zones, scope)).await, put) }.boxed()
        }
        Part::Brokers => {
            let put = |observed: &mut Observed, found| observed.inputs.brokers = Seen::Read(found);
            async move { fold(read, broker::brokers(aws, &scope.brokers).await, put) }.boxed()
        }
        Part::SecurityGroup => {
            let put = |observed: &mut Observed, found| observed.security_group = Seen::Read(found);
            async move { fold(read, security_group::security_group(aws, scope).await, put) }.boxed()
        }
        Part::BrokerGroupRules => {
            let put = |observed: &mut Observed, found| observed.broker_group_rules = Listing::whole(found);
            async move { fold(read, broker_group_rule::rules(aws, scope).await, put) }.boxed()
        }
        _ => return None,
    })
}

/// A listing brings what every listing brings; what was read of the same group before stays.
fn put_groups(observed: &mut Observed, mut found: BTreeMap<AwsName, TargetGroup>) {
    for (name, group) in &mut found {
        if let Some(known) = observed.target_groups.there(name).filter(|known| known.arn == group.arn) {
            group.tags.or_keep(&known.tags);
            group.attributes.or_keep(&known.attributes);
            group.targets.or_keep(&known.targets);
        }
    }
    observed.target_groups = Listing::whole(found);
}
