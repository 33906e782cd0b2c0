//! What happens between two passes.

use jiff::SignedDuration;
use kpl_core::api::v1alpha1::ConnectionDeletionPolicy;
use kpl_core::desired::Memory;
use kpl_core::model::{
    BrokerId, InstanceId, InstanceState, LISTENER_TAG, ListenerName, ResourceKey, TargetType, ledger_entry,
};

use super::edits::edit;
use super::history::History;
use super::object::{self, CONSUMERS};
use super::people::{self, CLUSTER_TAG, ID_TAG, OTHER_VPC};
use super::state::ours;

/// The uid of another cluster.
pub const OTHER_HOLDER: &str = "another-kube-system-uid";

const ASKS: &str = "a consumer asks";

/// How many brokers, of a thousand histories: most are small, so that the run stays quick.
fn brokers(rng: &mut fastrand::Rng) -> i32 {
    match rng.u32(0..1000) {
        0..900 => rng.i32(1..5),
        900..980 => rng.i32(5..11),
        980..997 => rng.i32(11..25),
        _ => rng.i32(25..50),
    }
}

impl History {
    /// Some brokers, and perhaps somebody who has taken names of ours.
    pub fn settle_in(&mut self) {
        for id in 1..=brokers(&mut self.world.rng) {
            self.start(id);
        }
        self.spec.listeners[0].port_range.last += 40;
        let owner = self.identity.owner.clone();
        if self.world.chance(300) {
            self.world.by_hand().add_near_misses(&owner);
            self.log("others own what is almost ours");
        }
        if self.world.chance(150) {
            let id = BrokerId(self.world.rng.i32(1..4));
            let key = ResourceKey::BrokerGroup(ListenerName::from("EXTERNAL"), id);
            let name = owner.target_group_name(&key, &people::VPC.into(), TargetType::Instance);
            let mut check = people::plain_check();
            check.interval_seconds = if self.world.rng.bool() { 10 } else { 30 };
            self.world.by_hand().add_foreign_group(name.as_str(), check);
            self.log("a neighbour has a target group of our name");
        }
        if self.world.chance(50) {
            self.world.by_hand().add_foreign_load_balancer(owner.load_balancer_name().as_str());
            self.log("a neighbour has a load balancer of our name");
        }
        if self.world.chance(50) {
            self.world.by_hand().add_foreign_security_group(owner.security_group_name().as_str());
            self.log("a neighbour has a security group of our name");
        }
        let reject = self.world.rng.bool();
        let policy = if reject { ConnectionDeletionPolicy::Reject } else { ConnectionDeletionPolicy::Wait };
        self.spec.endpoint_service.connection_deletion_policy = policy;
    }

    /// Starts a broker in the object's VPC, in one of its zones.
    pub fn start(&mut self, id: i32) -> InstanceId {
        let zones = object::zones(&self.spec);
        let vpc = object::vpc(&self.world.aws, &self.spec).expect("the object has a VPC");
        let zone = self.world.rng.choice(zones).expect("a spec has zones");
        self.world.by_hand().start_broker_in(&vpc, id, zone)
    }

    fn any_running(&mut self) -> Option<(InstanceId, i32)> {
        let running = self.running();
        self.world.rng.choice(&running).cloned()
    }

    fn running(&self) -> Vec<(InstanceId, i32)> {
        let vpc = object::vpc(&self.world.aws, &self.spec);
        let brokers = self.world.aws.instances.iter().filter(|(_, host)| {
            host.state == InstanceState::Running
                && Some(&host.vpc) == vpc.as_ref()
                && host.tags.get(CLUSTER_TAG.0).is_some_and(|tag| tag == CLUSTER_TAG.1)
        });
        brokers.filter_map(|(id, host)| Some((id.clone(), host.tags.get(ID_TAG)?.parse().ok()?))).collect()
    }

    /// One event, or none.
    pub fn event(&mut self) {
        let number = self.world.rng.u32(0..48);
        let what = match number {
            0..=13 => {
                let mut spec = self.spec.clone();
                let aws = self.world.aws.clone();
                let what = edit(&mut spec, &aws, &mut self.world.rng);
                self.spec = spec;
                what
            }
            14..=19 => {
                let (owner, mut rng) = (self.identity.owner.clone(), self.world.rng.fork());
                self.world.by_hand().drift(&owner, &mut rng)
            }
            20..=31 => self.brokers_change(number),
            32..=34 => {
                let account = self.world.rng.choice(CONSUMERS).expect("not empty");
                // AWS gives no id twice.
                let asked = self.world.counts.changes.get(ASKS).copied().unwrap_or_default();
                let endpoint = format!("vpce-{:04x}{asked:02x}", self.world.aws.now * 16 + self.world.rng.u32(0..16));
                self.world.by_hand().ask(account, &endpoint);
                ASKS
            }
            35 => {
                for service in self.world.by_hand().services.values_mut() {
                    service.connections.pop_first();
                }
                "a consumer leaves"
            }
            36 => {
                self.world.by_hand().now += 25 * 60;
                self.world.tick();
                "a day passes"
            }
            37 | 38 => {
                self.restart();
                "the process starts again"
            }
            _ => self.something_rare(number),
        };
        *self.world.counts.changes.entry(what).or_default() += 1;
        self.log(format!("EVENT {what}"));
        self.update_list();
        // The checks have seen it before we look: of what they have not seen nobody can know.
        self.world.by_hand().check_health();
    }

