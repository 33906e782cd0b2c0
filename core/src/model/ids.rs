//! Newtypes for every id and name, so that none is taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; the API server or AWS has checked its form.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            /// The text as AWS or Kubernetes writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )+};
}

text_ids! {
    /// A twelve-digit AWS account.
    AccountId,
    /// `aws`, `aws-cn`, `aws-us-gov`: the second part of every ARN.
    Partition,
    /// `us-west-2`.
    Region,
    /// `usw2-az1`: the same place in every account, unlike a zone's name.
    ZoneId,
    /// `us-west-2a`: what load balancers report; shuffled per account.
    ZoneName,
    /// `vpc-…`.
    VpcId,
    /// Id of something that EC2 gives one, whatever the kind.
    OwnId,
    /// `subnet-…`.
    SubnetId,
    /// `rtb-…`.
    RouteTableId,
    /// `rtbassoc-…`.
    RouteAssociationId,
    /// `i-…`.
    InstanceId,
    /// `vol-…`.
    VolumeId,
    /// `eni-…`.
    InterfaceId,
    /// `ami-…`.
    ImageId,
    /// `t3.large`.
    InstanceType,
    /// Name of a key pair of EC2.
    KeyName,
    /// ARN of an instance profile.
    InstanceProfileArn,
    /// `sg-…`.
    SecurityGroupId,
    /// `sgr-…`.
    SecurityGroupRuleId,
    /// A name that we compute for a load balancer, target group or security group (at most 32).
    AwsName,
    /// ARN of a target group.
    TargetGroupArn,
    /// ARN of a load balancer.
    LoadBalancerArn,
    /// ARN of an NLB listener.
    ListenerArn,
    /// `vpce-svc-…`.
    ServiceId,
    /// `vpce-…`.
    EndpointId,
    /// An IAM principal's ARN, as the endpoint service lists it.
    Principal,
    /// `EXTERNAL`: an entry of `spec.listeners`, a Kafka listener.
    ListenerName,
    /// uid of a cluster's `kube-system` namespace: who acts.
    HolderId,
}

/// `node.id` of a Kafka broker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BrokerId(pub i32);

/// A TCP port.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Port(pub u16);

macro_rules! number_text {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}
number_text!(BrokerId, Port);

/// Ports from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    /// Lowest port.
    pub first: Port,
    /// Highest port.
    pub last: Port,
}

impl PortRange {
    /// One port as a range.
    #[must_use]
    pub fn single(port: Port) -> Self {
        Self { first: port, last: port }
    }

    /// Whether the range holds this port.
    #[must_use]
    pub fn contains(self, port: Port) -> bool {
        self.first <= port && port <= self.last
    }

    /// Every port in ascending order.
    pub fn ports(self) -> impl Iterator<Item = Port> {
        (self.first.0..=self.last.0).map(Port)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { self.first.fmt(f) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}
