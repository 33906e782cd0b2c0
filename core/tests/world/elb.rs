//! Writes to target groups, load balancers and their listeners, refused as ELB refuses them.

use std::collections::{BTreeMap, BTreeSet};

use kpl_core::model::{
    Answer, AwsName, ErrorClass, Forward, Health, InboundRules, InstanceState, ListenerArn,
    LoadBalancer as SeenBalancer, LoadBalancerArn, Port, Seen, SubnetId, Tags, Target, TargetGroupArn, TargetId,
    TargetType, ZoneId,
};
use kpl_core::plan::{listener, load_balancer, target_group};

use super::state::{Aws, Lingering, LoadBalancer, NlbListener, Registration, Shared, TargetGroup};
use super::time::DRAIN;
use super::{Manners, Refusal, Said, no};

/// Free addresses that AWS wants in each subnet.
const FREE_LEAST: u32 = 8;
/// How many targets a zone needs for its address to be in DNS.
const FAILOVER: &str = "target_group_health.dns_failover.minimum_healthy_targets.count";
const ARN: &str = "arn:aws:elasticloadbalancing:us-west-2:111122223333";

impl Aws {
    pub fn write_target_group(&mut self, change: &target_group::Change, manners: &Manners) -> Said {
        use target_group::Change;
        match change {
            Change::Create { name, target_type, vpc, health_check, tags } => {
                if let Some((arn, held)) = self.target_groups.iter().find(|(_, held)| held.name == *name) {
                    let same =
                        held.target_type == *target_type && held.vpc == *vpc && held.health_check == *health_check;
                    return if same {
                        Ok(Answer::TargetGroup(arn.clone()))
                    } else {
                        Err(no(ErrorClass::AlreadyExists, "DuplicateTargetGroupName"))
                    };
                }
                if !self.vpcs.contains_key(vpc) {
                    return Err(no(ErrorClass::Invalid, "ValidationError"));
                }
                if self.target_groups.len() >= manners.target_groups_most {
                    return Err(no(ErrorClass::Quota, "TooManyTargetGroups"));
                }
                let digits = self.digits(&format!("targetgroup/{name}"));
                let arn = TargetGroupArn::new(format!("{ARN}:targetgroup/{name}/{digits}"));
                let group = TargetGroup {
                    name: name.clone(),
                    target_type: *target_type,
                    vpc: vpc.clone(),
                    health_check: *health_check,
                    attributes: new_group_attributes(*target_type),
                    tags: tags.clone(),
                    targets: BTreeMap::new(),
                };
                self.target_groups.insert(arn.clone(), group.into());
                Ok(Answer::TargetGroup(arn))
            }
            Change::SetHealthCheck { arn, health_check, .. } => {
                self.group(arn)?.health_check = *health_check;
                Ok(Answer::Accepted)
            }
            Change::SetAttributes { arn, attributes, .. } => {
                let known = new_group_attributes(TargetType::Ip);
                let group = self.group(arn)?;
                let off = attributes.get(FAILOVER).is_some_and(|count| count == "off");
                if attributes.keys().any(|key| !known.contains_key(key)) || (off && !manners.takes_failover_off) {
                    return Err(no(ErrorClass::Invalid, "ValidationError"));
                }
                group.attributes.extend(attributes.clone());
                Ok(Answer::Accepted)
            }
            Change::Register { arn, targets, .. } => self.register(arn, targets),
            Change::Deregister { arn, targets, .. } => {
                let (used, now) = (self.users(arn).next().is_some(), self.now);
                let group = self.group(arn)?;
                for target in targets {
                    if used && let Some(held) = group.targets.get_mut(target) {
                        if held.health != Health::Draining {
                            *held = Registration { health: Health::Draining, until: Some(now + DRAIN) };
                        }
                    } else {
                        group.targets.remove(target);
                    }
                }
                Ok(Answer::Accepted)
            }
            Change::Delete { arn, .. } => {
                if self.users(arn).next().is_some() {
                    return Err(no(ErrorClass::InUse, "ResourceInUse"));
                }
                self.target_groups.remove(arn);
                Ok(Answer::Accepted)
            }
        }
    }

