//! The API calls that the operator makes, by the names of the rights that they need.

use super::right::{Grant, Kind, Needs, When};

macro_rules! needs {
    (needs nothing) => { Needs::Nothing };
    (reads) => { Needs::Read };
    (reads_nodes) => { Needs::ReadNodes };
    (writes [$($kind:ident $when:ident),+]) => {
        Needs::Write(&[$(Grant { on: Kind::$kind, when: When::$when }),+])
    };
}

macro_rules! operations {
    ($($name:ident = $text:literal $($need:ident)+ $([$($grants:tt)+])?),+ $(,)?) => {
        $(
            #[doc = concat!("`", $text, "`")]
            pub const $name: &str = $text;
        )+
        /// All of them, each with what the operator's role has to allow for it.
        pub const ALL: &[(&str, Needs)] = &[$(($name, needs!($($need)+ $([$($grants)+])?))),+];
    };
}

/// What nobody calls, and AWS asks for when the first load balancer of an account is made: "Service-linked
/// roles for Elastic Load Balancing". And when an instance is launched with a profile: "Granting a user permissions to
/// pass a role to an AWS service".
pub const ON_BEHALF: &[(&str, Needs)] = &[
    ("iam:CreateServiceLinkedRole", Needs::Write(&[Grant { on: Kind::ElbRole, when: When::ForElb }])),
    ("iam:PassRole", Needs::Write(&[Grant { on: Kind::NodeRole, when: When::ForEc2 }])),
];

