//! `spec.verification` and `spec.listeners[].verification`: proof that Kafka works through the load balancer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::rule::Rule;

/// Whether and how the operator proves, in Kafka's own protocol and through the load balancer, that each port leads
/// to its broker and that each broker advertises what it has to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Verification {
    /// Enabled (default) looks after each change and at an interval. Disabled never dials.
    pub mode: VerificationMode,

    /// Host name or IPv4 address at which the operator reaches the load balancer. Default: its DNS name, which
    /// resolves and routes inside the VPC and wherever the VPC is peered with. {zoneId} in a host name stands for the zone of
    /// the broker that is asked: with crossZone Disabled each zone of the load balancer leads to its own brokers alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), extend("x-kubernetes-validations" = [ADDRESS]))]
    pub address: Option<String>,

    /// Seconds between two looks while all is well, 30 to 86400.
    #[schemars(range(min = 30, max = 86400))]
    pub interval_seconds: i32,
}

impl Default for Verification {
    fn default() -> Self {
        Self { mode: VerificationMode::Enabled, address: None, interval_seconds: 600 }
    }
}

/// Whether Kafka is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum VerificationMode {
    /// It is.
    #[default]
    Enabled,
    /// It is not.
    Disabled,
}

/// What a listener speaks, as listener.security.protocol.map of the brokers names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecurityProtocol {
    /// Neither encrypted nor authenticated.
    #[default]
    Plaintext,
    /// Encrypted.
    Ssl,
    /// Authenticated by SASL, not encrypted.
    SaslPlaintext,
    /// Encrypted, and authenticated by SASL.
    SaslSsl,
}

/// How the operator proves itself to the brokers of one listener, and they to it. Secrets are read in the namespace of this
/// object alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = ACCESS_RULES))]
pub struct ListenerVerification {
    /// How it logs in. Needs credentialsSecret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sasl_mechanism: Option<SaslMechanism>,

    /// Secret with the keys username and password (type kubernetes.io/basic-auth).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials_secret: Option<SecretName>,

    /// Key of a Secret with certificates, in PEM, that are trusted besides those of the operator's system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret: Option<SecretKey>,

    /// Secret with the keys tls.crt and tls.key (type kubernetes.io/tls): what is shown to brokers that ask for a
    /// certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_secret: Option<SecretName>,
}

/// A mechanism of SASL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SaslMechanism {
    /// The password itself: for listeners that encrypt.
    #[serde(rename = "PLAIN")]
    Plain,
    /// By challenge and response.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// By challenge and response.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

/// A Secret in the namespace of this object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretName {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// A key of a Secret in the namespace of this object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKey {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The key.
    #[serde(default = "ca_crt")]
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

fn ca_crt() -> String {
    "ca.crt".to_owned()
}

const ADDRESS: Rule = Rule::new(
    "(isIP(self) && ip(self).family() == 4) || \
     (!self.matches('^[0-9.]+$') && self.replace('{zoneId}', 'az').matches('^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$'))",
    "an IPv4 address or a host name (with {zoneId} where each zone has its own), without scheme and port",
);

const ACCESS_RULES: [Rule; 1] = [Rule::new(
    "has(self.saslMechanism) == has(self.credentialsSecret)",
    "saslMechanism and credentialsSecret are given together",
)];

/// Rules of a listener that has both a protocol and a verification.
pub(super) const PROTOCOL_RULES: [Rule; 2] = [
    Rule::new(
        "!has(self.verification) || !has(self.verification.saslMechanism) || \
         (has(self.securityProtocol) && self.securityProtocol.startsWith('SASL_'))",
        "saslMechanism is for listeners with securityProtocol SASL_PLAINTEXT or SASL_SSL",
    )
    .at(".verification"),
    Rule::new(
        "!has(self.verification) || \
         (!has(self.verification.caSecret) && !has(self.verification.clientCertificateSecret)) || \
         (has(self.securityProtocol) && self.securityProtocol.endsWith('SSL'))",
        "caSecret and clientCertificateSecret are for listeners with securityProtocol SSL or SASL_SSL",
    )
    .at(".verification"),
];
