//! What must hold of every wave and of every single write, whatever came before.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::api::v1alpha1::{
    self as api, Acceptance, ConnectionDeletionPolicy, DeletionPolicy, Mode, VolumeDeletionPolicy,
};
use kpl_core::desired::Ledger;
use kpl_core::model::{
    Base, BrokerGroupRule, ConnectionState, EndpointId, HOLDER_TAG, Listing, Observed, Part, Query, RESOURCE_TAG,
    Scope, SecurityGroupId, SecurityGroupRuleId, Subnet, Tagged, Tags, ZoneId,
};
use kpl_core::pass::Pass;
use kpl_core::plan::{Step, connection, tagging};

use super::habits::seldom_read;
use super::history::History;
use super::lint::{self, lint};
use super::openings::{concerns, openings, quota_leaves_no_room};
use super::paths::{Path, When, carried, common, wanted};
use super::report::Kind;
use super::state::{Aws, foreign_touched, ours};
use super::{Manners, compare, object};

/// What an object offers: its spec and the ports that were given.
#[derive(Clone)]
pub struct Offered {
    pub spec: KafkaPrivateLinkSpec,
    pub ledger: Ledger,
}

impl Default for Offered {
    fn default() -> Self {
        let mut spec = object::plain();
        spec.listeners.clear();
        Self { spec, ledger: Ledger::default() }
    }
}

/// Subnets and rules in the brokers' groups: looked at with everything, and kept in between.
pub type Seldom = (BTreeMap<ZoneId, Subnet>, Listing<SecurityGroupId, BTreeMap<SecurityGroupRuleId, BrokerGroupRule>>);

/// What the picture of a pass is worth.
#[derive(Clone, Default)]
pub struct Sight {
    /// Hands have changed something since it was taken.
    hands: bool,
    /// A read of this pass was not answered from the present.
    pub untrue: bool,
    /// What is read seldom was so when this pass began.
    seldom_true: bool,
    seldom: Option<Seldom>,
    before: Offered,
}

impl History {
    pub(super) fn sight(&mut self, query: &Query, kept: bool, untrue: u32, before: Offered) -> Sight {
        let untrue = self.world.untrue > untrue;
        let last = &self.process.sight;
        let seldom_true = match query.base {
            Base::Full | Base::Names => !untrue,
            Base::Steady => last.seldom_true && last.seldom.as_ref() == Some(&seldom_read(&self.world, &query.scope)),
        };
        let hands = kept && (last.hands || self.world.hands);
        Sight { hands, untrue: untrue || (kept && last.untrue), seldom_true, seldom: None, before }
    }

    pub(super) fn keep_sight(&mut self, mut sight: Sight, scope: &Scope) {
        sight.seldom = Some(seldom_read(&self.world, scope));
        sight.seldom_true &= !sight.untrue;
        if sight.untrue {
            self.report.untrue_in = Some(self.report.passes);
        }
        self.world.hands = false;
        self.process.sight = sight;
    }

    /// Whether what goes wrong now may come of a read that was not true, in this pass or shortly before.
    fn may_be_misled(&self, sight: &Sight) -> bool {
        let lately = self.report.untrue_in.is_some_and(|pass| self.report.passes - pass <= MISLED_FOR);
        sight.untrue || lately
    }

    /// Before a wave.
    pub(super) fn see_wave(&mut self, pass: &Pass, steps: &[Step], sight: &Sight) {
        for wrong in lint(pass.desired(), pass.observed(), steps) {
            self.wrong(Kind::Plan, wrong, false);
        }
        for step in steps {
            if let Some(part) = lint::blind_to(step, &self.world.shown).filter(|_| !self.in_order) {
                self.wrong(
                    Kind::Plan,
                    format!("{step} closes something, and this pass has not looked at {part}"),
                    false,
                );
            }
            if !sight.untrue && !lint::truly_ours(&self.world.aws, &self.identity.owner, step) {
                self.wrong(Kind::Plan, format!("{step} writes to what does not carry our owner tag"), false);
            }
        }
        if let Some(why) = self.blocked().filter(|_| !sight.untrue) {
            self.wrong(Kind::Blocked, format!("{why}: {}", words(steps)), false);
        }
        self.any_order(steps);
    }

