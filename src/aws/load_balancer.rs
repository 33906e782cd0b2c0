//! The network load balancer.

use aws_sdk_elasticloadbalancingv2::types::{
    EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum as Enforce, IpAddressType, LoadBalancer as AwsBalancer,
    LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerStateEnum, LoadBalancerTypeEnum,
};
use kpl_core::model::{
    Answer, Attributes, AwsName, ErrorClass, Failure, InboundRules, LoadBalancer, LoadBalancerArn, LoadBalancerState,
    SecurityGroupId, Seen, SubnetId, ZoneName,
};
use kpl_core::plan::load_balancer::{Change, default_attributes};

use super::call::Unwritten;
use super::{Clients, convert, operation};

/// The load balancer with this ARN, alone; `None` when it is gone.
pub(super) async fn by_arn(aws: &Clients, arn: &LoadBalancerArn) -> Result<Option<LoadBalancer>, Failure> {
    if arn.as_str().is_empty() {
        return Ok(None);
    }
    let found = one(aws, aws.elb.describe_load_balancers().load_balancer_arns(arn.as_str())).await?;
    Ok(found.filter(|balancer| balancer.arn == *arn))
}

/// The load balancer that holds this name, ours or not.
pub(super) async fn by_name(aws: &Clients, name: &AwsName) -> Result<Option<LoadBalancer>, Failure> {
    one(aws, aws.elb.describe_load_balancers().names(name.as_str())).await
}

async fn one(
    aws: &Clients,
    request: aws_sdk_elasticloadbalancingv2::operation::describe_load_balancers::builders::DescribeLoadBalancersFluentBuilder,
) -> Result<Option<LoadBalancer>, Failure> {
    match aws.read(operation::DESCRIBE_LOAD_BALANCERS, request.send()).await {
        Ok(answer) => Ok(answer.load_balancers().iter().find_map(load_balancer)),
        Err(failure) if failure.class == ErrorClass::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn load_balancer(balancer: &AwsBalancer) -> Option<LoadBalancer> {
    let zones = balancer.availability_zones().iter();
    let groups = balancer.security_groups().iter();
    Some(LoadBalancer {
        arn: LoadBalancerArn::new(balancer.load_balancer_arn()?),
        dns_name: balancer.dns_name().unwrap_or_default().to_owned(),
        state: state(balancer.state().and_then(|state| state.code())),
        subnets: zones
            .filter_map(|zone| {
                Some((SubnetId::new(zone.subnet_id()?), ZoneName::new(zone.zone_name().unwrap_or_default())))
            })
            .collect(),
        security_groups: groups.map(|id| SecurityGroupId::new(id.as_str())).collect(),
        inbound_rules: match balancer.enforce_security_group_inbound_rules_on_private_link_traffic() {
            Some("off") => InboundRules::Ignored,
            _ => InboundRules::Enforced,
        },
        tags: Seen::Unread,
        attributes: Seen::Unread,
        listeners: Seen::Unread,
    })
}

fn state(code: Option<&LoadBalancerStateEnum>) -> LoadBalancerState {
    match code {
        Some(LoadBalancerStateEnum::Active) => LoadBalancerState::Active,
        Some(LoadBalancerStateEnum::ActiveImpaired) => LoadBalancerState::ActiveImpaired,
        Some(LoadBalancerStateEnum::Failed) => LoadBalancerState::Failed,
        // A state that nobody has met yet is waited for.
        _ => LoadBalancerState::Provisioning,
    }
}

/// The attributes that we manage, or `None` when the load balancer is gone.
pub(super) async fn attributes(aws: &Clients, arn: &LoadBalancerArn) -> Result<Option<Attributes>, Failure> {
    let request = aws.elb.describe_load_balancer_attributes().load_balancer_arn(arn.as_str());
    let answer = match aws.read(operation::DESCRIBE_LOAD_BALANCER_ATTRIBUTES, request.send()).await {
        Err(failure) if failure.class == ErrorClass::NotFound => return Ok(None),
        answer => answer?,
    };
    let managed = default_attributes();
    let has = answer.attributes().iter();
    let has = has.filter_map(|attribute| Some((attribute.key()?.to_owned(), attribute.value()?.to_owned())));
    Ok(Some(has.filter(|(key, _)| managed.contains_key(key)).collect()))
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    let elb = &aws.elb_writes;
    match change {
        Change::Create { name, subnets, security_group, tags } => {
            let operation = operation::CREATE_LOAD_BALANCER;
            let request = elb
                .create_load_balancer()
                .name(name.as_str())
                .r#type(LoadBalancerTypeEnum::Network)
                .scheme(LoadBalancerSchemeEnum::Internal)
                .ip_address_type(IpAddressType::Ipv4)
                .set_subnets(Some(subnets.iter().map(ToString::to_string).collect()))
                .security_groups(security_group.as_str())
                .set_tags(convert::elb_tags(tags));
            let answer = aws.write(operation, request.send()).await?;
            let made = answer.load_balancers().iter().find_map(load_balancer);
            made.map(Answer::LoadBalancer).ok_or_else(|| Unwritten::incomplete(operation, "the load balancer"))
        }
        Change::SetAttributes { arn, attributes } => {
            let attributes = attributes.iter();
            let attributes =
                attributes.map(|(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build());
            let request = elb.modify_load_balancer_attributes().load_balancer_arn(arn.as_str());
            let request = request.set_attributes(Some(attributes.collect()));
            aws.write(operation::MODIFY_LOAD_BALANCER_ATTRIBUTES, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::SetSecurityGroups { arn, groups, inbound_rules } => {
            let request = elb
                .set_security_groups()
                .load_balancer_arn(arn.as_str())
                .set_security_groups(Some(groups.iter().map(ToString::to_string).collect()))
                .enforce_security_group_inbound_rules_on_private_link_traffic(match inbound_rules {
                    InboundRules::Enforced => Enforce::On,
                    InboundRules::Ignored => Enforce::Off,
                });
            aws.write(operation::SET_SECURITY_GROUPS, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::SetSubnets { arn, subnets, .. } => {
            let request = elb.set_subnets().load_balancer_arn(arn.as_str());
            let request = request.set_subnets(Some(subnets.keys().map(ToString::to_string).collect()));
            aws.write(operation::SET_SUBNETS, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Delete { arn } => {
            let request = elb.delete_load_balancer().load_balancer_arn(arn.as_str());
            aws.write(operation::DELETE_LOAD_BALANCER, request.send()).await?;
            Ok(Answer::Accepted)
        }
    }
}
