//! An account at one moment, as far as it decides which paths are open.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

/// By id or ARN.
type Things<T> = BTreeMap<String, T>;

/// All that a client's packet meets.
#[derive(Debug, Deserialize)]
pub struct Snapshot {
    pub subnets: Things<Subnet>,
    pub instances: Things<Instance>,
    pub network_interfaces: Things<Interface>,
    pub security_group_rules: Things<Rule>,
    pub load_balancers: Things<LoadBalancer>,
    pub listeners: Things<Listener>,
    pub target_groups: Things<TargetGroup>,
    pub endpoint_services: Things<Service>,
}

impl Snapshot {
    /// From what the stand-in says.
    pub fn new(inventory: &Value) -> Self {
        serde_json::from_value(inventory.clone()).expect("an inventory of the stand-in")
    }
}

#[derive(Debug, Deserialize)]
pub struct Subnet {
    pub zone: String,
}

#[derive(Debug, Deserialize)]
pub struct Instance {
    pub tags: BTreeMap<String, String>,
    pub address: Address,
    pub state: String,
}

#[derive(Debug, Deserialize)]
pub struct Interface {
    pub subnet: String,
    pub address: Address,
    pub description: Option<String>,
    pub security_groups: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
pub struct Rule {
    pub group: String,
    pub egress: bool,
    pub protocol: String,
    pub ports: (Option<u16>, Option<u16>),
    pub peer: Peer,
}

impl Rule {
    /// Whether TCP to this port is let through.
    pub fn lets_through(&self, port: u16) -> bool {
        match (self.protocol.as_str(), self.ports) {
            ("-1", _) => true,
            ("tcp" | "6", (Some(first), Some(last))) => (first..=last).contains(&port),
            _ => false,
        }
    }
}

/// Whom a rule is about.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Peer {
    Block(Block),
    Other(String),
}

#[derive(Debug, Deserialize)]
pub struct LoadBalancer {
    pub serves: bool,
    pub subnets: BTreeSet<String>,
    pub security_groups: BTreeSet<String>,
    pub enforce: Option<String>,
    pub attributes: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub struct Listener {
    pub load_balancer: String,
    pub port: u16,
    pub protocol: String,
    pub weights: BTreeMap<String, u32>,
}

#[derive(Debug, Deserialize)]
pub struct TargetGroup {
    pub attributes: BTreeMap<String, String>,
    /// Health by `id:port`.
    pub targets: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub struct Service {
    pub state: String,
    pub load_balancers: Vec<String>,
    pub zones: BTreeSet<String>,
    pub principals: BTreeSet<String>,
    pub connections: Things<Connection>,
}

#[derive(Debug, Deserialize)]
pub struct Connection {
    pub state: String,
    pub zones: BTreeSet<String>,
}

/// An IPv4 address as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Address(pub u32);

impl TryFrom<String> for Address {
    type Error = std::net::AddrParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(Self(text.parse::<std::net::Ipv4Addr>()?.to_bits()))
    }
}

/// An IPv4 CIDR.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Block {
    pub first: u32,
    pub last: u32,
}

impl Block {
    pub fn contains(self, address: Address) -> bool {
        (self.first..=self.last).contains(&address.0)
    }
}

impl TryFrom<String> for Block {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (address, length) = text.split_once('/').ok_or("no CIDR")?;
        let address = Address::try_from(address.to_owned()).map_err(|error| error.to_string())?;
        let length: u32 = length.parse().map_err(|_| "no CIDR")?;
        let rest = u32::MAX.checked_shr(length).unwrap_or(0);
        Ok(Self { first: address.0 & !rest, last: address.0 | rest })
    }
}
