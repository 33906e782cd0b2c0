//! A simulated AWS, written apart from `absorb`: what the operator believes is held against this.

pub mod compare;
pub mod ec2;
pub mod elb;
pub mod events;
pub mod history;
pub mod lint;
pub mod look;
pub mod object;
pub mod paths;
pub mod people;
pub mod privatelink;
pub mod read;
pub mod settled;
pub mod state;
mod tests;
pub mod time;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use kpl_core::model::{Answer, ErrorClass, Failure, Outcome};
use kpl_core::plan::Step;

use self::state::{Aws, Tick};

/// One tick of the World.
pub const TICK: SignedDuration = SignedDuration::from_mins(1);
/// Earlier states that a stale read may answer from.
const PAST: usize = 4;

/// How AWS behaves where its documents leave it open, or where it differs between histories.
#[derive(Clone, Debug)]
pub struct Manners {
    /// Ticks until a new load balancer is active.
    pub provisioning: Tick,
    /// The first so many builds of a load balancer end as failed.
    pub builds_that_fail: u32,
    /// How a service takes up zones when its load balancer is added again.
    pub offers: Offers,
    /// Whether a client token is remembered when its service is gone.
    pub tokens_outlive_services: bool,
    /// Whether a rejected connection can be accepted after all.
    pub rejected_can_be_accepted: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            provisioning: 2,
            builds_that_fail: 0,
            offers: Offers::AtOnce,
            tokens_outlive_services: true,
            rejected_can_be_accepted: true,
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

/// How often, of a thousand, something goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A write is refused, by a class taken at random.
    pub refused: u32,
    /// The answer to a write is lost, whether it was done or not.
    pub lost: u32,
    /// A part of a look fails.
    pub unread: u32,
    /// A part of a look is answered from an earlier state.
    pub stale: u32,
    /// The process ends before or after a step.
    pub crash: u32,
}

/// What was asked of AWS and refused by it, by kind.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub reads: BTreeMap<&'static str, u64>,
    pub writes: BTreeMap<&'static str, u64>,
    /// Refusals by the rules of AWS; those by a fault are not counted.
    pub refusals: BTreeMap<String, u64>,
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
        Self {
            aws: Rc::new(aws),
            past: VecDeque::new(),
            manners: Manners::default(),
            faults: Faults::default(),
            counts: Counts::default(),
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    pub fn now(&self) -> Timestamp {
        time_of(self.aws.now)
    }

    /// True in `per_mille` of a thousand cases.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.rng.u32(0..1000) < per_mille
    }

    /// For hands other than ours.
    pub fn by_hand(&mut self) -> &mut Aws {
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
        let failure = |class, code: &str| Failure {
            class,
            operation,
            code: code.to_owned(),
            message: format!("the World refuses {step}"),
            request_id: None,
        };
        if self.chance(self.faults.refused) {
            use ErrorClass::{Denied, Lag, NotFound, Quota, Throttled, Transient};
            let class = self.rng.choice([Denied, Quota, Throttled, Transient, Lag, NotFound]).expect("not empty");
            return Outcome::Refused(failure(class, "Fault"));
        }
        let lost = self.chance(self.faults.lost);
        if lost && self.rng.bool() {
            return Outcome::Lost(failure(ErrorClass::Transient, ""));
        }
        let said = self.write(step);
        if let Err(refusal) = &said {
            *self.counts.refusals.entry(format!("{operation} {}", refusal.code)).or_default() += 1;
        }
        match said {
            _ if lost => Outcome::Lost(failure(ErrorClass::Transient, "")),
            Ok(answer) => Outcome::Done(answer),
            Err(Refusal { class, code }) => Outcome::Refused(failure(class, code)),
        }
    }

    /// Does what the step says by the rules of AWS alone.
    pub fn write(&mut self, step: &Step) -> Said {
        let aws = Rc::make_mut(&mut self.aws);
        match step {
            Step::Subnet(change) => aws.write_subnet(change),
            Step::SecurityGroup(change) => aws.write_security_group(change),
            Step::BrokerGroupRule(change) => aws.write_broker_group_rule(change),
            Step::TargetGroup(change) => aws.write_target_group(change),
            Step::LoadBalancer(change) => aws.write_load_balancer(change, &self.manners),
            Step::Listener(change) => aws.write_listener(change),
            Step::EndpointService(change) => aws.write_endpoint_service(change, &self.manners),
            Step::Connection(change) => aws.write_connection(change, &self.manners),
            Step::Tagging(change) => aws.write_tags(change),
        }
    }
}

