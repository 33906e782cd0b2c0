//! What happens between two passes.

use kpl_core::api::v1alpha1::{ConnectionDeletionPolicy, DeletionProtection};
use kpl_core::desired::Memory;
use kpl_core::model::{BrokerId, InstanceId, InstanceState, ListenerName, ResourceKey, TargetType};

use super::history::History;
use super::object::{self, CONSUMERS};
use super::people::{self, CLUSTER_TAG, ID_TAG};

impl History {
    /// Some brokers, and perhaps somebody who has taken names of ours.
    pub fn settle_in(&mut self) {
        let brokers = self.world.rng.i32(1..5);
        for id in 1..=brokers {
            let zone = self.any_zone();
            self.world.by_hand().start_broker(id, zone);
        }
        let owner = self.identity.owner.clone();
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

    fn any_zone(&mut self) -> u32 {
        let zones = object::zones(&self.spec);
        *self.world.rng.choice(&zones).expect("a spec has zones")
    }

    fn any_running(&mut self) -> Option<(InstanceId, i32)> {
        let running = self.running();
        self.world.rng.choice(&running).cloned()
    }

    fn running(&self) -> Vec<(InstanceId, i32)> {
        let brokers = self.world.aws.instances.iter().filter(|(_, host)| {
            host.state == InstanceState::Running && host.tags.get(CLUSTER_TAG.0).is_some_and(|tag| tag == CLUSTER_TAG.1)
        });
        brokers.filter_map(|(id, host)| Some((id.clone(), host.tags.get(ID_TAG)?.parse().ok()?))).collect()
    }

    /// One event, or none.
    pub fn event(&mut self) {
        let number = self.world.rng.u32(0..30);
        let what = match number {
            0..=8 => {
                let mut spec = self.spec.clone();
                let aws = self.world.aws.clone();
                let what = object::edit(&mut spec, &aws, &mut self.world.rng);
                self.spec = spec;
                what.to_owned()
            }
            9..=13 => {
                let (owner, mut rng) = (self.identity.owner.clone(), self.world.rng.fork());
                format!("by hand: {}", self.world.by_hand().drift(&owner, &mut rng))
            }
            14 | 15 => {
                let (id, zone) = (self.world.rng.i32(1..8), self.any_zone());
                if self.world.aws.running(id).is_empty() {
                    self.world.by_hand().start_broker(id, zone);
                }
                format!("broker {id} is there")
            }
            16..=19 => self.broker_replaced(),
            20 => self.broker_leaves(),
            21 => {
                let half: Vec<_> = self.running().into_iter().skip(1).collect();
                for (instance, _) in &half {
                    self.world.by_hand().set_state(instance, InstanceState::Terminated);
                }
                format!("{} brokers end at once", half.len())
            }
            22 => match self.any_running() {
                Some((instance, id)) => {
                    let host = self.world.by_hand().instances.get_mut(&instance).expect("it runs");
                    host.up = !host.up;
                    format!("broker {id} is up: {}", host.up)
                }
                None => "no broker is left".into(),
            },
            23 => match self.any_running() {
                Some((instance, id)) => {
                    self.world.by_hand().set_state(&instance, InstanceState::Stopped);
                    format!("broker {id} is stopped")
                }
                None => "no broker is left".into(),
            },
            24..=26 => {
                let account = self.world.rng.choice(CONSUMERS).expect("not empty");
                let endpoint = format!("vpce-{:04x}", self.world.aws.now * 16 + self.world.rng.u32(0..16));
                let asked = self.world.by_hand().ask(account, &endpoint);
                format!("{account} asks by {endpoint}: {asked}")
            }
            27 => {
                for service in self.world.by_hand().services.values_mut() {
                    service.connections.pop_first();
                }
                "a consumer leaves".into()
            }
            28 => {
                self.world.by_hand().now += 25 * 60;
                self.world.tick();
                "a day passes".into()
            }
            _ => {
                self.restart();
                "the process starts again".into()
            }
        };
        self.log(format!("EVENT {what}"));
        self.update_list();
        // The checks have seen it before we look: of what they have not seen nobody can know.
        self.world.by_hand().check_health();
    }

    /// Whoever lists brokers by hand keeps the list right.
    fn update_list(&mut self) {
        if let Some(first) = self.spec.brokers.static_brokers.first() {
            let list = object::listed_brokers(&self.world.aws, first.ip_address.is_some());
            if !list.is_empty() {
                self.spec.brokers.static_brokers = list;
            }
        }
    }

    fn broker_replaced(&mut self) -> String {
        let Some((old, id)) = self.any_running() else { return "no broker is left".into() };
        let zone = self.any_zone();
        let new = self.world.by_hand().start_broker(id, zone);
        match self.world.rng.u32(0..4) {
            0 => {} // both run for a while
            1 => self.world.by_hand().set_state(&old, InstanceState::Stopped),
            2 => {
                // It runs on, but is a broker no more: traffic could still get there.
                self.world.by_hand().instances.get_mut(&old).expect("it runs").tags.remove(CLUSTER_TAG.0);
            }
            _ => self.world.by_hand().set_state(&old, InstanceState::Terminated),
        }
        format!("broker {id}: {new} takes over from {old}")
    }

    fn broker_leaves(&mut self) -> String {
        let Some((instance, id)) = self.any_running() else { return "no broker is left".into() };
        if self.world.rng.bool() {
            self.world.by_hand().set_state(&instance, InstanceState::Terminated);
            format!("broker {id} ends")
        } else {
            self.world.by_hand().instances.get_mut(&instance).expect("it runs").tags.remove(CLUSTER_TAG.0);
            format!("broker {id} loses its tag")
        }
    }

    /// Faults end, neighbours give way, brokers come up, a person answers: from here on it must settle.
    pub fn calm(&mut self) {
        self.log("CALM");
        let owner = self.identity.owner.clone();
        self.world.by_hand().remove_foreign_clashes(&owner);
        let aws = self.world.by_hand();
        for host in aws.instances.values_mut() {
            host.up = true;
            if host.state == InstanceState::Stopped {
                host.state = InstanceState::Terminated;
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for host in aws.instances.values_mut().rev().filter(|host| host.state == InstanceState::Running) {
            let id = host.tags.get(ID_TAG).cloned().unwrap_or_default();
            if host.tags.contains_key(CLUSTER_TAG.0) && !seen.insert(id) {
                host.state = InstanceState::Terminated;
            }
        }
        if seen.is_empty() {
            let zone = self.any_zone();
            self.world.by_hand().start_broker(1, zone);
        }
        self.update_list();
        self.world.calm();
    }

    /// The object is to go.
    pub fn delete(&mut self) {
        self.log("DELETE");
        self.deleting = true;
    }

    /// Who deletes it sees to what holds it.
    pub fn let_go(&mut self) {
        self.spec.load_balancer.deletion_protection = DeletionProtection::Disabled;
        if self.spec.endpoint_service.connection_deletion_policy == ConnectionDeletionPolicy::Wait {
            self.world.by_hand().leave_all();
        }
    }

    /// An object of the same name is made anew.
    pub fn make_again(&mut self) {
        self.log("MADE AGAIN");
        self.deleting = false;
        self.identity.uid.push('+');
        self.memory = Memory::default();
        self.restart();
    }
}
