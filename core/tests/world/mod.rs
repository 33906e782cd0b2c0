//! A simulated AWS, written apart from `absorb`: what the operator believes is held against this.

pub mod calls;
pub mod calm;
pub mod compare;
pub mod drift;
pub mod ec2;
pub mod edits;
pub mod egress;
pub mod elb;
pub mod events;
pub mod faults;
pub mod habits;
pub mod held;
pub mod history;
pub mod lint;
pub mod look;
pub mod made;
pub mod network;
pub mod nodes;
pub mod object;
pub mod openings;
pub mod own;
pub mod paths;
pub mod people;
pub mod ports;
pub mod privatelink;
pub mod read;
pub mod report;
pub mod scenario;
pub mod settled;
pub mod state;
mod tests;
pub mod time;
pub mod totals;
pub mod watch;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use kpl_core::model::{Answer, ErrorClass, Outcome, Part};
use kpl_core::plan::Step;

use self::calls::operation;
use self::faults::{Fault, Faults, Injection, failure};
use self::state::{Aws, Tick};

/// One tick of the World.
pub const TICK: SignedDuration = SignedDuration::from_mins(1);
/// Listeners of one load balancer; cannot be raised.
const LISTENERS_MOST: usize = 50;
/// Earlier states that a stale read may answer from.
const PAST: usize = 8;

/// How AWS behaves where its documents leave it open, or where it differs between histories.
#[derive(Clone, Debug)]
pub struct Manners {
    /// Ticks until a new load balancer is active.
    pub provisioning: Tick,
    /// The first so many builds of a load balancer end as failed.
    pub builds_that_fail: u32,
    /// How a service takes up zones when its load balancer is added again.
    pub offers: Offers,
    /// What a client token is answered with that was used before.
    pub tokens: Tokens,
    /// Whether a client token is remembered when its service is gone.
    pub tokens_outlive_services: bool,
    /// Whether a rejected connection can be accepted after all.
    pub rejected_can_be_accepted: bool,
    /// Whether a target group may count no healthy target for DNS.
    pub takes_failover_off: bool,
    /// How long interfaces of a deleted load balancer stay.
    pub linger: Tick,
    /// Target groups that the account may have, ours and others'.
    pub target_groups_most: usize,
    /// Listeners that one load balancer may have.
    pub listeners_most: usize,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            provisioning: 2,
            builds_that_fail: 0,
            offers: Offers::AtOnce,
            tokens: Tokens::TheService,
            tokens_outlive_services: true,
            rejected_can_be_accepted: true,
            takes_failover_off: true,
            linger: 2,
            target_groups_most: 3000,
            listeners_most: LISTENERS_MOST,
        }
    }
}

/// How a service takes up zones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Offers {
    AtOnce,
    Later(Tick),
    Never,
}

/// What a client token is answered with that was used before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tokens {
    /// The service that it made, in whatever state.
    TheService,
    /// As long as that lives, that the load balancer has a service.
    Associated,
    /// That the request is another one, if its tags are.
    Compared,
}

/// Some of the ways in which AWS may behave.
pub fn random_manners(rng: &mut fastrand::Rng) -> Manners {
    use Offers::{AtOnce, Later, Never};
    use Tokens::{Associated, Compared, TheService};
    Manners {
        provisioning: rng.u32(1..5),
        builds_that_fail: u32::from(rng.u8(0..20) == 0),
        offers: *rng.choice(&[AtOnce, AtOnce, Later(3), Never]).expect("not empty"),
        tokens: *rng.choice(&[TheService, Associated, Compared]).expect("not empty"),
        tokens_outlive_services: rng.bool(),
        rejected_can_be_accepted: rng.bool(),
        takes_failover_off: rng.u8(0..4) > 0,
        linger: rng.u32(1..9),
        // Enough for a small object; some run into it until a person has it raised.
        target_groups_most: if rng.u8(0..10) == 0 { rng.usize(5..12) } else { 3000 },
        listeners_most: LISTENERS_MOST,
    }
}

/// What was asked of AWS and refused by it, by kind.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub reads: BTreeMap<&'static str, u64>,
    pub writes: BTreeMap<&'static str, u64>,
    /// Refusals by the rules of AWS; those by a fault are not counted.
    pub refusals: BTreeMap<String, u64>,
    /// What went wrong because it was to.
    pub faults: BTreeMap<&'static str, u64>,
    /// What others did.
    pub changes: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub fn fault(&mut self, what: &'static str) {
        *self.faults.entry(what).or_default() += 1;
    }
}

/// The simulated AWS with its history and its faults.
#[derive(Clone, Debug)]
pub struct World {
    pub aws: Rc<Aws>,
    past: VecDeque<Rc<Aws>>,
    pub manners: Manners,
    pub faults: Faults,
    pub counts: Counts,
    pub rng: fastrand::Rng,
    /// By how much the operator's clock is wrong.
    pub clock: SignedDuration,
    /// Reads and writes so far.
    pub calls: u32,
    /// What goes wrong by plan.
    pub injected: Option<Injection>,
    again: Option<&'static str>,
    /// Whether the operator's process ended in a call.
    pub crashed: bool,
    /// Reads that were not answered from the present.
    pub untrue: u32,
    /// What was read since somebody asked last.
    pub shown: BTreeSet<Part>,
    /// Whether hands other than ours changed something since somebody asked last.
    pub hands: bool,
}

