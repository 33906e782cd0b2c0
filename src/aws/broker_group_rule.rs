//! Rules of ours in the brokers' own security groups.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{IpPermission, ResourceType, SecurityGroupRule, UserIdGroupPair};
use kpl_core::model::{
    Answer, BrokerGroupRule, Failure, Port, RESOURCE_TAG, ResourceKey, Scope, SecurityGroupId, SecurityGroupRuleId,
};
use kpl_core::plan::broker_group_rule::Change;

use super::call::{Unwritten, confirmed};
use super::{Clients, convert, operation};

type Rules = BTreeMap<SecurityGroupId, BTreeMap<SecurityGroupRuleId, BrokerGroupRule>>;

/// By our owner tag and not by group: a group that the spec names no more may still hold a rule of ours.
pub(super) async fn rules(aws: &Clients, scope: &Scope) -> Result<Rules, Failure> {
    let request = |token| {
        let request = aws.ec2.describe_security_group_rules().filters(convert::owned(&scope.owner));
        request.max_results(1000).set_next_token(token).send()
    };
    let answers = aws.pages(operation::DESCRIBE_SECURITY_GROUP_RULES, request, |page| page.next_token()).await?;
    let mut rules = Rules::new();
    for rule in answers.iter().flat_map(|page| page.security_group_rules()) {
        if let Some((group, id, rule)) = ours(scope, rule) {
            rules.entry(group).or_default().insert(id, rule);
        }
    }
    Ok(rules)
}

/// The rules of the load balancer's own group carry our owner tag too, and none of them names a group.
fn ours(scope: &Scope, rule: &SecurityGroupRule) -> Option<(SecurityGroupId, SecurityGroupRuleId, BrokerGroupRule)> {
    let tags = convert::tags(rule.tags());
    let source = rule.referenced_group_info().and_then(|group| group.group_id());
    let for_brokers = tags.get(RESOURCE_TAG) == Some(&ResourceKey::BrokerGroupRule.to_string());
    if !convert::is_ours(&scope.owner, &tags) || !(for_brokers || source.is_some()) {
        return None;
    }
    let source = source.or_else(|| rule.cidr_ipv4()).or_else(|| rule.cidr_ipv6()).or_else(|| rule.prefix_list_id());
    // A rule that somebody changed into what we never make must not look like one of ours: port 0 is wanted
    // by nobody, so it is revoked.
    let port = match (rule.is_egress(), rule.ip_protocol(), rule.from_port(), rule.to_port()) {
        (Some(false), Some("tcp" | "6"), Some(first), Some(last)) if first == last => u16::try_from(first).ok(),
        _ => None,
    };
    Some((
        SecurityGroupId::new(rule.group_id()?),
        SecurityGroupRuleId::new(rule.security_group_rule_id()?),
        BrokerGroupRule { source: SecurityGroupId::new(source.unwrap_or_default()), port: Port(port.unwrap_or(0)) },
    ))
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    match change {
        Change::Authorize { group, source, port, tags } => {
            let operation = operation::AUTHORIZE_SECURITY_GROUP_INGRESS;
            let permission = IpPermission::builder()
                .ip_protocol("tcp")
                .from_port(i32::from(port.0))
                .to_port(i32::from(port.0))
                .user_id_group_pairs(UserIdGroupPair::builder().group_id(source.as_str()).build())
                .build();
            let request = aws
                .ec2_writes
                .authorize_security_group_ingress()
                .group_id(group.as_str())
                .ip_permissions(permission)
                .set_tag_specifications(convert::tagged(ResourceType::SecurityGroupRule, tags));
            let answer = aws.write(operation, request.send()).await?;
            confirmed(operation, &answer, answer.r#return())?;
            let made = answer.security_group_rules().iter().find_map(|rule| rule.security_group_rule_id());
            let id = made.ok_or_else(|| Unwritten::incomplete(operation, "the rule's id"))?;
            Ok(Answer::BrokerGroupRule(SecurityGroupRuleId::new(id)))
        }
        Change::Revoke { group, rule } => {
            let operation = operation::REVOKE_SECURITY_GROUP_INGRESS;
            let request = aws.ec2_writes.revoke_security_group_ingress().group_id(group.as_str());
            let answer = aws.write(operation, request.security_group_rule_ids(rule.as_str()).send()).await?;
            confirmed(operation, &answer, answer.r#return())?;
            Ok(Answer::Accepted)
        }
    }
}
