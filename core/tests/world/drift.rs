//! Hands that change what is ours behind our back.

use kpl_core::model::{
    Direction, Health, InboundRules, InstanceId, OWNER_TAG, Owner, Peer, Port, PortRange, Rule, ServiceId,
    ServiceState, Tags, Target, TargetGroupArn, TargetId, TargetType, Traffic,
};

use super::state::{Aws, Lingering, LoadBalancer, NlbListener, Registration, SecurityGroup, Shared, ours};

impl Aws {
    pub fn our_load_balancer(&mut self, owner: &Owner) -> Option<&mut Shared<LoadBalancer>> {
        self.load_balancers.values_mut().find(|lb| ours(owner, &lb.tags))
    }

    pub fn our_groups(&self, owner: &Owner) -> Vec<TargetGroupArn> {
        self.target_groups.iter().filter(|(_, group)| ours(owner, &group.tags)).map(|(arn, _)| arn.clone()).collect()
    }

    pub fn our_service(&self, owner: &Owner) -> Option<ServiceId> {
        let ours = |service: &super::state::Service| service.state.alive() && ours(owner, &service.tags);
        self.services.iter().find(|(_, service)| ours(service)).map(|(id, _)| id.clone())
    }

    /// One change by hand, by number; whatever does not apply does nothing.
    pub fn drift(&mut self, owner: &Owner, rng: &mut fastrand::Rng) -> &'static str {
        let groups = self.our_groups(owner);
        let group = rng.choice(&groups).cloned();
        match rng.u32(0..16) {
            number @ 8.. => self.drift_of_settings(number, owner, group),
            0 => {
                if let Some(lb) = self.our_load_balancer(owner)
                    && let Some(port) = rng.choice(lb.listeners.keys().copied().collect::<Vec<_>>())
                {
                    lb.listeners.remove(&port);
                }
                "an NLB listener is deleted"
            }
            1 => {
                if let Some(group) = group.and_then(|arn| self.target_groups.get_mut(&arn)) {
                    group.targets.pop_first();
                }
                "a target is deregistered"
            }
            2 => {
                if let Some(arn) = group.filter(|arn| self.users(arn).next().is_none()) {
                    self.target_groups.remove(&arn);
                }
                "an unused target group is deleted"
            }
            3 => {
                if let Some(group) = self.our_security_group(owner) {
                    group.rules.pop_first();
                }
                "a rule is revoked"
            }
            4 => {
                if let Some((id, _)) = self.security_groups.iter().find(|(_, group)| ours(owner, &group.tags)) {
                    let (id, rule) = (id.clone(), stranger_rule());
                    if !self.security_groups[&id].rules.values().any(|held| held.rule == rule) {
                        self.hold_rule(&id, rule, &Tags::new());
                    }
                }
                "a stranger's rule is added"
            }
            5 => {
                let stranger = Target { id: TargetId::Instance(self.start_stranger()), port: Port(39092) };
                if let Some(group) = group.and_then(|arn| self.target_groups.get_mut(&arn))
                    && group.target_type == TargetType::Instance
                {
                    group.targets.insert(stranger, Registration { health: Health::Initial, until: None });
                }
                "a stranger's target is registered"
            }
            6 => {
                self.add_stranger_listener(owner);
                "a stranger's NLB listener is added"
            }
            7 => {
                if let Some(service) = self.our_service(owner).and_then(|id| self.services.get_mut(&id)) {
                    service.principals.insert("arn:aws:iam::999999999999:root".into());
                }
                "a stranger's principal is added"
            }
        }
    }

    fn drift_of_settings(&mut self, number: u32, owner: &Owner, group: Option<TargetGroupArn>) -> &'static str {
        match number {
            8 => {
                if let Some(group) = group.and_then(|arn| self.target_groups.get_mut(&arn)) {
                    group.attributes.insert("preserve_client_ip.enabled".into(), "true".into());
                    group.health_check.interval_seconds = 30;
                }
                "a group's attributes and health check are changed"
            }
            9 => {
                if let Some(lb) = self.our_load_balancer(owner) {
                    lb.listeners.values_mut().for_each(|listener| listener.idle_timeout_seconds = 4000);
                    lb.inbound_rules = InboundRules::Ignored;
                }
                "idle timeouts and inbound rules are changed"
            }
            10 => {
                if let Some(service) = self.our_service(owner).and_then(|id| self.services.get_mut(&id)) {
                    service.acceptance_required = false;
                    service.principals.pop_first();
                }
                "acceptance is switched off and a principal removed"
            }
            11 => {
                if let Some(arn) = group
                    && let Some(lb) = self.our_load_balancer(owner)
                    && let Some(listener) = lb.listeners.values_mut().next()
                {
                    listener.forward = [(arn, 1)].into();
                }
                "an NLB listener is led elsewhere"
            }
            12 => {
                if let Some(service) = self.our_service(owner).and_then(|id| self.services.get_mut(&id))
                    && service.connections.is_empty()
                {
                    service.state = ServiceState::Deleted;
                }
                "the service is deleted"
            }
            13 => {
                self.delete_balancer(owner);
                "the load balancer is deleted"
            }
            14 => {
                if let Some(id) = self.our_security_group(owner).and_then(|group| group.rules.keys().next().cloned())
                    && let Some(group) = self.our_security_group(owner)
                {
                    group.rules.retain(|rule, _| *rule == id);
                }
                "all rules but one are revoked"
            }
            _ => {
                if let Some(group) = group.and_then(|arn| self.target_groups.get_mut(&arn)) {
                    group.tags.retain(|key, _| key == OWNER_TAG);
                }
                "tags of a group are removed, but for the owner"
            }
        }
    }

    /// As AWS lets anybody who may: not with a service on it, nor protected.
    fn delete_balancer(&mut self, owner: &Owner) {
        let found = self.load_balancers.iter().find(|(_, lb)| ours(owner, &lb.tags));
        let Some((arn, lb)) = found.map(|(arn, lb)| (arn.clone(), LoadBalancer::clone(lb))) else { return };
        let protected = lb.attributes.get("deletion_protection.enabled").is_some_and(|on| on == "true");
        if self.service_of(&arn).is_none() && !protected {
            let until = self.now + 2;
            self.lingering.push(Lingering { groups: lb.security_groups, subnets: lb.subnets, until });
            self.load_balancers.remove(&arn);
        }
    }

    fn our_security_group(&mut self, owner: &Owner) -> Option<&mut Shared<SecurityGroup>> {
        self.security_groups.values_mut().find(|group| ours(owner, &group.tags))
    }

    fn start_stranger(&mut self) -> InstanceId {
        let id = self.start_broker(0, 1);
        self.instances.get_mut(&id).expect("just made").tags.clear();
        id
    }

    pub fn add_stranger_listener(&mut self, owner: &Owner) {
        let Some((lb_arn, _)) = self.load_balancers.iter().find(|(_, lb)| ours(owner, &lb.tags)) else { return };
        let (lb_arn, port) = (lb_arn.clone(), Port(7777));
        let group = TargetGroupArn::from("arn:theirs:targetgroup/neighbour/1");
        let listener = NlbListener {
            arn: format!("{lb_arn}/stranger").into(),
            tcp: true,
            forward: [(group, 1)].into(),
            idle_timeout_seconds: 350,
            tags: Tags::new(),
        };
        self.load_balancers.get_mut(&lb_arn).expect("found above").listeners.entry(port).or_insert(listener);
    }
}

fn stranger_rule() -> Rule {
    Rule {
        direction: Direction::Ingress,
        peer: Peer::Cidr("192.0.2.0/24".parse().expect("a block")),
        traffic: Traffic::Tcp(PortRange::single(Port(22))),
    }
}
