//! The whole future, with made-up answers and made-up time: what `kafka-privatelink plan` prints.
//!
//! Not a test of anything: a simulator that shares `absorb` with the engine cannot refute it.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use crate::desired::{Desired, Goal};
use crate::model::{
    Answer, ConnectionState, Health, InboundRules, LoadBalancer, LoadBalancerState, NodeState, Observed, Outcome, Part,
    Seen, ServiceState, Subnet, Tags, VolumeState, VpcDns,
};
use crate::pass::{Move, Pass};
use crate::plan::guard::{Block, Guard};
use crate::plan::{Conflict, Step, WaitingOn, endpoint_service, listener, load_balancer, security_group, subnet};
use crate::plan::{broker_group_rule, node_interface, target_group};

/// Steps that are taken together, and what is waited for after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Independent writes.
    pub steps: Vec<Step>,
    /// What has to happen before the next wave.
    pub waiting: Vec<WaitingOn>,
}

/// Everything that would be done until nothing is left to do.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Preview {
    /// In order.
    pub waves: Vec<Wave>,
    /// Why nothing would be written at all.
    pub block: Option<Block>,
    /// What only a person can resolve.
    pub conflicts: BTreeSet<Conflict>,
    /// What is still waited for at the end: consumers, or a person.
    pub waiting: BTreeSet<WaitingOn>,
}

impl Preview {
    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waves.is_empty()
    }
}

/// Far more waves than any object needs: a preview that does not end is cut here.
const MOST_WAVES: usize = 100;

/// Plays the future of an object from a full look on; `desire` says what shall be by a look.
#[must_use]
pub fn simulate(desire: impl Fn(&Observed) -> Desired, demands: &Guard, observed: &Observed) -> Preview {
    simulate_to_the_end(desire, demands, observed).0
}

/// The same, and the picture in which it ends.
#[must_use]
pub fn simulate_to_the_end(
    desire: impl Fn(&Observed) -> Desired,
    demands: &Guard,
    observed: &Observed,
) -> (Preview, Observed) {
    let identity = desire(observed).identity;
    let mut preview = Preview { block: crate::plan::guard::guard(demands, &identity, observed), ..Preview::default() };
    // A blocked plan is shown all the same.
    let open = Guard::default();
    let mut picture = observed.clone();
    while preview.waves.len() < MOST_WAVES {
        let before = picture.clone();
        let desired = &desire(&picture);
        let mut pass = Pass::new(desired.clone(), &open, picture, crate::model::Timing::default());
        let mut count = 0;
        loop {
            match pass.next_unguarded() {
                Move::Read(parts) => parts.iter().for_each(|part| make_known(pass.observed_mut(), part)),
                Move::Apply(steps) => {
                    for step in &steps {
                        count += 1;
                        let answer = made_up(step, desired, count + preview.waves.len() * 1000);
                        pass.applied(step.clone(), Outcome::Done(answer), Timestamp::UNIX_EPOCH);
                        assume_ours(pass.observed_mut(), step);
                    }
                    let waiting = pass.plan().waiting.iter().cloned().collect();
                    preview.waves.push(Wave { steps, waiting });
                }
                Move::Finished => break,
            }
        }
        let passed = pass.finish();
        preview.conflicts.clone_from(&passed.plan.conflicts);
        preview.waiting.clone_from(&passed.plan.waiting);
        picture = passed.observed;
        elapse(&mut picture, desired);
        if count == 0 && unchanged(&picture, &before) {
            break;
        }
    }
    (preview, picture)
}

fn unchanged(after: &Observed, before: &Observed) -> bool {
    let mut after = after.clone();
    let seconded = after.recall.seconded == before.recall.seconded;
    after.recall.clone_from(&before.recall);
    seconded && after == *before
}

/// Answers a question of the plan as AWS most likely would.
fn make_known(observed: &mut Observed, part: &Part) {
    match part {
        Part::SecurityGroupInterfaces => observed.security_group.with(|group| group.interfaces = Seen::Read(0)),
        Part::LoadBalancerAttributes => {
            observed.load_balancer.with(|lb| lb.attributes = Seen::Read(load_balancer::default_attributes()));
        }
        // As AWS makes every VPC.
        Part::VpcDns(id) => {
            observed.own.vpcs.with(id, |own| own.dns = Seen::Read(VpcDns { support: true, host_names: false }));
        }
        Part::InstanceProtection(id) => observed.own.instances.with(id, |own| own.protected = Seen::Read(true)),
        Part::VpcTenants(id) => observed.own.vpcs.with(id, |own| own.tenants = Seen::Read(BTreeSet::new())),
        // Everything else was read by the full look that a preview begins with.
        _ => {}
    }
}

