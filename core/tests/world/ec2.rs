//! Writes to subnets, security groups and their rules, refused as EC2 refuses them.

use kpl_core::model::{
    Answer, Direction, ErrorClass, Peer, PortRange, Rule, SecurityGroupId, Seen, Subnet as SeenSubnet, SubnetId, Tags,
    Traffic,
};
use kpl_core::plan::{broker_group_rule, security_group, subnet};

use super::state::{Aws, HeldRule, SecurityGroup, Subnet};
use super::{Refusal, Said, no};

/// Rules in one direction of a group, by default.
pub const RULES_MOST: usize = 60;

impl Aws {
    pub fn write_subnet(&mut self, change: &subnet::Change) -> Said {
        match change {
            subnet::Change::Create { zone, vpc, cidr, tags } => {
                let blocks = self.vpcs.get(vpc).ok_or(no(ErrorClass::NotFound, "InvalidVpcID.NotFound"))?;
                if !blocks.iter().any(|block| block.contains(cidr)) {
                    return Err(no(ErrorClass::Invalid, "InvalidSubnet.Range"));
                }
                let overlaps = |held: &&Subnet| held.cidr.contains(cidr) || cidr.contains(&held.cidr);
                if self.subnets.values().filter(|held| held.vpc == *vpc).any(|held| overlaps(&&**held)) {
                    return Err(no(ErrorClass::AlreadyExists, "InvalidSubnet.Conflict"));
                }
                let zone_name = self.zones.get(zone).ok_or(no(ErrorClass::Invalid, "InvalidParameterValue"))?.clone();
                let id = SubnetId::new(format!("subnet-{}", self.digits(&format!("subnet {vpc} {cidr}"))));
                let free = (1u32 << (32 - u32::from(cidr.prefix_len()))) - 5;
                let held = Subnet { vpc: vpc.clone(), zone: zone.clone(), cidr: *cidr, free, tags: tags.clone() };
                self.subnets.insert(id.clone(), held.into());
                Ok(Answer::Subnet(SeenSubnet {
                    id,
                    vpc: vpc.clone(),
                    zone: zone.clone(),
                    zone_name,
                    cidr: *cidr,
                    free_addresses: free,
                    tags: Seen::Unread,
                }))
            }
            subnet::Change::Delete { id, .. } => {
                let held = self.subnets.get(id).ok_or(no(ErrorClass::NotFound, "InvalidSubnetID.NotFound"))?;
                let used = self.houses(&held.vpc, &held.zone)
                    || self.load_balancers.values().any(|lb| lb.subnets.contains(id))
                    || self.interfaces.values().any(|interface| interface.subnet == *id);
                if used || self.lingering.iter().any(|interfaces| interfaces.subnets.contains(id)) {
                    return Err(no(ErrorClass::InUse, "DependencyViolation"));
                }
                self.subnets.remove(id);
                self.untie(id);
                Ok(Answer::Accepted)
            }
        }
    }

