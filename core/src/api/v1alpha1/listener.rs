//! `spec.listeners`: the Kafka listeners that are offered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::verification::{ListenerVerification, PROTOCOL_RULES, SecurityProtocol};
use crate::api::rule::{Rule, each, ipv4_cidr};

/// A Kafka listener, offered to one domain of consumers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = LISTENER_RULES))]
pub struct Listener {
    /// Name of the listener in the brokers' configuration, such as EXTERNAL.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?$"))]
    pub name: String,

    /// Port on which every broker listens for this listener.
    #[schemars(range(min = 1, max = 65535))]
    pub broker_port: i32,

    /// Port of the load balancer at which clients bootstrap: any broker answers there. Outside of every portRange.
    #[schemars(range(min = 1, max = 65535))]
    pub bootstrap_port: i32,

    /// Ports of the load balancer out of which each broker gets its own. May only grow, and must not overlap the
    /// range of another listener.
    pub port_range: PortRange,

    /// DNS name that brokers advertise to the consumers of this listener, with the variables {brokerId}, {zoneId} and
    /// {region}; lower case, without port. May be absent until the consumer has told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), extend("x-kubernetes-validations" = TEMPLATE_RULES))]
    pub advertised_host_template: Option<String>,

    /// What the listener speaks, as listener.security.protocol.map of the brokers names it.
    #[serde(default)]
    pub security_protocol: SecurityProtocol,

    /// Name of the listener in a Kafka resource of Strimzi: at most 11 lower-case letters and digits. Default: name in lower
    /// case, where that is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 11), regex(pattern = r"^[a-z0-9]{1,11}$"))]
    pub strimzi_name: Option<String>,

    /// How the operator proves itself to the brokers, and they to it. Absent: it does not log in, and trusts the
    /// certificates of its system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<ListenerVerification>,

    /// Whether the port of a broker is reachable through the zones of other brokers. Disabled (default) costs no
    /// traffic between zones, but clients must get to the zone of the broker, as they do by a host template with
    /// {zoneId}. Bootstrap ports are always reachable from every zone.
    #[serde(default)]
    pub cross_zone: CrossZone,

    /// Ports fixed by hand, for brokers that advertise them already, at most 49. A broker without an entry gets the
    /// lowest free port of portRange, once and for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 49))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["brokerId"]))]
    pub ports: Vec<FixedPort>,

    /// IPv4 CIDRs of the consumers' clients: what the security group of the load balancer lets in. Needed while
    /// loadBalancer.inboundRulesOnPrivateLink is Enforced. At most 29 over all listeners: each takes two of the 60
    /// rules that AWS allows in a security group by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 29), inner(length(max = 18)))]
    #[schemars(transform = each(ipv4_cidr("an IPv4 CIDR such as 10.250.0.0/16")))]
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    pub consumer_cidrs: Vec<String>,
}

/// A range of ports, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = RANGE_RULES))]
pub struct PortRange {
    /// Lowest port.
    #[schemars(range(min = 1, max = 65535))]
    pub first: i32,
    /// Highest port.
    #[schemars(range(min = 1, max = 65535))]
    pub last: i32,
}

/// The port of one broker, fixed by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FixedPort {
    /// ID of the broker.
    #[schemars(range(min = 0))]
    pub broker_id: i32,
    /// Its port on the load balancer, inside portRange.
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
}

/// Whether a zone's endpoint reaches targets of other zones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CrossZone {
    /// Only targets of its own zone.
    #[default]
    Disabled,
    /// Targets of all zones.
    Enabled,
}

/// Rules over all listeners.
pub(super) const LIST_RULES: [Rule; 3] = [
    Rule::new(
        "self.all(a, self.all(b, a.name == b.name || a.portRange.last < b.portRange.first || \
         b.portRange.last < a.portRange.first))",
        "port ranges overlap",
    )
    .naming(
        "'the port ranges of %s overlap'.format([self.filter(a, self.exists(b, a.name != b.name && \
         a.portRange.first <= b.portRange.last && b.portRange.first <= a.portRange.last)).map(a, a.name)])",
    ),
    Rule::new(
        "self.all(a, self.all(b, a.bootstrapPort < b.portRange.first || a.bootstrapPort > b.portRange.last))",
        "a bootstrapPort lies in a portRange",
    )
    .naming(
        "'the bootstrapPort of %s lies in a portRange'.format([self.filter(a, self.exists(b, \
         a.bootstrapPort >= b.portRange.first && a.bootstrapPort <= b.portRange.last)).map(a, a.name)])",
    ),
    Rule::new(
        "self.all(a, self.exists_one(b, a.bootstrapPort == b.bootstrapPort))",
        "two listeners have the same bootstrapPort: every bootstrap needs its own NLB port",
    ),
];

const LISTENER_RULES: [Rule; 4] = [
    PROTOCOL_RULES[0],
    PROTOCOL_RULES[1],
    Rule::new(
        "!has(self.ports) || self.ports.all(p, p.port >= self.portRange.first && p.port <= self.portRange.last)",
        "a port in ports lies outside portRange",
    )
    .at(".ports"),
    Rule::new(
        "!has(self.ports) || self.ports.all(p, self.ports.exists_one(q, q.port == p.port))",
        "one port is given to two brokers",
    )
    .at(".ports"),
];

const RANGE_RULES: [Rule; 2] = [
    Rule::new("self.first <= self.last", "portRange.first is greater than portRange.last"),
    Rule::new(
        "self.first <= oldSelf.first && self.last >= oldSelf.last",
        "portRange can only grow: brokers and clients hold ports out of it; offer another range as another listener",
    ),
];

/// The second rule leaves a template with an unknown variable to the first, which says it better.
const TEMPLATE_RULES: [Rule; 2] = [
    Rule::new(
        "!self.replace('{brokerId}', '1').replace('{zoneId}', 'z').replace('{region}', 'r').matches('[{}]')",
        "unknown variable: known are {brokerId}, {zoneId} and {region}",
    )
    .naming(r#"'unknown variable in "' + self + '": known are {brokerId}, {zoneId} and {region}'"#),
    Rule::new(
        "self.replace('{brokerId}', '1').replace('{zoneId}', 'z').replace('{region}', 'r').matches('[{}]') || \
         self.replace('{brokerId}', '1').replace('{zoneId}', 'z').replace('{region}', 'r')\
         .matches('^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$')",
        "not a DNS name (lower case, without scheme and port)",
    ),
];
