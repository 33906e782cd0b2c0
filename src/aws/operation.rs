//! The API calls that the operator makes, by the names of the rights that they need.

macro_rules! operations {
    ($($name:ident = $text:literal),+ $(,)?) => {
        $(
            #[doc = concat!("`", $text, "`")]
            pub const $name: &str = $text;
        )+
        /// All of them: what the operator's role has to allow.
        pub const ALL: &[&str] = &[$($name),+];
    };
}

operations! {
    GET_CALLER_IDENTITY = "sts:GetCallerIdentity",

    DESCRIBE_VPCS = "ec2:DescribeVpcs",
    DESCRIBE_AVAILABILITY_ZONES = "ec2:DescribeAvailabilityZones",
    DESCRIBE_SUBNETS = "ec2:DescribeSubnets",
    CREATE_SUBNET = "ec2:CreateSubnet",
    DELETE_SUBNET = "ec2:DeleteSubnet",
    DESCRIBE_INSTANCES = "ec2:DescribeInstances",
    DESCRIBE_SECURITY_GROUPS = "ec2:DescribeSecurityGroups",
    DESCRIBE_SECURITY_GROUP_RULES = "ec2:DescribeSecurityGroupRules",
    DESCRIBE_NETWORK_INTERFACES = "ec2:DescribeNetworkInterfaces",
    CREATE_SECURITY_GROUP = "ec2:CreateSecurityGroup",
    DELETE_SECURITY_GROUP = "ec2:DeleteSecurityGroup",
    AUTHORIZE_SECURITY_GROUP_INGRESS = "ec2:AuthorizeSecurityGroupIngress",
    AUTHORIZE_SECURITY_GROUP_EGRESS = "ec2:AuthorizeSecurityGroupEgress",
    REVOKE_SECURITY_GROUP_INGRESS = "ec2:RevokeSecurityGroupIngress",
    REVOKE_SECURITY_GROUP_EGRESS = "ec2:RevokeSecurityGroupEgress",
    DESCRIBE_ENDPOINT_SERVICES = "ec2:DescribeVpcEndpointServiceConfigurations",
    DESCRIBE_ENDPOINT_SERVICE_PERMISSIONS = "ec2:DescribeVpcEndpointServicePermissions",
    DESCRIBE_ENDPOINT_CONNECTIONS = "ec2:DescribeVpcEndpointConnections",
    CREATE_ENDPOINT_SERVICE = "ec2:CreateVpcEndpointServiceConfiguration",
    MODIFY_ENDPOINT_SERVICE = "ec2:ModifyVpcEndpointServiceConfiguration",
    MODIFY_ENDPOINT_SERVICE_PERMISSIONS = "ec2:ModifyVpcEndpointServicePermissions",
    DELETE_ENDPOINT_SERVICES = "ec2:DeleteVpcEndpointServiceConfigurations",
    ACCEPT_ENDPOINT_CONNECTIONS = "ec2:AcceptVpcEndpointConnections",
    REJECT_ENDPOINT_CONNECTIONS = "ec2:RejectVpcEndpointConnections",
    DESCRIBE_EC2_TAGS = "ec2:DescribeTags",
    CREATE_EC2_TAGS = "ec2:CreateTags",
    DELETE_EC2_TAGS = "ec2:DeleteTags",

    DESCRIBE_TARGET_GROUPS = "elasticloadbalancing:DescribeTargetGroups",
    DESCRIBE_TARGET_GROUP_ATTRIBUTES = "elasticloadbalancing:DescribeTargetGroupAttributes",
    DESCRIBE_TARGET_HEALTH = "elasticloadbalancing:DescribeTargetHealth",
    CREATE_TARGET_GROUP = "elasticloadbalancing:CreateTargetGroup",
    MODIFY_TARGET_GROUP = "elasticloadbalancing:ModifyTargetGroup",
    MODIFY_TARGET_GROUP_ATTRIBUTES = "elasticloadbalancing:ModifyTargetGroupAttributes",
    REGISTER_TARGETS = "elasticloadbalancing:RegisterTargets",
    DEREGISTER_TARGETS = "elasticloadbalancing:DeregisterTargets",
    DELETE_TARGET_GROUP = "elasticloadbalancing:DeleteTargetGroup",
    DESCRIBE_LOAD_BALANCERS = "elasticloadbalancing:DescribeLoadBalancers",
    DESCRIBE_LOAD_BALANCER_ATTRIBUTES = "elasticloadbalancing:DescribeLoadBalancerAttributes",
    CREATE_LOAD_BALANCER = "elasticloadbalancing:CreateLoadBalancer",
    MODIFY_LOAD_BALANCER_ATTRIBUTES = "elasticloadbalancing:ModifyLoadBalancerAttributes",
    SET_SECURITY_GROUPS = "elasticloadbalancing:SetSecurityGroups",
    SET_SUBNETS = "elasticloadbalancing:SetSubnets",
    DELETE_LOAD_BALANCER = "elasticloadbalancing:DeleteLoadBalancer",
    DESCRIBE_LISTENERS = "elasticloadbalancing:DescribeListeners",
    DESCRIBE_LISTENER_ATTRIBUTES = "elasticloadbalancing:DescribeListenerAttributes",
    CREATE_LISTENER = "elasticloadbalancing:CreateListener",
    MODIFY_LISTENER = "elasticloadbalancing:ModifyListener",
    MODIFY_LISTENER_ATTRIBUTES = "elasticloadbalancing:ModifyListenerAttributes",
    DELETE_LISTENER = "elasticloadbalancing:DeleteListener",
    DESCRIBE_ELB_TAGS = "elasticloadbalancing:DescribeTags",
    ADD_ELB_TAGS = "elasticloadbalancing:AddTags",
    REMOVE_ELB_TAGS = "elasticloadbalancing:RemoveTags",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Whoever writes the role reads the README.
    #[test]
    fn the_readme_names_every_right_and_no_other() {
        let readme = include_str!("../../README.md");
        let table = readme.lines().filter(|line| line.starts_with("| reads,") || line.starts_with("| writes,"));
        let mut told = BTreeSet::from(["sts:GetCallerIdentity".to_owned()]);
        for line in table {
            let mut words = line.split('`').skip(1).step_by(2);
            let service = words.next().expect("a service in every row");
            told.extend(words.map(|action| format!("{service}:{action}")));
        }
        assert!(readme.contains("`sts:GetCallerIdentity`"));
        assert_eq!(told, ALL.iter().map(|name| (*name).to_owned()).collect());
    }
}
