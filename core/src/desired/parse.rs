//! One entry of the spec at a time, from the schema's types to those that cannot be wrong.

use ipnet::Ipv4Net;
use thiserror::Error;

use super::intent::{Acceptance, Brokers, Consumer, Listener, ListenerAccess, VpcSource};
use super::provisioned;
use crate::api::v1alpha1 as api;
use crate::kafka::{Mechanism, SecurityProtocol};
use crate::model::{BrokerId, EndpointId, InstanceId, Port, PortRange, SubnetSource, ZoneId};
use crate::reason::Reason;

/// A spec that the present schema would have refused: an older one let it in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("spec{dot}{field}: {problem}", dot = if field.is_empty() { "" } else { "." })]
pub struct InvalidSpec {
    /// Path of the field; empty for the whole.
    pub field: String,
    /// What is wrong, and what is wanted.
    pub problem: String,
    /// How conditions call it.
    pub reason: Reason,
}

pub(super) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> InvalidSpec {
    InvalidSpec { field: field.into(), problem: problem.into(), reason: Reason::InvalidSpec }
}

fn cidr(field: &str, text: &str) -> Result<Ipv4Net, InvalidSpec> {
    text.parse::<Ipv4Net>()
        .map(|net| net.trunc())
        .map_err(|_| invalid(field, format!("\"{text}\" is not an IPv4 CIDR")))
}

fn port(field: &str, number: i32) -> Result<Port, InvalidSpec> {
    u16::try_from(number)
        .ok()
        .filter(|port| *port > 0)
        .map(Port)
        .ok_or_else(|| invalid(field, format!("{number} is not a port (1 to 65535)")))
}

pub(super) fn count(field: &str, number: i32) -> Result<u32, InvalidSpec> {
    u32::try_from(number).map_err(|_| invalid(field, format!("{number} is negative")))
}

pub(super) fn vpc(network: &api::Network) -> Result<VpcSource, InvalidSpec> {
    match (&network.vpc_id, &network.vpc) {
        (Some(id), None) => Ok(VpcSource::Id(id.as_str().into())),
        (None, Some(made)) => {
            let block = cidr("network.vpc.cidrBlock", &made.cidr_block)?;
            match network.subnets.iter().find(|entry| entry.cidr_block.is_none()) {
                Some(entry) => {
                    let problem = format!("zone {}: in a VPC that is made, a subnet takes a cidrBlock", entry.zone_id);
                    Err(invalid("network.subnets", problem))
                }
                None => Ok(VpcSource::Created(block)),
            }
        }
        _ => Err(invalid("network", "exactly one of vpcId and vpc")),
    }
}

pub(super) fn subnet(entry: &api::Subnet) -> Result<(ZoneId, SubnetSource), InvalidSpec> {
    let zone = ZoneId::new(entry.zone_id.to_ascii_lowercase());
    let source = match (&entry.subnet_id, &entry.cidr_block) {
        (Some(id), None) => SubnetSource::Id(id.as_str().into()),
        (None, Some(block)) => SubnetSource::Created(cidr("network.subnets.cidrBlock", block)?),
        (None, None) if !entry.subnet_tags.is_empty() => SubnetSource::Tags(entry.subnet_tags.clone()),
        _ => {
            let problem = format!("zone {zone}: exactly one of subnetId, subnetTags and cidrBlock");
            return Err(invalid("network.subnets", problem));
        }
    };
    Ok((zone, source))
}

