//! `status`: what an object has come to, on one screen.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

use clap::Args;
use kpl_core::api::{KafkaPrivateLink, KafkaPrivateLinkStatus};
use kpl_core::status::{ConditionType, condition};
use thiserror::Error;

use super::object::{Named, Unreadable};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
}

/// Why nothing is shown.
#[derive(Debug, Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Object(#[from] Unreadable),
    #[error("stdout cannot be written to")]
    Output(#[source] io::Error),
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Failed> {
    let found = arguments.named.find().await?;
    let text = text(&found.shown, &found.object);
    io::stdout().write_all(text.as_bytes()).map_err(Failed::Output)
}

fn text(shown: &str, object: &KafkaPrivateLink) -> String {
    let mut text = String::new();
    write(&mut text, shown, object).expect("a string takes all");
    text
}

fn write(out: &mut String, shown: &str, object: &KafkaPrivateLink) -> fmt::Result {
    let Some(status) = &object.status else { return writeln!(out, "{shown}: the operator has not seen it") };
    let ready = condition(&status.conditions, ConditionType::Ready);
    let word = ready.map_or("unknown", |ready| match ready.status.as_str() {
        "True" => "ready",
        "False" => "not ready",
        _ => "unknown",
    });
    writeln!(out, "{shown}: {word}{}", ready.map(|ready| format!(", {}", ready.message)).unwrap_or_default())?;
    if status.observed_generation != object.metadata.generation {
        writeln!(out, "  the operator has not seen the last change of the spec yet")?;
    }
    let none = || "-".to_owned();
    if let Some(service) = &status.endpoint_service {
        let name = service.service_name.clone().unwrap_or_else(none);
        writeln!(out, "service {name} in {}", service.zone_ids.join(" "))?;
    }
    if let Some(network) = &status.network {
        let subnets = network.subnets.iter();
        let subnets = subnets.map(|held| format!(", {} {}", held.zone_id, held.subnet_id.as_deref().unwrap_or("-")));
        let vpc = network.vpc_id.as_deref().unwrap_or("subnets");
        writeln!(out, "made for it: {vpc}{}", subnets.collect::<String>())?;
    }
    for listener in &status.listeners {
        let port = listener.bootstrap.as_ref().and_then(|bootstrap| bootstrap.port);
        writeln!(out, "listener {}, bootstrap {}", listener.name, port.map_or_else(none, |port| port.to_string()))?;
        for broker in &listener.brokers {
            let cells = [
                broker.id.to_string(),
                broker.zone_id.clone().unwrap_or_else(none),
                broker.port.map_or_else(none, |port| port.to_string()),
                broker.health.clone().unwrap_or_else(none),
                broker.advertised.clone().unwrap_or_else(none),
            ];
            writeln!(out, "  broker {:<6} {:<12} {:<6} {:<12} {}", cells[0], cells[1], cells[2], cells[3], cells[4])?;
        }
    }
    connections(out, status)?;
    for condition in status.conditions.iter().filter(|condition| needs_a_look(&condition.type_, &condition.status)) {
        writeln!(out, "{} {}: {}: {}", condition.type_, condition.status, condition.reason, condition.message)?;
    }
    if status.confirmation.is_some() {
        writeln!(out, "to confirm what goes: confirm {}", object.metadata.name.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn connections(out: &mut String, status: &KafkaPrivateLinkStatus) -> fmt::Result {
    for connection in &status.connections {
        let of = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let (account, state, rule) = (of(&connection.account_id), of(&connection.state), of(&connection.accepted_by));
        writeln!(out, "connection {} of {account}: {state}, by {rule}", connection.endpoint_id)?;
    }
    Ok(())
}

/// `Ready` has been said already; `Stalled` and `Reconciling` are bad news when they are True.
pub(super) fn needs_a_look(kind: &str, status: &str) -> bool {
    let is = |kind_: ConditionType| kind == kind_.as_str();
    let bad = if is(ConditionType::Stalled) || is(ConditionType::Reconciling) { "False" } else { "True" };
    !is(ConditionType::Ready) && status != bad
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(status: &serde_json::Value) -> KafkaPrivateLink {
        serde_json::from_value(json!({
            "apiVersion": "kafka-privatelink.io/v1alpha1", "kind": "KafkaPrivateLink",
            "metadata": { "name": "orders", "generation": 2 },
            "spec": {
                "region": "us-west-2", "network": { "vpcId": "vpc-1", "subnets": [] },
                "brokers": {}, "listeners": [], "endpointService": { "consumers": [] },
            },
            "status": status,
        }))
        .expect("an object")
    }

    #[test]
    fn what_needs_a_look_is_said_and_the_rest_is_not() {
        let condition = |kind: &str, status: &str, reason: &str, message: &str| {
            json!({ "type": kind, "status": status, "reason": reason, "message": message,
                    "lastTransitionTime": "2026-01-01T00:00:00Z" })
        };
        let object = object(&json!({
            "observedGeneration": 1,
            "conditions": [
                condition("Ready", "True", "Available", "consumers connect"),
                condition("InSync", "True", "InSync", "AWS is as the spec says"),
                condition("BrokersHealthy", "False", "BrokersUnhealthy", "broker 2 at EXTERNAL"),
                condition("Reconciling", "True", "Progressing", "1 step to go"),
            ],
            "listeners": [{ "name": "EXTERNAL", "bootstrap": { "port": 9092 },
                            "brokers": [{ "id": 1, "port": 9093, "health": "Healthy" }] }],
            "network": { "vpcId": "vpc-2", "subnets": [{ "zoneId": "usw2-az1", "subnetId": "subnet-1" }] },
            "connections": [{ "endpointId": "vpce-1", "accountId": "1", "state": "available", "acceptedBy": "Automatic" }],
        }));
        assert_eq!(
            text("default/orders", &object),
            "default/orders: ready, consumers connect\n\
             \x20 the operator has not seen the last change of the spec yet\n\
             made for it: vpc-2, usw2-az1 subnet-1\n\
             listener EXTERNAL, bootstrap 9092\n\
             \x20 broker 1      -            9093   Healthy      -\n\
             connection vpce-1 of 1: available, by Automatic\n\
             BrokersHealthy False: BrokersUnhealthy: broker 2 at EXTERNAL\n\
             Reconciling True: Progressing: 1 step to go\n"
        );
    }
}