operations! {
    GET_CALLER_IDENTITY = "sts:GetCallerIdentity" needs nothing,

    DESCRIBE_VPCS = "ec2:DescribeVpcs" reads,
    DESCRIBE_VPC_ATTRIBUTE = "ec2:DescribeVpcAttribute" reads,
    CREATE_VPC = "ec2:CreateVpc" writes [OwnVpc New],
    MODIFY_VPC_ATTRIBUTE = "ec2:ModifyVpcAttribute" writes [OwnVpc Ours],
    DELETE_VPC = "ec2:DeleteVpc" writes [OwnVpc Ours],
    CREATE_ROUTE_TABLE = "ec2:CreateRouteTable" writes [RouteTable New, OwnVpc Ours],
    ASSOCIATE_ROUTE_TABLE = "ec2:AssociateRouteTable" writes [RouteTable Ours, RoutedSubnet Ours],
    DISASSOCIATE_ROUTE_TABLE = "ec2:DisassociateRouteTable" writes [RouteTable Ours, RoutedSubnet Ours],
    DELETE_ROUTE_TABLE = "ec2:DeleteRouteTable" writes [RouteTable Ours],
    CREATE_VPC_ENDPOINT = "ec2:CreateVpcEndpoint" writes [GatewayEndpoint New, OwnVpc Ours, RouteTable Ours],
    MODIFY_VPC_ENDPOINT = "ec2:ModifyVpcEndpoint" writes [GatewayEndpoint Ours, RouteTable Ours],
    DELETE_VPC_ENDPOINTS = "ec2:DeleteVpcEndpoints" writes [GatewayEndpoint Ours],
    DESCRIBE_INSTANCE_TYPES = "ec2:DescribeInstanceTypes" reads_nodes,
    DESCRIBE_IMAGES = "ec2:DescribeImages" reads_nodes,
    DESCRIBE_VOLUMES = "ec2:DescribeVolumes" reads_nodes,
    DESCRIBE_INSTANCE_ATTRIBUTE = "ec2:DescribeInstanceAttribute" reads_nodes,
    CREATE_NETWORK_INTERFACE = "ec2:CreateNetworkInterface" writes [
        NodeInterface New, NodeSubnet Always, NodesGroup Ours
    ],
    MODIFY_NETWORK_INTERFACE = "ec2:ModifyNetworkInterfaceAttribute" writes [NodeInterface Ours, NodesGroup Ours],
    DELETE_NETWORK_INTERFACE = "ec2:DeleteNetworkInterface" writes [NodeInterface Ours],
    CREATE_VOLUME = "ec2:CreateVolume" writes [Volume New],
    ATTACH_VOLUME = "ec2:AttachVolume" writes [Volume Ours, NodeInstance Ours],
    DELETE_VOLUME = "ec2:DeleteVolume" writes [Volume Ours],
    RUN_INSTANCES = "ec2:RunInstances" writes [
        NodeInstance New, SystemVolume Always, NodeInterface Ours, NodesGroup Ours, NodeSubnet Always, Image Always,
        KeyPair Always
    ],
    START_INSTANCES = "ec2:StartInstances" writes [NodeInstance Ours],
    MODIFY_INSTANCE_ATTRIBUTE = "ec2:ModifyInstanceAttribute" writes [NodeInstance Ours],
    TERMINATE_INSTANCES = "ec2:TerminateInstances" writes [NodeInstance Ours],
    DESCRIBE_INTERNET_GATEWAYS = "ec2:DescribeInternetGateways" reads,
    DESCRIBE_ROUTE_TABLES = "ec2:DescribeRouteTables" reads,
    DESCRIBE_VPC_ENDPOINTS = "ec2:DescribeVpcEndpoints" reads,
    DESCRIBE_AVAILABILITY_ZONES = "ec2:DescribeAvailabilityZones" reads,
    DESCRIBE_SUBNETS = "ec2:DescribeSubnets" reads,
    CREATE_SUBNET = "ec2:CreateSubnet" writes [Subnet New, Vpc Always],
    DELETE_SUBNET = "ec2:DeleteSubnet" writes [Subnet Ours],
    DESCRIBE_INSTANCES = "ec2:DescribeInstances" reads,
    DESCRIBE_SECURITY_GROUPS = "ec2:DescribeSecurityGroups" reads,
    DESCRIBE_SECURITY_GROUP_RULES = "ec2:DescribeSecurityGroupRules" reads,
    DESCRIBE_NETWORK_INTERFACES = "ec2:DescribeNetworkInterfaces" reads,
    CREATE_SECURITY_GROUP = "ec2:CreateSecurityGroup" writes [SecurityGroup New, Vpc Always],
    DELETE_SECURITY_GROUP = "ec2:DeleteSecurityGroup" writes [SecurityGroup Ours],
    AUTHORIZE_SECURITY_GROUP_INGRESS = "ec2:AuthorizeSecurityGroupIngress" writes [
        SecurityGroup Ours, BrokerGroup Always, BrokerGroupRule New, NodesGroupRule New
    ],
    AUTHORIZE_SECURITY_GROUP_EGRESS = "ec2:AuthorizeSecurityGroupEgress" writes [SecurityGroup Ours],
    REVOKE_SECURITY_GROUP_INGRESS = "ec2:RevokeSecurityGroupIngress" writes [SecurityGroup Ours, BrokerGroup Always],
    REVOKE_SECURITY_GROUP_EGRESS = "ec2:RevokeSecurityGroupEgress" writes [SecurityGroup Ours],
    DESCRIBE_ENDPOINT_SERVICES = "ec2:DescribeVpcEndpointServiceConfigurations" reads,
    DESCRIBE_ENDPOINT_SERVICE_PERMISSIONS = "ec2:DescribeVpcEndpointServicePermissions" reads,
    DESCRIBE_ENDPOINT_CONNECTIONS = "ec2:DescribeVpcEndpointConnections" reads,
    CREATE_ENDPOINT_SERVICE = "ec2:CreateVpcEndpointServiceConfiguration" writes [EndpointService New],
    MODIFY_ENDPOINT_SERVICE = "ec2:ModifyVpcEndpointServiceConfiguration" writes [EndpointService Ours],
    MODIFY_ENDPOINT_SERVICE_PERMISSIONS = "ec2:ModifyVpcEndpointServicePermissions" writes [EndpointService Ours],
    DELETE_ENDPOINT_SERVICES = "ec2:DeleteVpcEndpointServiceConfigurations" writes [EndpointService Ours],
    ACCEPT_ENDPOINT_CONNECTIONS = "ec2:AcceptVpcEndpointConnections" writes [EndpointService Ours],
    REJECT_ENDPOINT_CONNECTIONS = "ec2:RejectVpcEndpointConnections" writes [EndpointService Ours],
    DESCRIBE_EC2_TAGS = "ec2:DescribeTags" reads,
    CREATE_EC2_TAGS = "ec2:CreateTags" writes [
        Subnet TagsOfNew, SecurityGroup TagsOfNew, EndpointService TagsOfNew, BrokerGroupRule TagsOfNew,
        Subnet TagsOfOurs, SecurityGroup TagsOfOurs, EndpointService TagsOfOurs, OwnVpc TagsOfNew, OwnVpc TagsOfOurs,
        RouteTable TagsOfNew, RouteTable TagsOfOurs, GatewayEndpoint TagsOfNew, GatewayEndpoint TagsOfOurs,
        NodeInterface TagsOfNew, NodeInterface TagsOfOurs, Volume TagsOfNew, Volume TagsOfOurs,
        NodeInstance TagsOfNew, NodeInstance TagsOfOurs, NodesGroupRule TagsOfNew
    ],
    DELETE_EC2_TAGS = "ec2:DeleteTags" writes [
        Subnet TagsOfOurs, SecurityGroup TagsOfOurs, EndpointService TagsOfOurs, OwnVpc TagsOfOurs,
        RouteTable TagsOfOurs, GatewayEndpoint TagsOfOurs,
        NodeInterface TagsOfOurs, Volume TagsOfOurs, NodeInstance TagsOfOurs
    ],

    DESCRIBE_TARGET_GROUPS = "elasticloadbalancing:DescribeTargetGroups" reads,
    DESCRIBE_TARGET_GROUP_ATTRIBUTES = "elasticloadbalancing:DescribeTargetGroupAttributes" reads,
    DESCRIBE_TARGET_HEALTH = "elasticloadbalancing:DescribeTargetHealth" reads,
    CREATE_TARGET_GROUP = "elasticloadbalancing:CreateTargetGroup" writes [TargetGroup New],
    MODIFY_TARGET_GROUP = "elasticloadbalancing:ModifyTargetGroup" writes [TargetGroup Ours],
    MODIFY_TARGET_GROUP_ATTRIBUTES = "elasticloadbalancing:ModifyTargetGroupAttributes" writes [TargetGroup Ours],
    REGISTER_TARGETS = "elasticloadbalancing:RegisterTargets" writes [TargetGroup Ours],
    DEREGISTER_TARGETS = "elasticloadbalancing:DeregisterTargets" writes [TargetGroup Ours],
    DELETE_TARGET_GROUP = "elasticloadbalancing:DeleteTargetGroup" writes [TargetGroup Ours],
    DESCRIBE_LOAD_BALANCERS = "elasticloadbalancing:DescribeLoadBalancers" reads,
    DESCRIBE_LOAD_BALANCER_ATTRIBUTES = "elasticloadbalancing:DescribeLoadBalancerAttributes" reads,
    CREATE_LOAD_BALANCER = "elasticloadbalancing:CreateLoadBalancer" writes [LoadBalancer New],
    MODIFY_LOAD_BALANCER_ATTRIBUTES = "elasticloadbalancing:ModifyLoadBalancerAttributes" writes [LoadBalancer Ours],
    SET_SECURITY_GROUPS = "elasticloadbalancing:SetSecurityGroups" writes [LoadBalancer Ours],
    SET_SUBNETS = "elasticloadbalancing:SetSubnets" writes [LoadBalancer Ours],
    DELETE_LOAD_BALANCER = "elasticloadbalancing:DeleteLoadBalancer" writes [LoadBalancer Ours],
    DESCRIBE_LISTENERS = "elasticloadbalancing:DescribeListeners" reads,
    DESCRIBE_LISTENER_ATTRIBUTES = "elasticloadbalancing:DescribeListenerAttributes" reads,
    CREATE_LISTENER = "elasticloadbalancing:CreateListener" writes [LoadBalancer NewInOurs],
    MODIFY_LISTENER = "elasticloadbalancing:ModifyListener" writes [Listener Ours],
    MODIFY_LISTENER_ATTRIBUTES = "elasticloadbalancing:ModifyListenerAttributes" writes [Listener Ours],
    DELETE_LISTENER = "elasticloadbalancing:DeleteListener" writes [Listener Ours],
    DESCRIBE_ELB_TAGS = "elasticloadbalancing:DescribeTags" reads,
    ADD_ELB_TAGS = "elasticloadbalancing:AddTags" writes [
        LoadBalancer TagsOfNew, Listener TagsOfNew, TargetGroup TagsOfNew, LoadBalancer TagsOfOurs,
        Listener TagsOfOurs, TargetGroup TagsOfOurs
    ],
    REMOVE_ELB_TAGS = "elasticloadbalancing:RemoveTags" writes [
        LoadBalancer TagsOfOurs, Listener TagsOfOurs, TargetGroup TagsOfOurs
    ],
}
