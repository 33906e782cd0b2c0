//! Names that AWS limits to 32 characters, computed so that they are found again without status.

use sha2::{Digest, Sha256};

use super::{AwsName, BrokerId, ListenerName, Owner, TargetType, VpcId, ZoneId};

/// Which resource of an object something is: the value of the `…/resource` tag.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ResourceKey {
    /// `vpc`
    Vpc,
    /// `subnet/usw2-az3`
    Subnet(ZoneId),
    /// `route-table`
    RouteTable,
    /// `s3`
    S3Endpoint,
    /// `broker-sg`
    BrokerGroupOfNodes,
    /// `interface/2`
    NodeInterface(BrokerId),
    /// `volume/2`
    NodeVolume(BrokerId),
    /// `instance/2`
    NodeInstance(BrokerId),
    /// `sg`
    SecurityGroup,
    /// `broker-sg-rule`
    BrokerGroupRule,
    /// `tg/EXTERNAL/bootstrap`
    BootstrapGroup(ListenerName),
    /// `tg/EXTERNAL/2`
    BrokerGroup(ListenerName, BrokerId),
    /// `nlb`
    LoadBalancer,
    /// `listener/EXTERNAL/bootstrap`
    BootstrapListener(ListenerName),
    /// `listener/EXTERNAL/2`
    BrokerListener(ListenerName, BrokerId),
    /// `service`
    EndpointService,
}

impl std::fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Vpc => f.write_str("vpc"),
            Self::Subnet(zone) => write!(f, "subnet/{zone}"),
            Self::RouteTable => f.write_str("route-table"),
            Self::S3Endpoint => f.write_str("s3"),
            Self::BrokerGroupOfNodes => f.write_str("broker-sg"),
            Self::NodeInterface(node) => write!(f, "interface/{node}"),
            Self::NodeVolume(node) => write!(f, "volume/{node}"),
            Self::NodeInstance(node) => write!(f, "instance/{node}"),
            Self::SecurityGroup => f.write_str("sg"),
            Self::BrokerGroupRule => f.write_str("broker-sg-rule"),
            Self::BootstrapGroup(listener) => write!(f, "tg/{listener}/bootstrap"),
            Self::BrokerGroup(listener, broker) => write!(f, "tg/{listener}/{broker}"),
            Self::LoadBalancer => f.write_str("nlb"),
            Self::BootstrapListener(listener) => write!(f, "listener/{listener}/bootstrap"),
            Self::BrokerListener(listener, broker) => write!(f, "listener/{listener}/{broker}"),
            Self::EndpointService => f.write_str("service"),
        }
    }
}

impl Owner {
    /// `kpl-{ns8}-{name8}-`: what all AWS names of the object begin with (objects may share it).
    #[must_use]
    pub fn name_prefix(&self) -> String {
        format!("kpl-{}-{}-", cut(&self.namespace), cut(&self.name))
    }

    /// Name of the load balancer; hashes the owner alone, since the VPC of an object never changes.
    #[must_use]
    pub fn load_balancer_name(&self) -> AwsName {
        self.hashed(&ResourceKey::LoadBalancer, &[])
    }

    /// Name of the security group, unique in its VPC.
    #[must_use]
    pub fn security_group_name(&self) -> AwsName {
        self.hashed(&ResourceKey::SecurityGroup, &[])
    }

    /// Name of the nodes' security group.
    #[must_use]
    pub fn broker_group_name(&self) -> AwsName {
        self.hashed(&ResourceKey::BrokerGroupOfNodes, &[])
    }

    /// Name of a target group: what AWS cannot change in place is in the hash, so that a replacement
    /// never collides with what it replaces.
    #[must_use]
    pub fn target_group_name(&self, key: &ResourceKey, vpc: &VpcId, target_type: TargetType) -> AwsName {
        self.hashed(key, &[vpc.as_str(), target_type.as_str()])
    }

    /// Client token of the endpoint service made on a load balancer for the nth time.
    #[must_use]
    pub fn service_token(&self, load_balancer: &super::LoadBalancerArn, generation: u32) -> String {
        digest(&[&self.to_string(), load_balancer.as_str(), &generation.to_string()])
    }

    fn hashed(&self, key: &ResourceKey, immutable: &[&str]) -> AwsName {
        let (owner, key) = (self.to_string(), key.to_string());
        let mut parts = vec![owner.as_str(), key.as_str()];
        parts.extend(immutable);
        let hash = digest(&parts);
        AwsName::new(format!("{}{}", self.name_prefix(), &hash[..10]))
    }
}

/// The first eight characters, without a hyphen at the cut.
fn cut(text: &str) -> String {
    let short: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(8).collect();
    short.trim_matches('-').to_owned()
}

/// 64 hexadecimal digits; parts are separated so that shifting text between them changes the hash.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        use std::fmt::Write;
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(namespace: &str, name: &str) -> Owner {
        Owner { cluster_id: "c1".into(), namespace: namespace.into(), name: name.into() }
    }

    #[test]
    fn names_fit_aws() {
        for (namespace, name) in [("default", "orders"), ("streaming-prod", "orders.v2-europe"), ("a", "b")] {
            let name = owner(namespace, name).load_balancer_name();
            assert!(name.as_str().len() <= 32, "{name}");
            assert!(name.as_str().chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{name}");
            assert!(!name.as_str().contains("--") && !name.as_str().ends_with('-'), "{name}");
        }
    }

    #[test]
    fn what_cannot_change_in_place_changes_the_name() {
        let key = ResourceKey::BrokerGroup("EXTERNAL".into(), BrokerId(2));
        let name = |owner: &Owner, vpc: &str, kind| owner.target_group_name(&key, &VpcId::from(vpc), kind);
        let orders = owner("default", "orders");
        let first = name(&orders, "vpc-1", TargetType::Instance);
        assert_eq!(first, name(&orders, "vpc-1", TargetType::Instance));
        assert_ne!(first, name(&orders, "vpc-2", TargetType::Instance));
        assert_ne!(first, name(&orders, "vpc-1", TargetType::Ip));
        assert_ne!(first, name(&owner("default", "order"), "vpc-1", TargetType::Instance));
    }

    #[test]
    fn token_follows_the_generation() {
        let orders = owner("default", "orders");
        let arn = super::super::LoadBalancerArn::from("arn");
        assert_ne!(orders.service_token(&arn, 0), orders.service_token(&arn, 1));
        assert!(orders.service_token(&arn, 0).len() <= 64);
    }
}