pub(super) fn source(brokers: &api::Brokers) -> Result<Brokers, InvalidSpec> {
    if let Some(ec2) = &brokers.ec2 {
        return Ok(Brokers::Selector { tags: ec2.tags.clone(), id_tag: ec2.id_tag_key.clone() });
    }
    if let Some(made) = &brokers.provisioned {
        return Ok(Brokers::Provisioned(Box::new(provisioned::parse(made)?)));
    }
    let listed = &brokers.static_brokers;
    if listed.is_empty() {
        return Err(invalid("brokers", "exactly one source of brokers: ec2, static or provisioned"));
    }
    let zone = |broker: &api::StaticBroker| ZoneId::new(broker.zone_id.to_ascii_lowercase());
    if listed.iter().all(|broker| broker.instance_id.is_some()) {
        let by_id = listed.iter().filter_map(|broker| {
            let id = broker.instance_id.as_deref()?;
            Some((BrokerId(broker.id), (zone(broker), InstanceId::from(id))))
        });
        return Ok(Brokers::Instances(by_id.collect()));
    }
    let by_address = listed.iter().map(|broker| {
        let text = broker.ip_address.as_deref().unwrap_or_default();
        let address = text.parse().map_err(|_| {
            let problem = format!("broker {}: every broker needs an instanceId, or every one an ipAddress", broker.id);
            invalid("brokers.static", problem)
        })?;
        Ok((BrokerId(broker.id), (zone(broker), address)))
    });
    Ok(Brokers::Addresses(by_address.collect::<Result<_, InvalidSpec>>()?))
}

pub(super) fn listener(entry: &api::Listener) -> Result<Listener, InvalidSpec> {
    let ports = PortRange {
        first: port("listeners.portRange.first", entry.port_range.first)?,
        last: port("listeners.portRange.last", entry.port_range.last)?,
    };
    Ok(Listener {
        broker_port: port("listeners.brokerPort", entry.broker_port)?,
        bootstrap_port: port("listeners.bootstrapPort", entry.bootstrap_port)?,
        ports,
        host_template: entry.advertised_host_template.clone(),
        consumer_cidrs: entry
            .consumer_cidrs
            .iter()
            .map(|text| cidr("listeners.consumerCidrs", text))
            .collect::<Result<_, _>>()?,
        cross_zone: entry.cross_zone == api::CrossZone::Enabled,
        fixed: entry
            .ports
            .iter()
            .map(|fixed| Ok((BrokerId(fixed.broker_id), port("listeners.ports", fixed.port)?)))
            .collect::<Result<_, InvalidSpec>>()?,
        protocol: match entry.security_protocol {
            api::SecurityProtocol::Plaintext => SecurityProtocol::Plaintext,
            api::SecurityProtocol::Ssl => SecurityProtocol::Ssl,
            api::SecurityProtocol::SaslPlaintext => SecurityProtocol::SaslPlaintext,
            api::SecurityProtocol::SaslSsl => SecurityProtocol::SaslSsl,
        },
        strimzi_name: entry.strimzi_name.clone(),
        access: entry.verification.as_ref().map(access).unwrap_or_default(),
    })
}

fn access(entry: &api::ListenerVerification) -> ListenerAccess {
    let mechanism = entry.sasl_mechanism.map(|mechanism| match mechanism {
        api::SaslMechanism::Plain => Mechanism::Plain,
        api::SaslMechanism::ScramSha256 => Mechanism::ScramSha256,
        api::SaslMechanism::ScramSha512 => Mechanism::ScramSha512,
    });
    let name = |secret: &Option<api::SecretName>| secret.as_ref().map(|secret| secret.name.clone());
    ListenerAccess {
        log_in: mechanism.zip(name(&entry.credentials_secret)),
        roots: entry.ca_secret.as_ref().map(|secret| (secret.name.clone(), secret.key.clone())),
        client_certificate: name(&entry.client_certificate_secret),
    }
}

pub(super) fn consumer(entry: &api::Consumer) -> Result<Consumer, InvalidSpec> {
    Ok(Consumer {
        principals: if entry.principals.is_empty() {
            ["root".to_owned()].into()
        } else {
            entry.principals.iter().cloned().collect()
        },
        acceptance: match entry.acceptance {
            api::Acceptance::Automatic => Acceptance::Automatic {
                most: count("endpointService.consumers.maxConnections", entry.max_connections)?,
            },
            api::Acceptance::Manual => Acceptance::Manual,
            api::Acceptance::Rejected => Acceptance::Rejected,
        },
        endpoints: entry.endpoint_ids.iter().map(|id| EndpointId::new(id.as_str())).collect(),
    })
}
