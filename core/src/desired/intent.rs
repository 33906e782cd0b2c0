//! The spec, parsed once into types that cannot be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::SignedDuration;

use super::Provisioned;
use super::parse::{InvalidSpec, consumer, count, invalid, listener, source, subnet, vpc};
use crate::api::v1alpha1 as api;
use crate::kafka::{Mechanism, SecurityProtocol};
use crate::model::{
    AccountId, Attributes, BrokerId, BrokerSource, CROSS_ZONE, DNS_FAILOVER, EndpointId, HealthCheck, InboundRules,
    InstanceId, ListenerName, MachineQuery, Port, PortRange, Principal, Region, SecurityGroupId, SubnetSource, Tags,
    TargetType, VpcId, ZoneId,
};

/// What the user asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// Where.
    pub region: Region,
    /// Which account the credentials must belong to, if the user says so.
    pub account: Option<AccountId>,
    /// Whether anything is written at all.
    pub observe_only: bool,
    /// Tags for everything that we make.
    pub tags: BTreeMap<String, String>,
    /// The VPC.
    pub vpc: VpcSource,
    /// What subnets reach outside of a VPC that is made.
    pub egress: api::Egress,
    /// One entry a zone.
    pub subnets: BTreeMap<ZoneId, SubnetSource>,
    /// Where brokers come from.
    pub brokers: Brokers,
    /// The brokers' groups that get rules of ours.
    pub broker_groups: BTreeSet<SecurityGroupId>,
    /// What is offered.
    pub listeners: BTreeMap<ListenerName, Listener>,
    /// Of every target group.
    pub health_check: HealthCheck,
    /// Of every target group.
    pub deregistration_delay_seconds: u32,
    /// Of the load balancer.
    pub inbound_rules: InboundRules,
    /// Of the load balancer.
    pub deletion_protection: bool,
    /// Of every NLB listener.
    pub idle_timeout_seconds: u32,
    /// Who may connect.
    pub consumers: BTreeMap<AccountId, Consumer>,
    /// Whether and where Kafka is asked.
    pub verification: Verification,
}

/// The VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VpcSource {
    /// The user's.
    Id(VpcId),
    /// Made for the object, with this block.
    Created(Ipv4Net),
}

/// Whether and where Kafka is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Whether.
    pub enabled: bool,
    /// Instead of the load balancer's DNS name.
    pub address: Option<String>,
    /// Between two looks while all is well.
    pub interval: SignedDuration,
}

/// Where brokers come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brokers {
    /// Instances by tag.
    Selector {
        /// All must match.
        tags: BTreeMap<String, String>,
        /// Its value is the broker's id.
        id_tag: String,
    },
    /// Instances by id.
    Instances(BTreeMap<BrokerId, (ZoneId, InstanceId)>),
    /// Addresses.
    Addresses(BTreeMap<BrokerId, (ZoneId, Ipv4Addr)>),
    /// Made for the object.
    Provisioned(Box<Provisioned>),
}

/// A Kafka listener that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// What the brokers listen on.
    pub broker_port: Port,
    /// NLB port of the bootstrap.
    pub bootstrap_port: Port,
    /// NLB ports of the brokers.
    pub ports: PortRange,
    /// Host that brokers advertise; absent until the consumer has said it.
    pub host_template: Option<String>,
    /// From where consumers come, in canonical form.
    pub consumer_cidrs: BTreeSet<Ipv4Net>,
    /// Whether a zone's endpoint reaches brokers of other zones.
    pub cross_zone: bool,
    /// Ports fixed by hand.
    pub fixed: BTreeMap<BrokerId, Port>,
    /// What it speaks.
    pub protocol: SecurityProtocol,
    /// What it is called in a Kafka resource of Strimzi, where that was said.
    pub strimzi_name: Option<String>,
    /// How the brokers are asked.
    pub access: ListenerAccess,
}

/// How the brokers of a listener are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListenerAccess {
    /// How to log in, and the Secret with user and password.
    pub log_in: Option<(Mechanism, String)>,
    /// Secret and key of certificates that are trusted besides the system's.
    pub roots: Option<(String, String)>,
    /// Secret with our certificate and its key.
    pub client_certificate: Option<String>,
}

/// A consumer account and what we answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// `root`, `user/NAME`, `role/NAME`.
    pub principals: BTreeSet<String>,
    /// What its requests get.
    pub acceptance: Acceptance,
    /// Requests with a person's yes, whatever `acceptance` says short of `Rejected`.
    pub endpoints: BTreeSet<EndpointId>,
}

/// What requests of an account get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Accepted, oldest first, while fewer than this many are pending or available.
    Automatic {
        /// At least 1.
        most: u32,
    },
    /// Only those named.
    Manual,
    /// Nothing: principals are removed and connections cut.
    Rejected,
}

/// Tags of the user's on one resource: AWS allows 50, and some are ours.
const MOST_TAGS: usize = 40;

impl Intent {
    /// With tags that the object does not name itself.
    ///
    /// # Errors
    /// Together they are more than a resource can have.
    pub fn with_default_tags(mut self, tags: &Tags) -> Result<Self, InvalidSpec> {
        for (key, value) in tags {
            self.tags.entry(key.clone()).or_insert_with(|| value.clone());
        }
        if self.tags.len() > MOST_TAGS {
            let problem =
                format!("{} with the operator's --default-tags; at most {MOST_TAGS} are possible", self.tags.len());
            return Err(invalid("tags", problem));
        }
        Ok(self)
    }

