//! What IAM has to allow for a call: on which resources, and on what condition.
//!
//! Source of all of it: AWS's Service Authorization Reference, "Amazon EC2" and "Elastic Load Balancing V2".

use super::operation;

/// What a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: AWS answers everybody with valid keys.
    Nothing,
    /// A read that every object needs. AWS allows nearly all of ours for everything or not at all.
    Read,
    /// A read that only objects with nodes of their own need: a policy may be 6,144 characters long, and each counts.
    ReadNodes,
    /// A write: AWS asks for each kind of resource that it touches.
    Write(&'static [Grant]),
}

/// A kind of resource that a write may touch, and when it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The kind.
    pub on: Kind,
    /// The condition.
    pub when: When,
}

/// Resources that AWS tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// In which a subnet or a group is made.
    Vpc,
    /// One that we make.
    OwnVpc,
    /// A route table of the VPC that was made.
    RouteTable,
    /// A subnet that one of these routes.
    RoutedSubnet,
    /// A gateway endpoint in the VPC that was made.
    GatewayEndpoint,
    /// A node's network interface.
    NodeInterface,
    /// A volume for a node's data.
    Volume,
    /// The volume that comes with an instance, and goes with it.
    SystemVolume,
    /// A node's instance.
    NodeInstance,
    /// The security group of the nodes.
    NodesGroup,
    /// A rule of it that lets the load balancer in.
    NodesGroupRule,
    /// A subnet in which nodes are: it may be somebody else's.
    NodeSubnet,
    /// What instances are made from.
    Image,
    /// With what one logs in to them.
    KeyPair,
    /// The role of their profile.
    NodeRole,
    /// One that we make.
    Subnet,
    /// The load balancer's.
    SecurityGroup,
    /// One of `spec.brokers.securityGroupIds`: somebody else's, so it does not carry our tag.
    BrokerGroup,
    /// A rule of ours in such a group.
    BrokerGroupRule,
    /// What consumers connect to.
    EndpointService,
    /// Network load balancers with our prefix.
    LoadBalancer,
    /// Their listeners.
    Listener,
    /// Target groups with our prefix.
    TargetGroup,
    /// The role by which ELB acts in an account: made once, with the first load balancer.
    ElbRole,
}

/// On what condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// On none.
    Always,
    /// It is being made with our owner tag.
    New,
    /// It has our owner tag.
    Ours,
    /// It has our owner tag, and so will what is being made in it.
    NewInOurs,
    /// Tags, given by the call that makes it, our owner tag among them.
    TagsOfNew,
    /// Other tags than the owner tag, of what has our owner tag.
    TagsOfOurs,
    /// The role is that of ELB.
    ForElb,
    /// The role is handed to EC2.
    ForEc2,
}

/// A part of the operator's work that a role may be allowed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Capability {
    /// Reads: all that an object with `mode: Observe` and `kafka-privatelink plan` need.
    Observe,
    /// Reads and writes, for objects with `mode: Manage`.
    Manage,
    /// Besides `manage`: rules in the groups of `spec.brokers.securityGroupIds`.
    BrokerGroups,
    /// Besides `manage`: VPCs, for objects with `spec.network.vpc`.
    Network,
    /// Besides `manage`: instances with volumes and interfaces, for objects with `spec.brokers.provisioned`.
    NewCluster,
}

impl Kind {
    /// What a write on it is part of.
    #[must_use]
    pub fn capability(self) -> Capability {
        match self {
            Self::BrokerGroup | Self::BrokerGroupRule => Capability::BrokerGroups,
            Self::NodeInterface
            | Self::Volume
            | Self::SystemVolume
            | Self::NodeInstance
            | Self::NodesGroup
            | Self::NodesGroupRule
            | Self::NodeSubnet
            | Self::Image
            | Self::KeyPair
            | Self::NodeRole => Capability::NewCluster,
            Self::OwnVpc | Self::RouteTable | Self::RoutedSubnet | Self::GatewayEndpoint => Capability::Network,
            Self::Vpc
            | Self::Subnet
            | Self::SecurityGroup
            | Self::EndpointService
            | Self::LoadBalancer
            | Self::Listener
            | Self::TargetGroup
            | Self::ElbRole => Capability::Manage,
        }
    }

    /// The call that makes one and its tags at once.
    #[must_use]
    pub fn made_by(self) -> Option<&'static str> {
        match self {
            Self::OwnVpc => Some(operation::CREATE_VPC),
            Self::RouteTable => Some(operation::CREATE_ROUTE_TABLE),
            Self::GatewayEndpoint => Some(operation::CREATE_VPC_ENDPOINT),
            Self::NodeInterface => Some(operation::CREATE_NETWORK_INTERFACE),
            Self::Volume => Some(operation::CREATE_VOLUME),
            Self::NodeInstance => Some(operation::RUN_INSTANCES),
            Self::Subnet => Some(operation::CREATE_SUBNET),
            Self::SecurityGroup => Some(operation::CREATE_SECURITY_GROUP),
            Self::BrokerGroupRule | Self::NodesGroupRule => Some(operation::AUTHORIZE_SECURITY_GROUP_INGRESS),
            Self::EndpointService => Some(operation::CREATE_ENDPOINT_SERVICE),
            Self::LoadBalancer => Some(operation::CREATE_LOAD_BALANCER),
            Self::Listener => Some(operation::CREATE_LISTENER),
            Self::TargetGroup => Some(operation::CREATE_TARGET_GROUP),
            Self::Vpc
            | Self::RoutedSubnet
            | Self::BrokerGroup
            | Self::SystemVolume
            | Self::NodesGroup
            | Self::NodeSubnet
            | Self::Image
            | Self::KeyPair
            | Self::NodeRole
            | Self::ElbRole => None,
        }
    }
}