    pub fn write_security_group(&mut self, change: &security_group::Change) -> Said {
        match change {
            security_group::Change::Create { name, description: _, vpc, tags } => {
                let same = |group: &&SecurityGroup| group.vpc == *vpc && group.name.eq_ignore_ascii_case(name.as_str());
                if self.security_groups.values().any(|group| same(&&**group)) {
                    return Err(no(ErrorClass::AlreadyExists, "InvalidGroup.Duplicate"));
                }
                let id = SecurityGroupId::new(format!("sg-{}", self.digits(&format!("sg {vpc} {name}"))));
                let group =
                    SecurityGroup { name: name.to_string(), vpc: vpc.clone(), tags: tags.clone(), rules: [].into() };
                self.security_groups.insert(id.clone(), group.into());
                self.hold_rule(&id, Rule::allow_all_egress(), &Tags::new());
                Ok(Answer::SecurityGroup(id))
            }
            security_group::Change::Authorize { group, direction, rules } => {
                self.authorize(group, *direction, rules.iter(), &Tags::new())?;
                Ok(Answer::Accepted)
            }
            security_group::Change::Revoke { group, direction, rules } => {
                let held = self.security_groups.get_mut(group).ok_or_else(no_group)?;
                if rules.iter().any(|rule| rule.direction != *direction) {
                    return Err(no(ErrorClass::Invalid, "InvalidParameterValue"));
                }
                if rules.iter().any(|rule| !held.rules.values().any(|held| held.rule == *rule)) {
                    return Err(no(ErrorClass::NotFound, "InvalidPermission.NotFound"));
                }
                held.rules.retain(|_, held| !rules.contains(&held.rule));
                Ok(Answer::Accepted)
            }
            security_group::Change::Delete { group } => {
                if !self.security_groups.contains_key(group) {
                    return Err(no_group());
                }
                let named = self.security_groups.iter().any(|(id, other)| {
                    id != group && other.rules.values().any(|held| held.rule.peer == Peer::Group(group.clone()))
                });
                if named || self.interfaces(group) > 0 {
                    return Err(no(ErrorClass::InUse, "DependencyViolation"));
                }
                self.security_groups.remove(group);
                Ok(Answer::Accepted)
            }
        }
    }

    pub fn write_broker_group_rule(&mut self, change: &broker_group_rule::Change) -> Said {
        match change {
            broker_group_rule::Change::Authorize { group, source, port, tags } => {
                if !self.security_groups.contains_key(source) {
                    return Err(no_group());
                }
                let rule = Rule {
                    direction: Direction::Ingress,
                    peer: Peer::Group(source.clone()),
                    traffic: Traffic::Tcp(PortRange::single(*port)),
                };
                let ids = self.authorize(group, Direction::Ingress, [&rule].into_iter(), tags)?;
                Ok(Answer::BrokerGroupRule(ids.into_iter().next().expect("one rule was made")))
            }
            broker_group_rule::Change::Revoke { group, rule } => {
                let held = self.security_groups.get_mut(group).ok_or_else(no_group)?;
                match held.rules.remove(rule) {
                    Some(_) => Ok(Answer::Accepted),
                    None => Err(no(ErrorClass::NotFound, "InvalidSecurityGroupRuleId.NotFound")),
                }
            }
        }
    }

    fn authorize<'a>(
        &mut self,
        group: &SecurityGroupId,
        direction: Direction,
        rules: impl Iterator<Item = &'a Rule> + Clone,
        tags: &Tags,
    ) -> Result<Vec<kpl_core::model::SecurityGroupRuleId>, Refusal> {
        let held = self.security_groups.get(group).ok_or_else(no_group)?;
        if rules.clone().any(|rule| rule.direction != direction) {
            return Err(no(ErrorClass::Invalid, "InvalidParameterValue"));
        }
        if rules.clone().any(|rule| held.rules.values().any(|held| held.rule == *rule)) {
            return Err(no(ErrorClass::AlreadyExists, "InvalidPermission.Duplicate"));
        }
        let there = held.rules.values().filter(|held| held.rule.direction == direction).count();
        if there + rules.clone().count() > RULES_MOST {
            return Err(no(ErrorClass::Quota, "RulesPerSecurityGroupLimitExceeded"));
        }
        Ok(rules.map(|rule| self.hold_rule(group, rule.clone(), tags)).collect())
    }

    /// Puts a rule into a group that exists.
    pub fn hold_rule(
        &mut self,
        group: &SecurityGroupId,
        rule: Rule,
        tags: &Tags,
    ) -> kpl_core::model::SecurityGroupRuleId {
        let id = format!("sgr-{}", self.digits(&format!("sgr {group} {rule}"))).into();
        let held = self.security_groups.get_mut(group).expect("the caller has found it");
        held.rules.insert(kpl_core::model::SecurityGroupRuleId::clone(&id), HeldRule { rule, tags: tags.clone() });
        id
    }
}

fn no_group() -> Refusal {
    no(ErrorClass::NotFound, "InvalidGroup.NotFound")
}
