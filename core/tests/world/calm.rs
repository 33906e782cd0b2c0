//! The end of bad weather: what people do so that it can settle, and how an object goes and comes again.

use std::collections::BTreeSet;

use kpl_core::api::v1alpha1::{
    ConnectionDeletionPolicy, DeletionPolicy, DeletionProtection, Mode, Subnet as SubnetEntry,
};
use kpl_core::desired::Memory;
use kpl_core::model::InstanceState;

use super::events::OTHER_HOLDER;
use super::history::History;
use super::object;
use super::people::{CLUSTER_TAG, ID_TAG, OTHER_VPC};
use super::state::ours;

impl History {
    /// Faults end, neighbours give way, brokers come up, a person answers: from here on it must settle.
    pub fn calm(&mut self) {
        self.log("CALM");
        let owner = self.identity.owner.clone();
        self.spec.mode = Mode::Manage;
        self.take_over = Some(OTHER_HOLDER.into());
        self.world.manners.target_groups_most = 3000;
        let aws = self.world.by_hand();
        aws.give_back();
        aws.remove_foreign_clashes(&owner);
        if let Some(lb) = aws.our_load_balancer(&owner).filter(|lb| lb.built) {
            lb.failed = false;
        }
        self.calm_brokers();
        while self.spec.listeners.len() > 1 && self.spec.listeners.len() * (self.listed() + 1) > 50 {
            self.spec.listeners.pop();
        }
        self.change_zones_one_by_one();
        self.update_list();
        self.world.calm();
    }

    /// One broker of each id, all up, in zones that are offered.
    fn calm_brokers(&mut self) {
        let offered: BTreeSet<_> = self.spec.network.subnets.iter().map(|subnet| subnet.zone_id.clone()).collect();
        let vpc = object::vpc(&self.world.aws, &self.spec);
        let mut seen = BTreeSet::new();
        for host in self.world.by_hand().instances.values_mut().rev().filter(|host| Some(&host.vpc) == vpc.as_ref()) {
            host.up = true;
            if host.state == InstanceState::Stopped || !offered.contains(host.zone.as_str()) {
                host.state = InstanceState::Terminated;
            }
            let id = host.tags.get(ID_TAG).cloned().unwrap_or_default();
            if host.state == InstanceState::Running && host.tags.contains_key(CLUSTER_TAG.0) && !seen.insert(id) {
                host.state = InstanceState::Terminated;
            }
        }
        if seen.is_empty() {
            self.start(1);
        }
    }

    /// Brokers that the object would offer.
    fn listed(&self) -> usize {
        let vpc = object::vpc(&self.world.aws, &self.spec);
        let hosts = self.world.aws.instances.values().filter(|host| Some(&host.vpc) == vpc.as_ref());
        hosts.filter(|host| host.state == InstanceState::Running && host.tags.contains_key(CLUSTER_TAG.0)).count()
    }

    /// A load balancer keeps at least one subnet: where the spec names none that it has, a person puts one back.
    pub fn change_zones_one_by_one(&mut self) {
        let aws = self.world.aws.clone();
        let owner = &self.identity.owner;
        let Some(lb) = aws.load_balancers.values().find(|lb| ours(owner, &lb.tags)) else { return };
        let named = |entry: &SubnetEntry| {
            lb.subnets.iter().any(|id| {
                let Some(held) = aws.subnets.get(id).filter(|held| held.zone.as_str() == entry.zone_id) else {
                    return false;
                };
                let own = ours(owner, &held.tags);
                let tagged = entry.subnet_tags.iter().all(|(key, value)| held.tags.get(key) == Some(value));
                entry.subnet_id.as_deref() == Some(id.as_str())
                    || (own && entry.cidr_block == Some(held.cidr.to_string()))
                    || (!own && !entry.subnet_tags.is_empty() && tagged)
            })
        };
        if self.spec.network.subnets.iter().any(named) {
            return;
        }
        let Some((id, held)) = lb.subnets.iter().find_map(|id| aws.subnets.get_key_value(id)) else { return };
        let own = ours(owner, &held.tags);
        let entry = SubnetEntry {
            zone_id: held.zone.to_string(),
            subnet_id: (!own).then(|| id.to_string()),
            cidr_block: own.then(|| held.cidr.to_string()),
            subnet_tags: [].into(),
        };
        self.spec.network.subnets.retain(|other| other.zone_id != entry.zone_id);
        self.spec.network.subnets.push(entry);
        self.log("a person puts a subnet back");
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

    /// An object of the same name is made anew, where nothing stayed perhaps in another VPC.
    pub fn make_again(&mut self) {
        self.log("MADE AGAIN");
        self.deleting = false;
        self.identity.uid.push('+');
        self.status = Memory::default();
        self.backup = Memory::default();
        let stayed = self.spec.deletion_policy == DeletionPolicy::Retain;
        self.spec.deletion_policy = DeletionPolicy::Delete;
        if !stayed {
            self.report.ports.forget_all_but(&BTreeSet::new());
            if self.world.rng.u8(0..3) == 0 && self.spec.brokers.ec2.is_some() {
                self.move_to_other_vpc();
            }
        }
        self.restart();
    }

    fn move_to_other_vpc(&mut self) {
        self.log("in another VPC");
        self.spec.network.vpc_id = Some(OTHER_VPC.into());
        self.spec.brokers.security_group_ids.clear();
        for entry in &mut self.spec.network.subnets {
            entry.subnet_id = None;
            entry.cidr_block = None;
            entry.subnet_tags = [("role".to_owned(), "brokers".to_owned())].into();
        }
        for id in 1..=3 {
            self.start(id);
        }
        self.calm_brokers();
    }
}
