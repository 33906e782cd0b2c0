//! Properties that users add, and those that they cannot since they are ours.

use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

/// Lines that a user adds to the configuration of every node.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ExtraProperties(BTreeMap<String, String>);

/// Properties that are not taken, each with why.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.listed())]
pub struct Refused(pub BTreeMap<String, Because>);

impl Refused {
    fn listed(&self) -> String {
        self.0.iter().map(|(key, because)| format!("{key}: {because}")).collect::<Vec<_>>().join("; ")
    }
}

/// Why a property is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Because {
    /// What a node is.
    Node,
    /// Who votes.
    Quorum,
    /// What it listens on, and what it advertises.
    Listeners,
    /// Where its data are.
    Storage,
    /// Records would be lost that were acknowledged.
    Durability,
    /// Rolls rest on it.
    Roll,
    /// The load balancer would end connections first.
    Idle,
    /// Who may do what.
    Access,
    /// Everybody who may describe the instance would read it.
    Secret,
    /// There is none.
    ZooKeeper,
    /// Kafka has no such key.
    NoKey,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Node => "follows from the node",
            Self::Quorum => "the voters are the controllers of the first apply, and stay",
            Self::Listeners => "follows from spec.listeners",
            Self::Storage => "data lie on the node's volume",
            Self::Durability => "stays off: acknowledged records would be lost",
            Self::Roll => "stays on: a roll stops brokers in an orderly way",
            Self::Idle => "stays below the idle timeout of load balancer and endpoints",
            Self::Access => "follows from securityProtocol of the listeners",
            Self::Secret => {
                "a secret does not belong into user data, which everybody reads who may describe the instance"
            }
            Self::ZooKeeper => "there is no ZooKeeper",
            Self::NoKey => "is not the name of a property: letters, digits, dots, hyphens and underscores",
        })
    }
}

const OURS: [(&str, Because); 22] = [
    ("process.roles", Because::Node),
    ("node.id", Because::Node),
    ("broker.id", Because::Node),
    ("broker.id.generation.enable", Because::Node),
    ("broker.rack", Because::Node),
    ("controller.quorum.voters", Because::Quorum),
    ("controller.quorum.bootstrap.servers", Because::Quorum),
    ("controller.quorum.auto.join.enable", Because::Quorum),
    ("listeners", Because::Listeners),
    ("advertised.listeners", Because::Listeners),
    ("listener.security.protocol.map", Because::Listeners),
    ("inter.broker.listener.name", Because::Listeners),
    ("security.inter.broker.protocol", Because::Listeners),
    ("controller.listener.names", Because::Listeners),
    ("early.start.listeners", Because::Listeners),
    ("log.dir", Because::Storage),
    ("log.dirs", Because::Storage),
    ("metadata.log.dir", Because::Storage),
    ("unclean.leader.election.enable", Because::Durability),
    ("controlled.shutdown.enable", Because::Roll),
    ("connections.max.idle.ms", Because::Idle),
    ("allow.everyone.if.no.acl.found", Because::Access),
];

const OURS_BY_PREFIX: [(&str, Because); 8] = [
    ("listener.name.", Because::Access),
    ("sasl.", Because::Access),
    ("ssl.", Because::Access),
    ("authorizer.", Because::Access),
    ("super.users", Because::Access),
    ("principal.builder.", Because::Access),
    ("password.encoder.", Because::Secret),
    ("zookeeper.", Because::ZooKeeper),
];

const SECRETS: [&str; 4] = ["password", "secret", "jaas.config", "credentials"];

fn refusal(key: &str) -> Option<Because> {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    if !key.starts_with(|first: char| first.is_ascii_alphabetic()) || !key.chars().all(letter) {
        return Some(Because::NoKey);
    }
    let ours = OURS.iter().find(|(own, _)| *own == key);
    let ours = ours.or_else(|| OURS_BY_PREFIX.iter().find(|(prefix, _)| key.starts_with(prefix)));
    let secret = || SECRETS.iter().any(|word| key.to_ascii_lowercase().contains(word)).then_some(Because::Secret);
    ours.map(|(_, because)| *because).or_else(secret)
}

impl ExtraProperties {
    /// Takes them, if none is ours.
    ///
    /// # Errors
    /// All that are not taken.
    pub fn new(properties: BTreeMap<String, String>) -> Result<Self, Refused> {
        let refused: BTreeMap<String, Because> =
            properties.keys().filter_map(|key| Some((key.clone(), refusal(key)?))).collect();
        if refused.is_empty() { Ok(Self(properties)) } else { Err(Refused(refused)) }
    }

    /// Key and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