/// Why AWS said no.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub class: ErrorClass,
    pub code: &'static str,
}

/// What AWS said to a write.
pub type Said = Result<Answer, Refusal>;

/// A refusal.
pub fn no(class: ErrorClass, code: &'static str) -> Refusal {
    Refusal { class, code }
}

/// When a tick is.
pub fn time_of(tick: Tick) -> Timestamp {
    let start = Timestamp::from_second(1_767_225_600).expect("a date of our time");
    start + TICK * i32::try_from(tick).expect("histories are short")
}

impl World {
    pub fn new(aws: Aws, seed: u64) -> Self {
        Self::new_shared(Rc::new(aws), seed)
    }

    fn new_shared(aws: Rc<Aws>, seed: u64) -> Self {
        Self {
            aws,
            past: VecDeque::new(),
            manners: Manners::default(),
            faults: Faults::default(),
            counts: Counts::default(),
            rng: fastrand::Rng::with_seed(seed),
            clock: SignedDuration::ZERO,
            calls: 0,
            injected: None,
            again: None,
            crashed: false,
            untrue: 0,
            shown: BTreeSet::new(),
            hands: false,
        }
    }

    /// What the operator's clock says.
    pub fn now(&self) -> Timestamp {
        time_of(self.aws.now) + self.clock
    }

    /// For hands other than ours.
    pub fn by_hand(&mut self) -> &mut Aws {
        self.hands = true;
        self.remember();
        Rc::make_mut(&mut self.aws)
    }

    fn remember(&mut self) {
        self.past.push_front(Rc::clone(&self.aws));
        self.past.truncate(PAST);
    }

    /// Ends faults and what stale reads could still show.
    pub fn calm(&mut self) {
        self.faults = Faults::default();
        self.past.clear();
    }

    /// The same AWS without history and faults, to look at.
    pub fn mirror(&self) -> Self {
        let mut mirror = Self::new_shared(Rc::clone(&self.aws), 0);
        mirror.clock = self.clock;
        mirror
    }

    /// Lets time pass.
    pub fn tick(&mut self) {
        self.remember();
        Rc::make_mut(&mut self.aws).tick();
    }

    /// Does what the step says, or refuses, or says nothing.
    pub fn apply(&mut self, step: &Step) -> Outcome {
        let operation = operation(step);
        *self.counts.writes.entry(operation).or_default() += 1;
        self.remember();
        let fault = self.strike(operation, true);
        let lost = Outcome::Lost(failure(ErrorClass::Transient, operation, ""));
        self.crashed |= matches!(fault, Some(Fault::CrashBefore | Fault::CrashAfter));
        match fault {
            Some(Fault::Refused(class)) => return Outcome::Refused(failure(class, operation, "Fault")),
            Some(Fault::CrashBefore | Fault::Timeout) => return lost,
            Some(Fault::CrashAfter | Fault::Lost | Fault::LostTwice) | None => {}
        }
        let said = self.write(step);
        if let Err(refusal) = &said {
            *self.counts.refusals.entry(format!("{operation} {}", refusal.code)).or_default() += 1;
        }
        match said {
            _ if fault.is_some() => lost,
            Ok(answer) => Outcome::Done(answer),
            Err(Refusal { class, code }) => Outcome::Refused(failure(class, operation, code)),
        }
    }

    /// Does what the step says by the rules of AWS alone.
    pub fn write(&mut self, step: &Step) -> Said {
        Rc::make_mut(&mut self.aws).write(step, &self.manners)
    }
}

impl Aws {
    /// Does what the step says, or refuses.
    pub fn write(&mut self, step: &Step, manners: &Manners) -> Said {
        let aws = self;
        match step {
            Step::Vpc(change) => aws.write_vpc(change),
            Step::RouteTable(change) => aws.write_route_table(change),
            Step::GatewayEndpoint(change) => aws.write_gateway_endpoint(change),
            Step::BrokerGroup(change) => aws.write_broker_group(change),
            Step::NodeInterface(change) => aws.write_node_interface(change),
            Step::Volume(change) => aws.write_volume(change),
            Step::NodeInstance(change) => aws.write_node_instance(change),
            Step::Subnet(change) => aws.write_subnet(change),
            Step::SecurityGroup(change) => aws.write_security_group(change),
            Step::BrokerGroupRule(change) => aws.write_broker_group_rule(change),
            Step::TargetGroup(change) => aws.write_target_group(change, manners),
            Step::LoadBalancer(change) => aws.write_load_balancer(change, manners),
            Step::Listener(change) => aws.write_listener(change, manners),
            Step::EndpointService(change) => aws.write_endpoint_service(change, manners),
            Step::Connection(change) => aws.write_connection(change, manners),
            Step::Tagging(change) => aws.write_tags(change),
        }
    }
}
