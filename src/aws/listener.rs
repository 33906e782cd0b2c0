//! NLB listeners.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, Listener as AwsListener, ListenerAttribute, ProtocolEnum,
    TargetGroupTuple,
};
use kpl_core::model::{
    Answer, ErrorClass, Failure, Forward, Listener, ListenerArn, LoadBalancerArn, Port, Seen, TargetGroupArn,
};
use kpl_core::plan::listener::Change;

use super::call::Unwritten;
use super::{Clients, convert, operation};

const IDLE_TIMEOUT: &str = "tcp.idle_timeout.seconds";
/// What AWS takes for a group without a weight. The weight of a single group says nothing, so it always
/// reads as this.
const WEIGHT: u32 = 1;

/// All listeners of a load balancer.
pub(super) async fn listeners(aws: &Clients, balancer: &LoadBalancerArn) -> Result<BTreeMap<Port, Listener>, Failure> {
    let request = |marker| {
        let request = aws.elb.describe_listeners().load_balancer_arn(balancer.as_str());
        request.page_size(400).set_marker(marker).send()
    };
    let answers = aws.pages(operation::DESCRIBE_LISTENERS, request, |page| page.next_marker()).await?;
    Ok(answers.iter().flat_map(|page| page.listeners()).filter_map(listener).collect())
}

fn listener(listener: &AwsListener) -> Option<(Port, Listener)> {
    let port = Port(u16::try_from(listener.port()?).ok()?);
    let seen = Listener {
        arn: ListenerArn::new(listener.listener_arn()?),
        tcp: listener.protocol() == Some(&ProtocolEnum::Tcp),
        forward: listener.default_actions().iter().find_map(forward).unwrap_or_default(),
        idle_timeout_seconds: Seen::Unread,
        tags: Seen::Unread,
    };
    Some((port, seen))
}

/// AWS repeats a single group of the weighted form in the plain one; the weighted form says all.
fn forward(action: &Action) -> Option<Forward> {
    if action.r#type() != Some(&ActionTypeEnum::Forward) {
        return None;
    }
    let tuples = action.forward_config().map(ForwardActionConfig::target_groups).unwrap_or_default();
    let mut forward: Forward = tuples
        .iter()
        .filter_map(|tuple| {
            let weight = tuple.weight().map_or(WEIGHT, |weight| convert::count(Some(weight)));
            Some((TargetGroupArn::new(tuple.target_group_arn()?), weight))
        })
        .collect();
    if let (true, Some(arn)) = (forward.is_empty(), action.target_group_arn()) {
        forward.insert(TargetGroupArn::new(arn), WEIGHT);
    }
    if forward.len() == 1 {
        forward.values_mut().filter(|weight| **weight > 0).for_each(|weight| *weight = WEIGHT);
    }
    Some(forward)
}

/// A single group goes in the plain form, which every partition knows.
fn action(forward: &Forward) -> Action {
    let action = Action::builder().r#type(ActionTypeEnum::Forward);
    if let (1, Some(arn)) = (forward.len(), forward.keys().next()) {
        return action.target_group_arn(arn.as_str()).build();
    }
    let tuples = forward.iter().map(|(arn, weight)| {
        TargetGroupTuple::builder().target_group_arn(arn.as_str()).weight(convert::number(*weight)).build()
    });
    let config = ForwardActionConfig::builder().set_target_groups(Some(tuples.collect())).build();
    action.forward_config(config).build()
}

/// The idle timeout: `Read` if AWS tells one, `Unread` for a protocol that has none, `None` when the
/// listener is gone.
pub(super) async fn idle_timeout(aws: &Clients, arn: &ListenerArn) -> Result<Option<Seen<u32>>, Failure> {
    let request = aws.elb.describe_listener_attributes().listener_arn(arn.as_str());
    let answer = match aws.read(operation::DESCRIBE_LISTENER_ATTRIBUTES, request.send()).await {
        Err(failure) if failure.class == ErrorClass::NotFound => return Ok(None),
        answer => answer?,
    };
    let timeout = answer.attributes().iter().find(|attribute| attribute.key() == Some(IDLE_TIMEOUT));
    let seconds = timeout.and_then(|attribute| attribute.value()?.parse().ok());
    Ok(Some(seconds.map_or(Seen::Unread, Seen::Read)))
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    let elb = &aws.elb_writes;
    match change {
        Change::Create { load_balancer, port, forward, tags } => {
            let operation = operation::CREATE_LISTENER;
            let request = elb
                .create_listener()
                .load_balancer_arn(load_balancer.as_str())
                .protocol(ProtocolEnum::Tcp)
                .port(i32::from(port.0))
                .default_actions(action(forward))
                .set_tags(convert::elb_tags(tags));
            let answer = aws.write(operation, request.send()).await?;
            let arn = answer.listeners().iter().find_map(|listener| listener.listener_arn());
            let arn = arn.ok_or_else(|| Unwritten::incomplete(operation, "the listener's ARN"))?;
            Ok(Answer::Listener(ListenerArn::new(arn)))
        }
        Change::SetForward { arn, forward, .. } => {
            let request = elb.modify_listener().listener_arn(arn.as_str()).protocol(ProtocolEnum::Tcp);
            aws.write(operation::MODIFY_LISTENER, request.default_actions(action(forward)).send()).await?;
            Ok(Answer::Accepted)
        }
        Change::SetIdleTimeout { arn, seconds, .. } => {
            let attribute = ListenerAttribute::builder().key(IDLE_TIMEOUT).value(seconds.to_string()).build();
            let request = elb.modify_listener_attributes().listener_arn(arn.as_str()).attributes(attribute);
            aws.write(operation::MODIFY_LISTENER_ATTRIBUTES, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Delete { arn, .. } => {
            aws.write(operation::DELETE_LISTENER, elb.delete_listener().listener_arn(arn.as_str()).send()).await?;
            Ok(Answer::Accepted)
        }
    }
}