/// The call that a step makes.
pub fn operation(step: &Step) -> &'static str {
    use kpl_core::plan::{
        broker_group_rule as bgr, connection as con, endpoint_service as svc, listener as lis, load_balancer as lb,
        security_group as sg, subnet, tagging, target_group as tg,
    };
    match step {
        Step::Subnet(subnet::Change::Create { .. }) => "CreateSubnet",
        Step::Subnet(subnet::Change::Delete { .. }) => "DeleteSubnet",
        Step::SecurityGroup(sg::Change::Create { .. }) => "CreateSecurityGroup",
        Step::SecurityGroup(sg::Change::Authorize { .. }) => "AuthorizeSecurityGroup",
        Step::SecurityGroup(sg::Change::Revoke { .. }) => "RevokeSecurityGroup",
        Step::SecurityGroup(sg::Change::Delete { .. }) => "DeleteSecurityGroup",
        Step::BrokerGroupRule(bgr::Change::Authorize { .. }) => "AuthorizeBrokerGroup",
        Step::BrokerGroupRule(bgr::Change::Revoke { .. }) => "RevokeBrokerGroup",
        Step::TargetGroup(tg::Change::Create { .. }) => "CreateTargetGroup",
        Step::TargetGroup(tg::Change::SetHealthCheck { .. }) => "ModifyTargetGroup",
        Step::TargetGroup(tg::Change::SetAttributes { .. }) => "ModifyTargetGroupAttributes",
        Step::TargetGroup(tg::Change::Register { .. }) => "RegisterTargets",
        Step::TargetGroup(tg::Change::Deregister { .. }) => "DeregisterTargets",
        Step::TargetGroup(tg::Change::Delete { .. }) => "DeleteTargetGroup",
        Step::LoadBalancer(lb::Change::Create { .. }) => "CreateLoadBalancer",
        Step::LoadBalancer(lb::Change::SetAttributes { .. }) => "ModifyLoadBalancerAttributes",
        Step::LoadBalancer(lb::Change::SetSecurityGroups { .. }) => "SetSecurityGroups",
        Step::LoadBalancer(lb::Change::SetSubnets { .. }) => "SetSubnets",
        Step::LoadBalancer(lb::Change::Delete { .. }) => "DeleteLoadBalancer",
        Step::Listener(lis::Change::Create { .. }) => "CreateListener",
        Step::Listener(lis::Change::SetForward { .. }) => "ModifyListener",
        Step::Listener(lis::Change::SetIdleTimeout { .. }) => "ModifyListenerAttributes",
        Step::Listener(lis::Change::Delete { .. }) => "DeleteListener",
        Step::EndpointService(svc::Change::Create { .. }) => "CreateVpcEndpointServiceConfiguration",
        Step::EndpointService(svc::Change::OfferZones { .. } | svc::Change::RequireAcceptance { .. }) => {
            "ModifyVpcEndpointServiceConfiguration"
        }
        Step::EndpointService(svc::Change::SetPrincipals { .. }) => "ModifyVpcEndpointServicePermissions",
        Step::EndpointService(svc::Change::Delete { .. }) => "DeleteVpcEndpointServiceConfigurations",
        Step::Connection(con::Change::Accept { .. }) => "AcceptVpcEndpointConnections",
        Step::Connection(con::Change::Reject { .. }) => "RejectVpcEndpointConnections",
        Step::Tagging(tagging::Change::Set { .. }) => "CreateTags",
        Step::Tagging(tagging::Change::Remove { .. }) => "DeleteTags",
    }
}
