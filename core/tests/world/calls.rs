//! Which call of AWS a step or a read is.

use kpl_core::model::{OwnKind, Part};
use kpl_core::plan::Step;

/// The call that a step makes.
pub fn operation(step: &Step) -> &'static str {
    use kpl_core::plan::{
        broker_group as nodes_group, broker_group_rule as bgr, connection as con, endpoint_service as svc,
        gateway_endpoint, listener as lis, load_balancer as lb, node_instance, node_interface, route_table as rtb,
        security_group as sg, subnet, tagging, target_group as tg, volume, vpc,
    };
    match step {
        Step::Vpc(vpc::Change::Create { .. }) => "CreateVpc",
        Step::Vpc(vpc::Change::EnableDns { .. }) => "ModifyVpcAttribute",
        Step::Vpc(vpc::Change::Delete { .. }) => "DeleteVpc",
        Step::RouteTable(rtb::Change::Create { .. }) => "CreateRouteTable",
        Step::RouteTable(rtb::Change::Associate { .. }) => "AssociateRouteTable",
        Step::RouteTable(rtb::Change::Disassociate { .. }) => "DisassociateRouteTable",
        Step::RouteTable(rtb::Change::Delete { .. }) => "DeleteRouteTable",
        Step::NodeInterface(node_interface::Change::Create { .. }) => "CreateNetworkInterface",
        Step::NodeInterface(node_interface::Change::SetGroup { .. }) => "ModifyNetworkInterfaceAttribute",
        Step::NodeInterface(node_interface::Change::Delete { .. }) => "DeleteNetworkInterface",
        Step::Volume(volume::Change::Create { .. }) => "CreateVolume",
        Step::Volume(volume::Change::Attach { .. }) => "AttachVolume",
        Step::Volume(volume::Change::Delete { .. }) => "DeleteVolume",
        Step::NodeInstance(node_instance::Change::Launch(_)) => "RunInstances",
        Step::NodeInstance(node_instance::Change::Start { .. }) => "StartInstances",
        Step::NodeInstance(node_instance::Change::Unprotect { .. }) => "ModifyInstanceAttribute",
        Step::NodeInstance(node_instance::Change::Terminate { .. }) => "TerminateInstances",
        Step::GatewayEndpoint(gateway_endpoint::Change::Create { .. }) => "CreateVpcEndpoint",
        Step::GatewayEndpoint(gateway_endpoint::Change::AddTable { .. }) => "ModifyVpcEndpoint",
        Step::GatewayEndpoint(gateway_endpoint::Change::Delete { .. }) => "DeleteVpcEndpoints",
        Step::Subnet(subnet::Change::Create { .. }) => "CreateSubnet",
        Step::Subnet(subnet::Change::Delete { .. }) => "DeleteSubnet",
        Step::SecurityGroup(sg::Change::Create { .. }) | Step::BrokerGroup(nodes_group::Change::Create { .. }) => {
            "CreateSecurityGroup"
        }
        Step::SecurityGroup(sg::Change::Authorize { .. })
        | Step::BrokerGroup(nodes_group::Change::OpenInside { .. }) => "AuthorizeSecurityGroup",
        Step::SecurityGroup(sg::Change::Revoke { .. }) => "RevokeSecurityGroup",
        Step::SecurityGroup(sg::Change::Delete { .. }) | Step::BrokerGroup(nodes_group::Change::Delete { .. }) => {
            "DeleteSecurityGroup"
        }
        Step::BrokerGroupRule(bgr::Change::Authorize { .. }) => "AuthorizeBrokerGroup",
        Step::BrokerGroupRule(bgr::Change::Revoke { .. }) => "RevokeBrokerGroup",
        Step::TargetGroup(tg::Change::Create { .. }) => "CreateTargetGroup",
        Step::TargetGroup(tg::Change::SetHealthCheck { .. }) => "ModifyTargetGroup",
        Step::TargetGroup(tg::Change::SetAttributes { .. }) => "ModifyTargetGroupAttributes",
        Step::TargetGroup(tg::Change::Register { .. }) => "RegisterTargets",
        Step::TargetGroup(tg::Change::Deregister { .. }) => "DeregisterTargets",
        Step::TargetGroup(tg::Change::Delete { .. }) => "DeleteTargetGroup",
        Step::LoadBalancer(lb::Change::Create { .. }) => "CreateLoadBalancer",
        Step::LoadBalancer(lb::Change::SetAttributes { .. }) => "ModifyLoadBalancerAttributes",
        Step::LoadBalancer(lb::Change::SetSecurityGroups { .. }) => "SetSecurityGroups",
        Step::LoadBalancer(lb::Change::SetSubnets { .. }) => "SetSubnets",
        Step::LoadBalancer(lb::Change::Delete { .. }) => "DeleteLoadBalancer",
        Step::Listener(lis::Change::Create { .. }) => "CreateListener",
        Step::Listener(lis::Change::SetForward { .. }) => "ModifyListener",
        Step::Listener(lis::Change::SetIdleTimeout { .. }) => "ModifyListenerAttributes",
        Step::Listener(lis::Change::Delete { .. }) => "DeleteListener",
        Step::EndpointService(svc::Change::Create { .. }) => "CreateVpcEndpointServiceConfiguration",
        Step::EndpointService(svc::Change::OfferZones { .. } | svc::Change::RequireAcceptance { .. }) => {
            "ModifyVpcEndpointServiceConfiguration"
        }
        Step::EndpointService(svc::Change::SetPrincipals { .. }) => "ModifyVpcEndpointServicePermissions",
        Step::EndpointService(svc::Change::Delete { .. }) => "DeleteVpcEndpointServiceConfigurations",
        Step::Connection(con::Change::Accept { .. }) => "AcceptVpcEndpointConnections",
        Step::Connection(con::Change::Reject { .. }) => "RejectVpcEndpointConnections",
        Step::Tagging(tagging::Change::Set { .. }) => "CreateTags",
        Step::Tagging(tagging::Change::Remove { .. }) => "DeleteTags",
    }
}

/// The word under which a read is counted.
pub fn kind(part: &Part) -> &'static str {
    match part {
        Part::Account => "account",
        Part::Vpc => "vpc",
        Part::Own(OwnKind::Vpc) => "own vpcs",
        Part::Own(OwnKind::RouteTable) => "route tables",
        Part::Own(OwnKind::GatewayEndpoint) => "gateway endpoints",
        Part::Own(OwnKind::BrokerGroup) => "nodes' groups",
        Part::Own(OwnKind::Interface) => "nodes' interfaces",
        Part::Own(OwnKind::Volume) => "volumes",
        Part::Own(OwnKind::Instance) => "instances",
        Part::Machine => "instance type",
        Part::InstanceProtection(_) => "protection",
        Part::VpcDns(_) => "vpc dns",
        Part::VpcTenants(_) => "vpc tenants",
        Part::Zones => "zones",
        Part::Subnets => "subnets",
        Part::Brokers => "brokers",
        Part::SecurityGroup => "security group",
        Part::SecurityGroupInterfaces => "interfaces",
        Part::BrokerGroupRules => "broker group rules",
        Part::TargetGroups => "target groups",
        Part::Targets(_) => "targets",
        Part::TargetGroupAttributes(_) => "target group attributes",
        Part::LoadBalancer => "load balancer",
        Part::LoadBalancerState => "load balancer state",
        Part::LoadBalancerAttributes => "load balancer attributes",
        Part::ListenerAttributes(_) => "listener attributes",
        Part::EndpointService => "endpoint service",
        Part::Tags(_) => "tags",
    }
}