    fn group(&mut self, arn: &TargetGroupArn) -> Result<&mut Shared<TargetGroup>, Refusal> {
        self.target_groups.get_mut(arn).ok_or(no(ErrorClass::NotFound, "TargetGroupNotFound"))
    }

    fn register(&mut self, arn: &TargetGroupArn, targets: &BTreeSet<Target>) -> Said {
        let group = self.target_groups.get(arn).ok_or(no(ErrorClass::NotFound, "TargetGroupNotFound"))?;
        for target in targets {
            let fits = match &target.id {
                TargetId::Instance(_) if group.target_type != TargetType::Instance => false,
                TargetId::Instance(id) => {
                    let host = self.instances.get(id);
                    host.is_some_and(|host| host.state == InstanceState::Running && host.vpc == group.vpc)
                }
                TargetId::Ip(address) => {
                    group.target_type == TargetType::Ip
                        && self.vpcs[&group.vpc].iter().any(|block| block.contains(address))
                }
            };
            if !fits {
                return Err(no(ErrorClass::Invalid, "InvalidTarget"));
            }
        }
        let health = if self.users(arn).next().is_some() { Health::Initial } else { Health::Unused };
        let group = self.group(arn)?;
        for target in targets {
            let again = group.targets.get(target).is_none_or(|held| held.health == Health::Draining);
            if again {
                group.targets.insert(target.clone(), Registration { health, until: None });
            }
        }
        Ok(Answer::Accepted)
    }

    pub fn write_load_balancer(&mut self, change: &load_balancer::Change, manners: &Manners) -> Said {
        use load_balancer::Change;
        match change {
            Change::Create { name, subnets, security_group, tags } => {
                self.create_load_balancer(name, subnets, security_group, tags, manners)
            }
            Change::SetAttributes { arn, attributes } => {
                self.balancer(arn)?.attributes.extend(attributes.clone());
                Ok(Answer::Accepted)
            }
            Change::SetSecurityGroups { arn, groups, inbound_rules } => {
                if groups.is_empty() {
                    return Err(no(ErrorClass::Invalid, "InvalidConfigurationRequest"));
                }
                if !groups.iter().all(|group| self.security_groups.contains_key(group)) {
                    return Err(no(ErrorClass::NotFound, "InvalidSecurityGroup"));
                }
                let lb = self.balancer(arn)?;
                lb.security_groups.clone_from(groups);
                lb.inbound_rules = *inbound_rules;
                Ok(Answer::Accepted)
            }
            Change::SetSubnets { arn, subnets, .. } => self.set_subnets(arn, &subnets.keys().cloned().collect()),
            Change::Delete { arn } => {
                let Some(lb) = self.load_balancers.get(arn) else { return Ok(Answer::Accepted) };
                if lb.attributes.get("deletion_protection.enabled").is_some_and(|on| on == "true") {
                    return Err(no(ErrorClass::Invalid, "OperationNotPermitted"));
                }
                if self.service_of(arn).is_some() {
                    return Err(no(ErrorClass::InUse, "ResourceInUse"));
                }
                let (groups, subnets) = (lb.security_groups.clone(), lb.subnets.clone());
                self.lingering.push(Lingering { groups, subnets, until: self.now + manners.linger });
                self.lingering.sort();
                self.load_balancers.remove(arn);
                Ok(Answer::Accepted)
            }
        }
    }

    fn balancer(&mut self, arn: &LoadBalancerArn) -> Result<&mut Shared<LoadBalancer>, Refusal> {
        self.load_balancers.get_mut(arn).ok_or(no(ErrorClass::NotFound, "LoadBalancerNotFound"))
    }