    fn brokers_change(&mut self, number: u32) -> &'static str {
        let Some((instance, _)) = self.any_running() else {
            self.start(1);
            return "the first broker starts";
        };
        match number {
            20 | 21 => {
                let id = self.world.rng.i32(1..8);
                if !self.running().iter().any(|(_, running)| *running == id) {
                    self.start(id);
                }
                "a broker joins"
            }
            22..=25 => self.broker_replaced(),
            26 => {
                self.world.by_hand().set_state(&instance, InstanceState::Terminated);
                "a broker ends"
            }
            27 => {
                self.world.by_hand().instances.get_mut(&instance).expect("it runs").tags.remove(CLUSTER_TAG.0);
                "a broker loses its tag"
            }
            28 => {
                for (instance, _) in self.running().into_iter().skip(1) {
                    self.world.by_hand().set_state(&instance, InstanceState::Terminated);
                }
                "all brokers but one end at once"
            }
            29 => {
                let host = self.world.by_hand().instances.get_mut(&instance).expect("it runs");
                host.up = !host.up;
                "a broker goes up or down"
            }
            30 => {
                self.world.by_hand().set_state(&instance, InstanceState::Stopped);
                "a broker is stopped"
            }
            _ => {
                let id = self.world.rng.i32(1..8);
                self.world.by_hand().start_broker_in(&OTHER_VPC.into(), id, 1);
                "a broker of another cluster starts in another VPC"
            }
        }
    }

    fn broker_replaced(&mut self) -> &'static str {
        let Some((old, id)) = self.any_running() else { return "no broker is left" };
        self.start(id);
        match self.world.rng.u32(0..4) {
            0 => {} // both run for a while
            1 => self.world.by_hand().set_state(&old, InstanceState::Stopped),
            2 => {
                // It runs on, but is a broker no more: traffic could still get there.
                self.world.by_hand().instances.get_mut(&old).expect("it runs").tags.remove(CLUSTER_TAG.0);
            }
            _ => self.world.by_hand().set_state(&old, InstanceState::Terminated),
        }
        "a broker is replaced"
    }

    fn something_rare(&mut self, number: u32) -> &'static str {
        let owner = self.identity.owner.clone();
        match number {
            39 => {
                self.world.by_hand().hold_by(&owner, OTHER_HOLDER);
                "another cluster takes hold"
            }
            40 => {
                self.take_over = Some(OTHER_HOLDER.into());
                "a person lets us take over"
            }
            41 | 42 => {
                self.jump();
                "the clock jumps"
            }
            43 => {
                let lost = self.world.rng.bool();
                self.status = if lost { Memory::default() } else { self.backup.clone() };
                self.status_lost();
                if self.world.rng.bool() {
                    self.restart();
                }
                if lost { "status is lost" } else { "status is an old one" }
            }
            44 => {
                self.backup = self.status.clone();
                "somebody makes a backup"
            }
            45 => {
                // Only in bad weather: in good weather nothing fails.
                if self.world.faults.unread > 0 {
                    let kinds = ["brokers", "target groups", "load balancer", "endpoint service", "security group"];
                    self.world.faults.outage = self.world.rng.choice(kinds);
                }
                "one kind of read fails from now on"
            }
            46 => {
                if let Some(lb) = self.world.by_hand().our_load_balancer(&owner) {
                    lb.failed = true;
                }
                "the load balancer fails"
            }
            _ => {
                // By an untrue read it would still be ours.
                let groups = self.world.aws.our_groups(&owner);
                if self.world.faults.stale == 0
                    && let Some(arn) = self.world.rng.choice(&groups)
                {
                    self.world.by_hand().give_away(arn);
                }
                "a target group is given to another cluster"
            }
        }
    }

    /// The operator's clock is put forward or back.
    pub fn jump(&mut self) {
        let by = [60, 30 * 60, -5, -3 * 60].map(SignedDuration::from_mins);
        let by = self.world.rng.choice(by).expect("not empty");
        self.world.clock += by;
        self.log(format!("the clock jumps by {by}"));
    }

    /// What a port meant is remembered only where AWS mirrors it.
    fn status_lost(&mut self) {
        let owner = &self.identity.owner;
        let groups = self.world.aws.target_groups.values().filter(|group| ours(owner, &group.tags));
        let mirrored = groups
            .filter(|group| group.tags.contains_key(LISTENER_TAG))
            .filter_map(|group| ledger_entry(&group.tags))
            .map(|(listener, broker, port)| (listener.to_string(), broker, port))
            .collect();
        self.report.ports.forget_all_but(&mirrored);
    }

    /// Whoever lists brokers by hand keeps the list right.
    pub fn update_list(&mut self) {
        if let Some(first) = self.spec.brokers.static_brokers.first() {
            let list = object::listed_brokers(&self.world.aws, &self.spec, first.ip_address.is_some());
            if !list.is_empty() {
                self.spec.brokers.static_brokers = list;
            }
        }
    }
}