    /// Why nothing may be written.
    fn blocked(&self) -> Option<String> {
        if self.spec.mode == Mode::Observe {
            return Some("the object only observes".into());
        }
        let owner = &self.identity.owner;
        // What was not read nobody can know.
        let shown = |part| self.world.shown.contains(&part);
        let balancers = self.world.aws.load_balancers.iter();
        let balancers = balancers.filter(|(arn, _)| shown(Part::Tags(Tagged::LoadBalancer((*arn).clone()))));
        let services = self.world.aws.services.values().filter(|service| service.state.alive());
        let services = services.filter(|_| shown(Part::EndpointService));
        let tags = balancers.map(|(_, lb)| &lb.tags).chain(services.map(|service| &service.tags));
        let mut holders = tags.filter(|tags| ours(owner, tags)).filter_map(|tags| tags.get(HOLDER_TAG));
        let may = |holder: &str| {
            holder == self.identity.holder.as_str() || self.take_over.as_ref().is_some_and(|id| id.as_str() == holder)
        };
        let other = holders.find(|holder| !may(holder))?;
        Some(format!("held by {other}"))
    }

    /// The steps of a wave are independent: several orders end in the same World.
    pub(super) fn any_order(&mut self, steps: &[Step]) {
        if steps.len() < 2 {
            return;
        }
        // Where the last free place goes is up to the order.
        let most = usize::MAX;
        let manners = Manners { target_groups_most: most, listeners_most: most, ..self.world.manners.clone() };
        let start = Rc::clone(&self.world.aws);
        let run = |order: &[usize]| -> (Aws, BTreeSet<usize>) {
            let mut aws = (*start).clone();
            let refused = order.iter().filter(|nth| aws.write(&steps[**nth], &manners).is_err()).copied().collect();
            aws.forget_health();
            (aws, refused)
        };
        let mut order: Vec<usize> = (0..steps.len()).collect();
        let first = run(&order);
        order.reverse();
        for _ in 0..ORDERS {
            let other = run(&order);
            if first.1 != other.1 {
                let twice: Vec<_> = first.1.symmetric_difference(&other.1).map(|nth| steps[*nth].clone()).collect();
                self.wrong(Kind::Plan, format!("refused or not by the order of the wave: {}", words(&twice)), false);
            } else if first.0 != other.0 {
                self.wrong(Kind::Plan, format!("the order of the wave matters: {}", words(steps)), false);
            }
            self.world.rng.shuffle(&mut order);
        }
    }

    /// After a single write, whatever AWS said to it.
    pub(super) fn see_step(&mut self, step: &Step, before: &Aws, sight: &Sight) {
        let owner = self.identity.owner.clone();
        let after = Rc::clone(&self.world.aws);
        if let Some(what) = foreign_touched(&owner, before, &after) {
            self.wrong(Kind::Foreign, format!("{step}: touches {what}, which is not ours"), false);
        }
        if let Some(twice) = twice(&owner, &after) {
            self.wrong(Kind::Duplicate, format!("{step}: {twice} is there twice"), false);
        }
        if self.deleting && self.spec.deletion_policy == DeletionPolicy::Retain && !clears_holder(step) {
            self.wrong(Kind::Blocked, format!("{step}, though all is to stay"), false);
        }
        for endpoint in cut_off(before, &after) {
            if !self.may_cut(step, &endpoint, before) {
                self.wrong(Kind::CutOff, format!("{step}: cuts consumer {endpoint} off"), false);
            }
        }
        self.see_paths(step, before, &after, sight);
    }

    fn see_paths(&mut self, step: &Step, before: &Aws, after: &Aws, sight: &Sight) {
        if !concerns(step) {
            return;
        }
        let owner = self.identity.owner.clone();
        let connected = || {
            let mut connections = before.services.values().flat_map(|service| service.connections.values());
            connections.any(|connection| connection.state.connected())
        };
        let misled = self.may_be_misled(sight);
        if !self.deleting || connected() {
            let now = wanted(&self.offered.spec, &self.offered.ledger);
            let paths: BTreeSet<Path> =
                if self.deleting { now } else { common(&wanted(&sight.before.spec, &sight.before.ledger), &now) };
            let had = carried(before, &owner, &paths, When::Before);
            let has = carried(after, &owner, &had, When::After(before));
            let lost: Vec<_> = had.difference(&has).collect();
            if !lost.is_empty() && !quota_leaves_no_room(step, before, &owner, &self.offered.spec) {
                self.wrong(Kind::Gap, format!("{step}: closes {lost:?}"), misled);
            }
        }
        let opened = openings(before, after, &owner, step, &self.offers);
        if !opened.is_empty() {
            self.wrong(Kind::Opening, format!("{step}: opens {opened:?}"), misled);
        }
    }