    /// One subnet a zone, each known and with room.
    fn check_subnets(&self, subnets: &BTreeSet<SubnetId>) -> Result<BTreeSet<ZoneId>, Refusal> {
        let mut zones = BTreeSet::new();
        for id in subnets {
            let subnet = self.subnets.get(id).ok_or(no(ErrorClass::NotFound, "SubnetNotFound"))?;
            if !zones.insert(subnet.zone.clone()) {
                return Err(no(ErrorClass::Invalid, "InvalidConfigurationRequest"));
            }
            if subnet.free < FREE_LEAST {
                return Err(no(ErrorClass::Invalid, "InvalidSubnet"));
            }
        }
        if zones.is_empty() { Err(no(ErrorClass::Invalid, "ValidationError")) } else { Ok(zones) }
    }

    fn create_load_balancer(
        &mut self,
        name: &AwsName,
        subnets: &BTreeSet<SubnetId>,
        security_group: &kpl_core::model::SecurityGroupId,
        tags: &Tags,
        manners: &Manners,
    ) -> Said {
        let groups = BTreeSet::from([security_group.clone()]);
        if let Some((arn, held)) = self.load_balancers.iter().find(|(_, held)| held.name == *name) {
            return if held.subnets == *subnets && held.security_groups == groups {
                Ok(Answer::LoadBalancer(self.as_answered(arn, held)))
            } else {
                Err(no(ErrorClass::AlreadyExists, "DuplicateLoadBalancerName"))
            };
        }
        if !self.security_groups.contains_key(security_group) {
            return Err(no(ErrorClass::NotFound, "InvalidSecurityGroup"));
        }
        self.check_subnets(subnets)?;
        let digits = self.digits(&format!("loadbalancer/{name}"));
        let arn = LoadBalancerArn::new(format!("{ARN}:loadbalancer/net/{name}/{digits}"));
        let vpc = self.subnets[subnets.first().expect("checked above")].vpc.clone();
        let nth = self.made[&format!("loadbalancer/{name}")];
        let lb = LoadBalancer {
            name: name.clone(),
            dns_name: format!("{name}-{digits}.elb.us-west-2.amazonaws.com"),
            vpc,
            subnets: subnets.clone(),
            security_groups: groups,
            inbound_rules: InboundRules::Enforced,
            attributes: [("deletion_protection.enabled".to_owned(), "false".to_owned())].into(),
            tags: tags.clone(),
            listeners: BTreeMap::new(),
            busy_until: self.now + manners.provisioning,
            built: false,
            failed: nth <= manners.builds_that_fail,
        };
        let answer = self.as_answered(&arn, &lb);
        self.load_balancers.insert(arn, lb.into());
        Ok(Answer::LoadBalancer(answer))
    }

    fn as_answered(&self, arn: &LoadBalancerArn, lb: &LoadBalancer) -> SeenBalancer {
        SeenBalancer {
            tags: Seen::Unread,
            attributes: Seen::Unread,
            listeners: Seen::Unread,
            ..super::look::load_balancer(self, arn, lb)
        }
    }

    fn set_subnets(&mut self, arn: &LoadBalancerArn, wanted: &BTreeSet<SubnetId>) -> Said {
        let zones = self.check_subnets(wanted)?;
        let lb = self.load_balancers.get(arn).ok_or(no(ErrorClass::NotFound, "LoadBalancerNotFound"))?;
        let gone: Vec<_> = lb.subnets.difference(wanted).collect();
        let swapped = gone.iter().any(|id| self.subnets.get(*id).is_some_and(|subnet| zones.contains(&subnet.zone)));
        if swapped {
            return Err(no(ErrorClass::Invalid, "InvalidConfigurationRequest"));
        }
        let connected =
            self.service_of(arn).is_some_and(|(_, service)| service.connections.values().any(|c| c.state.connected()));
        if !gone.is_empty() && connected {
            return Err(no(ErrorClass::InUse, "ResourceInUse"));
        }
        let now = self.now;
        let lb = self.balancer(arn)?;
        if lb.subnets != *wanted {
            lb.subnets.clone_from(wanted);
            lb.busy_until = now + 1;
        }
        Ok(Answer::Accepted)
    }

