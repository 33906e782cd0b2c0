//! What to do about a fault.

use super::Fault;

impl Fault {
    /// The next step of a person, as an order.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::OtherBroker(_) => {
                "compare the target group of this port with the broker's address: `kafka-privatelink plan` shows what the \
                 operator repairs; where AWS is as planned, two brokers have each other's node.id or address"
            }
            Self::DynamicListeners { .. } => {
                "delete the dynamic value (kafka-configs --alter --entity-type brokers --entity-name ID --delete-config \
                 listeners,listener.security.protocol.map), put the rendered lines into the file, and restart the broker"
            }
            Self::NotRestarted { .. } | Self::MissingListener => {
                "put the rendered lines into the broker's file (render --broker ID --merge FILE) and restart it"
            }
            Self::OtherZone { .. } | Self::OtherPort { .. } | Self::OtherAddress { .. } => {
                "correct advertised.listeners by the rendered lines (render --broker ID --merge FILE) and restart the broker"
            }
            Self::NotOffered(_) => "let spec.brokers find this broker, or take the listener off it",
            Self::NotListed => {
                "see in the broker's log whether it has registered; it may still be starting, or be fenced"
            }
            Self::NotKafka(_) => "correct spec.listeners[].brokerPort, or what listens there on the broker's machine",
            Self::Silent => "see in the broker's log whether it hangs; a firewall that drops answers looks the same",
            Self::OtherProtocol { .. } => {
                "make spec.listeners[].securityProtocol what listener.security.protocol.map of the brokers says"
            }
            Self::Handshake(_) => {
                "name a certificate that the brokers trust in verification.clientCertificateSecret, or see their log"
            }
            Self::Untrusted(_) => "renew the certificate, or name its authority in verification.caSecret",
            Self::OtherName(_) | Self::NoCommonName => {
                "issue a certificate with the advertised host among its names, and with one host that all brokers share"
            }
            Self::OtherMechanism(_) => "name one of these in verification.saslMechanism",
            Self::LogInRefused(_) => "correct the Secret in verification.credentialsSecret, or the user in Kafka",
            Self::KafkaError { .. } => "see the broker's log",
            Self::Unavailable => {
                "start the broker; where it runs without this listener, put the rendered lines in and restart it"
            }
            Self::AuthenticationNeeded => {
                "name a user in verification.saslMechanism and verification.credentialsSecret"
            }
            Self::Unreadable(_) => "make the Secret, or let the operator (here: you) read it",
            Self::PermissionNeeded => {
                "grant the user DescribeConfigs on the cluster (kafka-acls --add --cluster --operation DescribeConfigs)"
            }
            Self::NoRoute(_) => "name an address in spec.verification.address that is reached from here",
        }
    }
}
