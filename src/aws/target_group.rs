//! Target groups and what is registered in them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use aws_sdk_elasticloadbalancingv2::types::{
    ProtocolEnum, TargetDescription, TargetGroup as AwsGroup, TargetGroupAttribute, TargetGroupIpAddressTypeEnum,
    TargetHealthStateEnum, TargetTypeEnum,
};
use kpl_core::model::{
    Answer, Attributes, AwsName, ErrorClass, Failure, Health, HealthCheck, InstanceId, Port, Scope, Seen, Target,
    TargetGroup, TargetGroupArn, TargetId, TargetType,
};
use kpl_core::plan::target_group::{Change, GROUP_PORT, default_attributes};

use super::call::Unwritten;
use super::{Clients, convert, operation, tagging};

/// Most groups that AWS puts on a page.
const PAGE: i32 = 400;
const TRAFFIC_PORT: &str = "traffic-port";
/// ELB's own timeout of a TCP check. It must not exceed the interval.
const TIMEOUT_SECONDS: u32 = 10;

/// The wanted groups, without tags: one listing of the account, whatever their number.
pub(super) async fn expected(aws: &Clients, scope: &Scope) -> Result<BTreeMap<AwsName, TargetGroup>, Failure> {
    let mut groups = listed(aws).await?;
    groups.retain(|name, _| scope.expected_groups.contains(name));
    Ok(groups)
}

/// All with our prefix that are ours by tag or hold a wanted name, with tags.
pub(super) async fn ours(aws: &Clients, scope: &Scope) -> Result<BTreeMap<AwsName, TargetGroup>, Failure> {
    let prefix = scope.owner.name_prefix();
    let mut groups = listed(aws).await?;
    groups.retain(|name, _| name.as_str().starts_with(&prefix) || scope.expected_groups.contains(name));
    let arns: Vec<&str> = groups.values().map(|group| group.arn.as_str()).collect();
    let mut tags = tagging::elb_tags(aws, &arns).await?;
    // Without tags it went between the two calls.
    groups.retain(|name, group| match tags.remove(group.arn.as_str()) {
        Some(tags) => {
            let ours = convert::is_ours(&scope.owner, &tags) || scope.expected_groups.contains(name);
            group.tags = Seen::Read(tags);
            ours
        }
        None => false,
    });
    Ok(groups)
}

async fn listed(aws: &Clients) -> Result<BTreeMap<AwsName, TargetGroup>, Failure> {
    let request = |marker| aws.elb.describe_target_groups().page_size(PAGE).set_marker(marker).send();
    let answers = aws.pages(operation::DESCRIBE_TARGET_GROUPS, request, |page| page.next_marker()).await?;
    Ok(answers.iter().flat_map(|page| page.target_groups()).filter_map(target_group).collect())
}

fn target_group(group: &AwsGroup) -> Option<(AwsName, TargetGroup)> {
    let health_check = HealthCheck {
        interval_seconds: convert::count(group.health_check_interval_seconds()),
        healthy_threshold: convert::count(group.healthy_threshold_count()),
        unhealthy_threshold: convert::count(group.unhealthy_threshold_count()),
        tcp_on_traffic_port: group.health_check_protocol() == Some(&ProtocolEnum::Tcp)
            && group.health_check_port() == Some(TRAFFIC_PORT),
    };
    // Groups of functions and of load balancers are never ours; their tags say so.
    let target_type = match group.target_type() {
        Some(TargetTypeEnum::Ip) => TargetType::Ip,
        _ => TargetType::Instance,
    };
    let seen = TargetGroup {
        arn: TargetGroupArn::new(group.target_group_arn()?),
        target_type,
        tags: Seen::Unread,
        health_check,
        attributes: Seen::Unread,
        targets: Seen::Unread,
    };
    Some((AwsName::new(group.target_group_name()?), seen))
}

/// What is registered, or `None` when the group is gone.
pub(super) async fn targets(
    aws: &Clients,
    group: &TargetGroupArn,
) -> Result<Option<BTreeMap<Target, Health>>, Failure> {
    let request = aws.elb.describe_target_health().target_group_arn(group.as_str());
    let answer = match aws.read(operation::DESCRIBE_TARGET_HEALTH, request.send()).await {
        Err(failure) if failure.class == ErrorClass::NotFound => return Ok(None),
        answer => answer?,
    };
    let targets = answer.target_health_descriptions().iter().filter_map(|description| {
        let state = description.target_health().and_then(|health| health.state());
        Some((target(description.target()?)?, health(state)))
    });
    Ok(Some(targets.collect()))
}

fn target(description: &TargetDescription) -> Option<Target> {
    let id = description.id()?;
    // What is no IPv4 address is kept by its text: it can be deregistered by it.
    let id = id.parse::<Ipv4Addr>().map_or_else(|_| TargetId::Instance(InstanceId::new(id)), TargetId::Ip);
    Some(Target { id, port: Port(u16::try_from(description.port()?).ok()?) })
}