    pub fn write_listener(&mut self, change: &listener::Change, manners: &Manners) -> Said {
        use listener::Change;
        match change {
            Change::Create { load_balancer, port, forward, tags } => {
                let lb =
                    self.load_balancers.get(load_balancer).ok_or(no(ErrorClass::NotFound, "LoadBalancerNotFound"))?;
                if let Some(held) = lb.listeners.get(port) {
                    return if held.tcp && held.forward == *forward {
                        Ok(Answer::Listener(held.arn.clone()))
                    } else {
                        Err(no(ErrorClass::AlreadyExists, "DuplicateListener"))
                    };
                }
                self.check_forward(load_balancer, forward)?;
                if self.load_balancers[load_balancer].listeners.len() >= manners.listeners_most {
                    return Err(no(ErrorClass::Quota, "TooManyListeners"));
                }
                let digits = self.digits(&format!("{load_balancer} {port}"));
                let arn =
                    ListenerArn::new(format!("{}/{digits}", load_balancer.as_str().replace(":load", ":listener-of-")));
                let held = NlbListener {
                    arn: arn.clone(),
                    tcp: true,
                    forward: forward.clone(),
                    idle_timeout_seconds: 350,
                    tags: tags.clone(),
                };
                self.balancer(load_balancer)?.listeners.insert(*port, held);
                Ok(Answer::Listener(arn))
            }
            Change::SetForward { arn, forward, .. } => {
                let (lb, port) = self.find_listener(arn)?;
                self.check_forward(&lb, forward)?;
                let held = self.balancer(&lb)?.listeners.get_mut(&port).expect("found above");
                held.forward.clone_from(forward);
                held.tcp = true;
                Ok(Answer::Accepted)
            }
            Change::SetIdleTimeout { arn, seconds, .. } => {
                let (lb, port) = self.find_listener(arn)?;
                if !(60..=6000).contains(seconds) {
                    return Err(no(ErrorClass::Invalid, "InvalidConfigurationRequest"));
                }
                self.balancer(&lb)?.listeners.get_mut(&port).expect("found above").idle_timeout_seconds = *seconds;
                Ok(Answer::Accepted)
            }
            Change::Delete { arn, .. } => {
                let (lb, port) = self.find_listener(arn)?;
                self.balancer(&lb)?.listeners.remove(&port);
                Ok(Answer::Accepted)
            }
        }
    }

    pub fn find_listener(&self, arn: &ListenerArn) -> Result<(LoadBalancerArn, Port), Refusal> {
        self.load_balancers
            .iter()
            .find_map(|(lb, held)| {
                let (port, _) = held.listeners.iter().find(|(_, listener)| listener.arn == *arn)?;
                Some((lb.clone(), *port))
            })
            .ok_or(no(ErrorClass::NotFound, "ListenerNotFound"))
    }

    /// Groups that exist, in the load balancer's VPC, and in no other load balancer.
    fn check_forward(&self, lb: &LoadBalancerArn, forward: &Forward) -> Result<(), Refusal> {
        if forward.is_empty() || forward.values().all(|weight| *weight == 0) && forward.len() == 1 {
            return Err(no(ErrorClass::Invalid, "ValidationError"));
        }
        for arn in forward.keys() {
            let group = self.target_groups.get(arn).ok_or(no(ErrorClass::NotFound, "TargetGroupNotFound"))?;
            if self.load_balancers.get(lb).is_some_and(|lb| lb.vpc != group.vpc) {
                return Err(no(ErrorClass::Invalid, "InvalidConfigurationRequest"));
            }
            if self.users(arn).any(|(user, _)| user != lb) {
                return Err(no(ErrorClass::InUse, "TargetGroupAssociationLimit"));
            }
        }
        Ok(())
    }
}

/// Written apart from `target_group::default_attributes`.
pub fn new_group_attributes(target_type: TargetType) -> kpl_core::model::Attributes {
    BTreeMap::from([
        ("deregistration_delay.timeout_seconds", "300"),
        ("deregistration_delay.connection_termination.enabled", "false"),
        ("preserve_client_ip.enabled", if target_type == TargetType::Ip { "false" } else { "true" }),
        ("proxy_protocol_v2.enabled", "false"),
        ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
        (FAILOVER, "1"),
    ])
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}