    fn may_cut(&self, step: &Step, endpoint: &EndpointId, before: &Aws) -> bool {
        if !matches!(step, Step::Connection(connection::Change::Reject { .. })) {
            return false;
        }
        let of = |account: &str| {
            self.spec
                .endpoint_service
                .consumers
                .iter()
                .any(|consumer| consumer.account_id == account && consumer.acceptance == Acceptance::Rejected)
        };
        let connections = before.services.values().flat_map(|service| &service.connections);
        let account =
            connections.filter(|(id, _)| *id == endpoint).map(|(_, connection)| connection.account.as_str()).next();
        let by_rule = !self.deleting && account.is_some_and(of);
        let reject = self.spec.endpoint_service.connection_deletion_policy == ConnectionDeletionPolicy::Reject;
        by_rule || (self.deleting && reject)
    }

    /// After a wave: what is believed is so, as far as the reads that it rests on were true.
    pub(super) fn compare(&mut self, believed: &Observed, query: &Query, sight: &Sight) {
        if sight.untrue || sight.hands {
            return;
        }
        let mut mirror = self.world.mirror();
        let looked = mirror.observe(&Query { base: Base::Full, parts: BTreeSet::new(), ..query.clone() });
        for lie in compare::lies(believed, &looked, &query.scope, sight.seldom_true) {
            self.wrong(Kind::Belief, lie, false);
        }
    }

    /// The operator is about to let the object go.
    pub(super) fn see_gone(&mut self) {
        let stays = |made: &api::ProvisionedBrokers| made.storage.deletion_policy == VolumeDeletionPolicy::Retain;
        let keeps = self.spec.brokers.provisioned.as_ref().is_some_and(stays);
        let mut left = self.world.aws.owned(&self.identity.owner);
        left.retain(|id| !keeps || !id.starts_with("vol-"));
        if !left.is_empty() {
            let misled = self.report.untrue_in.is_some_and(|pass| self.report.passes - pass <= MISLED_FOR);
            self.wrong(Kind::Leak, format!("lets the object go and leaves {left:?}"), misled);
        }
    }

    /// Whenever status is written: a port means one broker, as long as that may come back.
    pub(super) fn see_ports(&mut self) {
        let now = self.world.now();
        let given: Vec<_> = self
            .status
            .ledger
            .entries()
            .filter(|(_, _, entry)| entry.released.is_none())
            .map(|(listener, broker, entry)| (listener.clone(), broker, entry.port))
            .collect();
        let listeners: BTreeSet<_> = self.spec.listeners.iter().map(|l| (l.name.clone(), l.port_range.first)).collect();
        for wrong in self.report.ports.see(now, &listeners, &given) {
            self.wrong(Kind::Port, wrong, false);
        }
    }
}

/// For how many passes after an untrue read what goes wrong may come of it.
const MISLED_FOR: u32 = 3;
/// Other orders in which every wave is played: the reverse, and at random.
const ORDERS: usize = 2;

fn clears_holder(step: &Step) -> bool {
    matches!(step, Step::Tagging(tagging::Change::Remove { keys, .. }) if keys.iter().eq([HOLDER_TAG]))
}

/// What of ours is there twice: target groups aside, of which a successor stands beside the old one for a while.
fn twice(owner: &kpl_core::model::Owner, aws: &Aws) -> Option<String> {
    let services = aws.services.values().filter(|service| service.state.alive()).map(|service| &service.tags);
    let tags = services
        .chain(aws.load_balancers.values().map(|lb| &lb.tags))
        .chain(aws.security_groups.values().map(|group| &group.tags))
        .chain(aws.subnets.values().map(|subnet| &subnet.tags));
    let mut seen = BTreeSet::new();
    let key = |tags: &Tags| tags.get(RESOURCE_TAG).cloned();
    tags.filter(|tags| ours(owner, tags)).filter_map(key).find(|key| !seen.insert(key.clone()))
}

/// Connections that carried traffic before and do not after.
fn cut_off(before: &Aws, after: &Aws) -> Vec<EndpointId> {
    let states = |aws: &Aws| -> BTreeMap<EndpointId, ConnectionState> {
        let connections = aws.services.values().flat_map(|service| &service.connections);
        connections.map(|(id, connection)| (id.clone(), connection.state)).collect()
    };
    let after = states(after);
    let connected = states(before).into_iter().filter(|(_, state)| state.connected());
    connected.filter(|(id, _)| !after.get(id).is_some_and(|state| state.connected())).map(|(id, _)| id).collect()
}

fn words(steps: &[Step]) -> String {
    steps.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