fn health(state: Option<&TargetHealthStateEnum>) -> Health {
    match state {
        Some(TargetHealthStateEnum::Initial) => Health::Initial,
        Some(TargetHealthStateEnum::Healthy) => Health::Healthy,
        Some(TargetHealthStateEnum::Unhealthy) => Health::Unhealthy,
        Some(TargetHealthStateEnum::Unused) => Health::Unused,
        Some(TargetHealthStateEnum::Draining | TargetHealthStateEnum::UnhealthyDraining) => Health::Draining,
        _ => Health::Unavailable,
    }
}

/// The attributes that we manage, or `None` when the group is gone.
pub(super) async fn attributes(aws: &Clients, group: &TargetGroupArn) -> Result<Option<Attributes>, Failure> {
    let request = aws.elb.describe_target_group_attributes().target_group_arn(group.as_str());
    let answer = match aws.read(operation::DESCRIBE_TARGET_GROUP_ATTRIBUTES, request.send()).await {
        Err(failure) if failure.class == ErrorClass::NotFound => return Ok(None),
        answer => answer?,
    };
    let managed = default_attributes(TargetType::Instance);
    let has = answer.attributes().iter();
    let has = has.filter_map(|attribute| Some((attribute.key()?.to_owned(), attribute.value()?.to_owned())));
    Ok(Some(has.filter(|(key, _)| managed.contains_key(key)).collect()))
}

fn described(target: &Target) -> TargetDescription {
    TargetDescription::builder().id(target.id.to_string()).port(i32::from(target.port.0)).build()
}

fn timeout(health_check: HealthCheck) -> i32 {
    convert::number(health_check.interval_seconds.min(TIMEOUT_SECONDS))
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    let elb = &aws.elb_writes;
    match change {
        Change::Create { name, target_type, vpc, health_check, tags } => {
            let operation = operation::CREATE_TARGET_GROUP;
            let request = elb
                .create_target_group()
                .name(name.as_str())
                .protocol(ProtocolEnum::Tcp)
                .port(i32::from(GROUP_PORT))
                .vpc_id(vpc.as_str())
                .target_type(match target_type {
                    TargetType::Instance => TargetTypeEnum::Instance,
                    TargetType::Ip => TargetTypeEnum::Ip,
                })
                .ip_address_type(TargetGroupIpAddressTypeEnum::Ipv4)
                .health_check_enabled(true)
                .health_check_protocol(ProtocolEnum::Tcp)
                .health_check_port(TRAFFIC_PORT)
                .health_check_interval_seconds(convert::number(health_check.interval_seconds))
                .health_check_timeout_seconds(timeout(*health_check))
                .healthy_threshold_count(convert::number(health_check.healthy_threshold))
                .unhealthy_threshold_count(convert::number(health_check.unhealthy_threshold))
                .set_tags(convert::elb_tags(tags));
            let answer = aws.write(operation, request.send()).await?;
            let arn = answer.target_groups().iter().find_map(|group| group.target_group_arn());
            let arn = arn.ok_or_else(|| Unwritten::incomplete(operation, "the group's ARN"))?;
            Ok(Answer::TargetGroup(TargetGroupArn::new(arn)))
        }
        Change::SetHealthCheck { arn, health_check, .. } => {
            let request = elb
                .modify_target_group()
                .target_group_arn(arn.as_str())
                .health_check_protocol(ProtocolEnum::Tcp)
                .health_check_port(TRAFFIC_PORT)
                .health_check_interval_seconds(convert::number(health_check.interval_seconds))
                .health_check_timeout_seconds(timeout(*health_check))
                .healthy_threshold_count(convert::number(health_check.healthy_threshold))
                .unhealthy_threshold_count(convert::number(health_check.unhealthy_threshold));
            aws.write(operation::MODIFY_TARGET_GROUP, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::SetAttributes { arn, attributes, .. } => {
            let attributes = attributes.iter();
            let attributes =
                attributes.map(|(key, value)| TargetGroupAttribute::builder().key(key).value(value).build());
            let request = elb.modify_target_group_attributes().target_group_arn(arn.as_str());
            let request = request.set_attributes(Some(attributes.collect()));
            aws.write(operation::MODIFY_TARGET_GROUP_ATTRIBUTES, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Register { arn, targets, .. } => {
            let request = elb.register_targets().target_group_arn(arn.as_str());
            let request = request.set_targets(Some(targets.iter().map(described).collect()));
            aws.write(operation::REGISTER_TARGETS, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Deregister { arn, targets, .. } => {
            let request = elb.deregister_targets().target_group_arn(arn.as_str());
            let request = request.set_targets(Some(targets.iter().map(described).collect()));
            aws.write(operation::DEREGISTER_TARGETS, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Delete { arn, .. } => {
            let request = elb.delete_target_group().target_group_arn(arn.as_str());
            aws.write(operation::DELETE_TARGET_GROUP, request.send()).await?;
            Ok(Answer::Accepted)
        }
    }
}