    /// Parses a spec.
    ///
    /// # Errors
    /// Names the first field that the present schema would refuse. An object whose spec no longer parses
    /// can still be deleted: deletion needs only what status says.
    pub fn parse(spec: &api::KafkaPrivateLinkSpec) -> Result<Self, InvalidSpec> {
        let api::KafkaPrivateLinkSpec {
            region,
            account_id,
            mode,
            deletion_policy: _,
            tags,
            network,
            brokers,
            listeners,
            target_groups,
            load_balancer,
            endpoint_service,
            verification,
        } = spec;
        let check = &target_groups.health_check;
        Ok(Self {
            region: Region::new(region.as_str()),
            account: account_id.as_deref().map(AccountId::from),
            observe_only: *mode == api::Mode::Observe,
            tags: tags.clone(),
            vpc: vpc(network)?,
            egress: network.egress,
            subnets: network.subnets.iter().map(subnet).collect::<Result<_, _>>()?,
            brokers: source(brokers)?,
            broker_groups: brokers.security_group_ids.iter().map(|id| SecurityGroupId::new(id.as_str())).collect(),
            listeners: listeners
                .iter()
                .map(|entry| Ok((ListenerName::new(entry.name.as_str()), listener(entry)?)))
                .collect::<Result<_, _>>()?,
            health_check: HealthCheck {
                interval_seconds: count("targetGroups.healthCheck.intervalSeconds", check.interval_seconds)?,
                healthy_threshold: count("targetGroups.healthCheck.healthyThreshold", check.healthy_threshold)?,
                unhealthy_threshold: count("targetGroups.healthCheck.unhealthyThreshold", check.unhealthy_threshold)?,
                tcp_on_traffic_port: true,
            },
            deregistration_delay_seconds: count(
                "targetGroups.deregistrationDelaySeconds",
                target_groups.deregistration_delay_seconds,
            )?,
            inbound_rules: match load_balancer.inbound_rules_on_private_link {
                api::InboundRules::Enforced => InboundRules::Enforced,
                api::InboundRules::Ignored => InboundRules::Ignored,
            },
            deletion_protection: load_balancer.deletion_protection == api::DeletionProtection::Enabled,
            idle_timeout_seconds: count("loadBalancer.idleTimeoutSeconds", load_balancer.idle_timeout_seconds)?,
            consumers: endpoint_service
                .consumers
                .iter()
                .map(|entry| Ok((AccountId::new(entry.account_id.as_str()), consumer(entry)?)))
                .collect::<Result<_, _>>()?,
            verification: Verification {
                enabled: verification.mode == api::VerificationMode::Enabled,
                address: verification.address.clone(),
                interval: SignedDuration::from_secs(verification.interval_seconds.into()),
            },
        })
    }

    /// The type of every target group: the bootstrap group holds all brokers and has one.
    #[must_use]
    pub fn target_type(&self) -> TargetType {
        match self.brokers {
            Brokers::Selector { .. } | Brokers::Instances(_) => TargetType::Instance,
            // An address of an interface outlives its instance: a replacement changes nothing in ELB.
            Brokers::Addresses(_) | Brokers::Provisioned(_) => TargetType::Ip,
        }
    }

    /// What a look has to find out about the instances of nodes that are made.
    #[must_use]
    pub fn machine_query(&self) -> Option<MachineQuery> {
        let Brokers::Provisioned(made) = &self.brokers else { return None };
        let machine = &made.machine;
        Some(MachineQuery { instance_type: machine.instance_type.clone(), image: machine.image.is_none() })
    }

    /// What a look reads to find the brokers.
    #[must_use]
    pub fn broker_source(&self) -> BrokerSource {
        match &self.brokers {
            Brokers::Selector { tags, id_tag } => BrokerSource::Selector { tags: tags.clone(), id_tag: id_tag.clone() },
            Brokers::Instances(list) => BrokerSource::Instances(list.values().map(|(_, id)| id.clone()).collect()),
            Brokers::Addresses(_) | Brokers::Provisioned(_) => BrokerSource::Nothing,
        }
    }

    /// Attributes of a broker's group, or of the bootstrap group.
    #[must_use]
    pub fn group_attributes(&self, cross_zone: bool, bootstrap: bool) -> Attributes {
        [
            ("deregistration_delay.timeout_seconds", self.deregistration_delay_seconds.to_string()),
            // Kafka's connections never end by themselves.
            ("deregistration_delay.connection_termination.enabled", "true".into()),
            // Without effect over PrivateLink; on, a broker that calls its own NLB hangs.
            ("preserve_client_ip.enabled", "false".into()),
            // Kafka does not speak it.
            ("proxy_protocol_v2.enabled", "false".into()),
            // Bootstrap must work from every zone, wherever a broker is left.
            (CROSS_ZONE, (bootstrap || cross_zone).to_string()),
            // A broker's group has its target in one zone: counted, every other zone would look dead.
            (DNS_FAILOVER, if bootstrap { "1" } else { "off" }.into()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }
}

impl Consumer {
    /// Its principals as AWS stores them.
    pub fn arns<'a>(
        &'a self,
        partition: &'a crate::model::Partition,
        account: &'a AccountId,
    ) -> impl Iterator<Item = Principal> + 'a {
        self.principals.iter().map(move |name| Principal::new(format!("arn:{partition}:iam::{account}:{name}")))
    }
}