fn made_up(step: &Step, desired: &Desired, count: usize) -> Answer {
    let new = |kind: &str| format!("(new {kind} {count})");
    if matches!(step, Step::NodeInterface(node_interface::Change::Create { .. })) {
        // Of the addresses that nobody routes: which one AWS chooses nobody knows.
        return Answer::Interface(
            new("network interface").into(),
            [192, 0, 2, u8::try_from(count % 250).unwrap_or(0) + 1].into(),
        );
    }
    if let Some(kind) = step.change().makes() {
        return Answer::Own(new(&kind.to_string()).into());
    }
    match step {
        Step::Subnet(subnet::Change::Create { zone, vpc, cidr, tags }) => Answer::Subnet(Subnet {
            id: new("subnet").into(),
            vpc: vpc.clone(),
            zone: zone.clone(),
            zone_name: zone.as_str().into(),
            cidr: *cidr,
            free_addresses: u32::MAX,
            tags: Seen::Read(tags.clone()),
        }),
        Step::SecurityGroup(security_group::Change::Create { .. }) => {
            Answer::SecurityGroup(new("security group").into())
        }
        Step::BrokerGroupRule(broker_group_rule::Change::Authorize { .. }) => {
            Answer::BrokerGroupRule(new("rule").into())
        }
        Step::TargetGroup(target_group::Change::Create { name, .. }) => {
            Answer::TargetGroup(format!("(new)/{name}").into())
        }
        Step::LoadBalancer(load_balancer::Change::Create { subnets, security_group, .. }) => {
            let zones = match &desired.goal {
                Goal::Offer(offer) => offer.subnets.keys().map(|zone| zone.as_str().into()).collect::<Vec<_>>(),
                Goal::Hold | Goal::Absent(_) | Goal::Retained => Vec::new(),
            };
            Answer::LoadBalancer(LoadBalancer {
                arn: new("load balancer").into(),
                dns_name: String::new(),
                state: LoadBalancerState::Provisioning,
                subnets: subnets.iter().cloned().zip(zones).collect(),
                security_groups: [security_group.clone()].into(),
                inbound_rules: InboundRules::Enforced,
                tags: Seen::Unread,
                attributes: Seen::Unread,
                listeners: Seen::Unread,
            })
        }
        Step::Listener(listener::Change::Create { .. }) => Answer::Listener(new("NLB listener").into()),
        Step::EndpointService(endpoint_service::Change::Create { .. }) => Answer::EndpointService {
            id: new("endpoint service").into(),
            name: String::new(),
            state: ServiceState::Pending,
        },
        _ => Answer::Accepted,
    }
}

/// What was just made is ours: nobody else has a name in a preview.
fn assume_ours(observed: &mut Observed, step: &Step) {
    let own = |tags: &Tags| Seen::Read(tags.clone());
    match step {
        Step::TargetGroup(target_group::Change::Create { name, tags, .. }) => {
            observed.target_groups.with(name, |group| group.tags = own(tags));
        }
        Step::LoadBalancer(load_balancer::Change::Create { tags, .. }) => {
            observed.load_balancer.with(|lb| lb.tags = own(tags));
        }
        Step::Listener(listener::Change::Create { port, tags, .. }) => observed.load_balancer.with(|lb| {
            lb.listeners.update(|listeners| {
                if let Some(listener) = listeners.get_mut(port) {
                    listener.tags = own(tags);
                }
            });
        }),
        _ => {}
    }
}

/// Made-up time: without it the future stops at the first wait.
fn elapse(observed: &mut Observed, desired: &Desired) {
    if let Goal::Offer(offer) = &desired.goal {
        let names = load_balancer::wanted_subnets(offer, observed);
        observed.load_balancer.with(|lb| {
            for (id, name) in &mut lb.subnets {
                if let Some(real) = names.get(id) {
                    name.clone_from(real);
                }
            }
        });
        let zones: BTreeSet<_> = offer.subnets.keys().cloned().collect();
        observed.endpoint_service.with(|service| {
            if !service.zones.is_read() {
                service.zones = Seen::Read(zones);
            }
        });
    }
    for group in observed.target_groups.items.values_mut() {
        group.targets.update(|targets| {
            targets.retain(|_, health| *health != Health::Draining);
            for health in targets.values_mut().filter(|health| matches!(health, Health::Initial | Health::Unused)) {
                *health = Health::Healthy;
            }
        });
    }
    observed.load_balancer.with(|lb| {
        if lb.state == LoadBalancerState::Provisioning {
            lb.state = LoadBalancerState::Active;
        }
    });
    for volume in observed.own.volumes.items.values_mut().filter(|volume| volume.state == VolumeState::Creating) {
        volume.state = VolumeState::Available;
    }
    observed.own.instances.items.retain(|_, instance| instance.state != NodeState::ShuttingDown);
    for instance in observed.own.instances.items.values_mut().filter(|own| own.state == NodeState::Pending) {
        instance.state = NodeState::Running;
    }
    observed.security_group.with(|group| group.interfaces.update(|count| *count = 0));
    if observed.endpoint_service.there().is_some_and(|service| !service.state.alive()) {
        observed.endpoint_service = Seen::Read(None);
    }
    observed.endpoint_service.with(|service| {
        service.state = ServiceState::Available;
        service.connections.update(|connections| {
            for connection in connections.values_mut().filter(|c| c.state == ConnectionState::Pending) {
                connection.state = ConnectionState::Available;
            }
        });
    });
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waves, block, conflicts, waiting } = self;
        if let Some(block) = block {
            writeln!(f, "! {block}")?;
        }
        for (index, wave) in waves.iter().enumerate() {
            writeln!(f, "wave {}", index + 1)?;
            for step in &wave.steps {
                writeln!(f, "  {step}")?;
            }
            for on in &wave.waiting {
                writeln!(f, "  … until {on}")?;
            }
        }
        for conflict in conflicts {
            writeln!(f, "! {conflict}")?;
        }
        for on in waiting {
            writeln!(f, "… until {on}")?;
        }
        if waves.is_empty() && conflicts.is_empty() && waiting.is_empty() {
            writeln!(f, "nothing to do")?;
        }
        Ok(())
    }
}
