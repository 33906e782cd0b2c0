"""What AWS asks IAM before it does a call: by its Service Authorization Reference, written without a look at our policies.

An action that is not listed here is asked for on `*`, without a context: no condition on tags can hold for it.
"""
from moto.iam.models import iam_backends

from .iam_policy import Question

OWN_ROLE = "elasticloadbalancing.amazonaws.com"  # ELB's service-linked role comes with an account's first load balancer
_accounts_with_role = set()


def questions(store, service, action, parameters):
    """All have to be answered with yes. `parameters` are the request's, as moto parses them."""
    ask = {"ec2": _EC2, "elasticloadbalancing": _ELB}.get(service, {}).get(action)
    return ask(_Asking(store, service, action, parameters)) if ask else [Question(f"{service}:{action}")]


def done(store, action):
    """A call succeeded."""
    if action == "CreateLoadBalancer":
        _accounts_with_role.add(store.account)


class _Asking:
    def __init__(self, store, service, action, parameters):
        self.store, self.service, self.action, self.parameters = store, service, action, parameters

    def one(self, arn, *contexts, action=None):
        merged = {key: value for context in contexts for key, value in context.items()}
        return Question(f"{self.service}:{action or self.action}", arn, merged)

    def ec2_arn(self, kind, resource_id="*"):
        return f"arn:aws:ec2:{self.store.region}:{self.store.account}:{kind}/{resource_id}"

    def ec2_there(self, kind, resource_id):
        """The question on a thing that may be there, with its tags."""
        return self.one(self.ec2_arn(kind, resource_id), _resource_tags(self.store.ec2.tags.get(resource_id, {})))

    def given(self, kind):
        """Tags that the request gives to a kind."""
        return {tag["Key"]: tag.get("Value", "") for specification in self.parameters.get("TagSpecifications", [])
                if specification.get("ResourceType") == kind for tag in specification.get("Tags", [])}

    def ec2_new(self, kind):
        """A thing of EC2 that is made; with tags it takes the right to tag too."""
        tags, arn = self.given(kind), self.ec2_arn(kind)
        tagging = [self.one(arn, _request_tags(tags), {"ec2:CreateAction": self.action}, action="CreateTags")] if tags else []
        return [self.one(arn, _request_tags(tags)), *tagging]

    def elb_there(self, arn, *contexts):
        return self.one(arn, _resource_tags(self.store.elb_tags.get(arn, {})), *contexts)

    def elb_tags(self):
        return {tag["Key"]: tag.get("Value", "") for tag in self.parameters.get("Tags", [])}

    def elb_tagging(self, arn):
        tags = self.elb_tags()
        context = {"elasticloadbalancing:CreateAction": self.action}
        return [self.one(arn, _request_tags(tags), context, action="AddTags")] if tags else []

    def elb_new(self, kind):
        arn = self.store.arn(f"{kind}/{self.parameters.get('Name', '')}/*")
        return [self.one(arn, _request_tags(self.elb_tags())), *self.elb_tagging(arn)]


def _request_tags(tags):
    return {**{f"aws:RequestTag/{key}": value for key, value in tags.items()}, **({"aws:TagKeys": list(tags)} if tags else {})}


def _resource_tags(tags):
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}


def _on(kind, parameter):
    """A change of one thing of EC2."""
    return lambda asking: [asking.ec2_there(kind, resource_id) for resource_id in _ids(asking.parameters.get(parameter))]


def _in_vpc(kind):
    return lambda asking: [*asking.ec2_new(kind), asking.ec2_there("vpc", asking.parameters.get("VpcId"))]


def _authorize(asking):
    tagged = asking.ec2_new("security-group-rule") if asking.given("security-group-rule") else []
    return [asking.ec2_there("security-group", asking.parameters.get("GroupId")), *tagged]


def _make(kind, **named):
    """A new thing, and a question on each thing that it is made of or in: kind of resource -> parameter."""
    return lambda asking: [*asking.ec2_new(kind), *(asking.ec2_there(other, resource_id) for other, parameter in named.items()
                                                    for resource_id in _ids(asking.parameters.get(parameter, [])))]


def _all(*changes):
    """A change that is asked for on several things."""
    return lambda asking: [question for change in changes for question in change(asking)]


def _create_route(asking):
    return [asking.ec2_there("route-table", asking.parameters.get("RouteTableId"))]


def _create_endpoint(asking):
    tables = [asking.ec2_there("route-table", table_id) for table_id in asking.parameters.get("RouteTableIds", [])]
    inside = [*(asking.ec2_there("subnet", i) for i in asking.parameters.get("SubnetIds", [])),
              *(asking.ec2_there("security-group", i) for i in asking.parameters.get("SecurityGroupIds", []))]
    return [*asking.ec2_new("vpc-endpoint"), asking.ec2_there("vpc", asking.parameters.get("VpcId")), *tables, *inside]


def _modify_endpoint(asking):
    tables = [table_id for name in ("AddRouteTableIds", "RemoveRouteTableIds") for table_id in asking.parameters.get(name, [])]
    return [asking.ec2_there("vpc-endpoint", asking.parameters.get("VpcEndpointId")), *(asking.ec2_there("route-table", i) for i in tables)]


def _disassociate_route_table(asking):
    association = asking.parameters.get("AssociationId")
    tables = [table for table in asking.store.ec2.route_tables.values() if association in table.all_associations_ids]
    return [question for table in tables for question in (
        asking.ec2_there("route-table", table.id), *(asking.ec2_there("subnet", i) for a, i in table._associations.items() if a == association))
    ] or [asking.one(asking.ec2_arn("route-table"))]


def _run_instances(asking):
    """On all that a launch makes and uses. AMIs are no account's in their ARN."""
    said, launch = asking.parameters, {}
    options = said.get("MetadataOptions", {})
    launch["ec2:InstanceType"] = said.get("InstanceType", "m1.small")
    launch["ec2:MetadataHttpTokens"] = options.get("HttpTokens", "optional")
    launch["ec2:MetadataHttpPutResponseHopLimit"] = str(options.get("HttpPutResponseHopLimit", 1))
    if said.get("IamInstanceProfile", {}).get("Arn"):
        launch["ec2:InstanceProfile"] = said["IamInstanceProfile"]["Arn"]
    asked = [Question(q.action, q.resource, {**q.context, **launch}) if q.action.endswith(":RunInstances") else q for q in asking.ec2_new("instance")]
    asked += asking.ec2_new("volume")
    asked.append(asking.one(f"arn:aws:ec2:{asking.store.region}::image/{said.get('ImageId')}"))
    interfaces = said.get("NetworkInterfaces", [])
    given = [one["NetworkInterfaceId"] for one in interfaces if one.get("NetworkInterfaceId")]
    asked += [asking.ec2_there("network-interface", i) for i in given] or asking.ec2_new("network-interface")
    subnets = [said.get("SubnetId"), *(one.get("SubnetId") for one in interfaces), *_of_interfaces(asking, given, lambda i: [i.subnet.id])]
    groups = [*said.get("SecurityGroupIds", []), *(g for one in interfaces for g in one.get("Groups", [])),
              *_of_interfaces(asking, given, lambda i: [g.id for g in i.group_set])]
    asked += [asking.ec2_there("subnet", i) for i in dict.fromkeys(subnets) if i]
    asked += [asking.ec2_there("security-group", i) for i in dict.fromkeys(groups)]
    if said.get("KeyName"):
        asked.append(asking.one(asking.ec2_arn("key-pair", said["KeyName"])))
    return asked + _pass_role(asking, said.get("IamInstanceProfile", {}))


def _of_interfaces(asking, ids, what):
    return [value for i in ids if i in asking.store.ec2.enis for value in what(asking.store.ec2.enis[i])]


def _pass_role(asking, profile):
    """Who launches an instance with a profile hands it the profile's role."""
    roles = [role.arn for each in iam_backends[asking.store.account]["aws"].instance_profiles.values()
             if profile.get("Arn") == each.arn or profile.get("Name") == each.name for role in each.roles]
    return [Question("iam:PassRole", arn, {"iam:PassedToService": "ec2.amazonaws.com"}) for arn in roles]


KINDS = {"subnet": "subnet", "sg": "security-group", "sgr": "security-group-rule", "vpc": "vpc", "i": "instance", "vpce": "vpc-endpoint",
         "rtb": "route-table", "igw": "internet-gateway", "eipalloc": "elastic-ip", "nat": "natgateway", "eni": "network-interface", "vol": "volume"}


def _ec2_tags(asking):
    tags = {tag["Key"]: tag.get("Value", "") for tag in asking.parameters.get("Tags", [])}
    asked = []
    for resource_id in _ids(asking.parameters.get("Resources")):
        kind = "vpc-endpoint-service" if resource_id.startswith("vpce-svc-") else KINDS.get(resource_id.split("-")[0], "*")
        asked.append(asking.one(asking.ec2_arn(kind, resource_id), _request_tags(tags),
                                _resource_tags(asking.store.ec2.tags.get(resource_id, {}))))
    return asked


def _elb_on(parameter):
    return lambda asking: [asking.elb_there(arn) for arn in _ids(asking.parameters.get(parameter))]


def _create_load_balancer(asking):
    role = f"arn:aws:iam::{asking.store.account}:role/aws-service-role/{OWN_ROLE}/AWSServiceRoleForElasticLoadBalancing"
    first = [] if asking.store.account in _accounts_with_role else [
        Question("iam:CreateServiceLinkedRole", role, {"iam:AWSServiceName": OWN_ROLE})]
    return [*asking.elb_new("loadbalancer/net"), *first]


def _create_listener(asking):
    balancer = asking.parameters.get("LoadBalancerArn", "")
    listener = balancer.replace(":loadbalancer/", ":listener/") + "/*"
    return [asking.elb_there(balancer, _request_tags(asking.elb_tags())), *asking.elb_tagging(listener)]


def _elb_tags(asking):
    keys = {"aws:TagKeys": asking.parameters["TagKeys"]} if asking.parameters.get("TagKeys") else {}
    return [asking.elb_there(arn, _request_tags(asking.elb_tags()), keys) for arn in _ids(asking.parameters.get("ResourceArns"))]


def _ids(value):
    return value if isinstance(value, list) else [value]


_SERVICE = "vpc-endpoint-service"
_EC2 = {
    "CreateSubnet": _in_vpc("subnet"), "CreateSecurityGroup": _in_vpc("security-group"),
    "CreateVpcEndpointServiceConfiguration": lambda asking: asking.ec2_new(_SERVICE),
    "CreateVpc": lambda asking: asking.ec2_new("vpc"),
    "ModifyVpcAttribute": _on("vpc", "VpcId"), "DeleteVpc": _on("vpc", "VpcId"),
    "DeleteSubnet": _on("subnet", "SubnetId"), "DeleteSecurityGroup": _on("security-group", "GroupId"),
    "AuthorizeSecurityGroupIngress": _authorize, "AuthorizeSecurityGroupEgress": _authorize,
    "RevokeSecurityGroupIngress": _on("security-group", "GroupId"), "RevokeSecurityGroupEgress": _on("security-group", "GroupId"),
    "ModifyVpcEndpointServiceConfiguration": _on(_SERVICE, "ServiceId"),
    "ModifyVpcEndpointServicePermissions": _on(_SERVICE, "ServiceId"),
    "DescribeVpcEndpointServicePermissions": _on(_SERVICE, "ServiceId"),
    "DeleteVpcEndpointServiceConfigurations": _on(_SERVICE, "ServiceIds"),
    "AcceptVpcEndpointConnections": _on(_SERVICE, "ServiceId"), "RejectVpcEndpointConnections": _on(_SERVICE, "ServiceId"),
    "CreateTags": _ec2_tags, "DeleteTags": _ec2_tags,
    "CreateRouteTable": _in_vpc("route-table"), "DeleteRouteTable": _on("route-table", "RouteTableId"),
    "AssociateRouteTable": _all(_on("route-table", "RouteTableId"), _on("subnet", "SubnetId")),
    "DisassociateRouteTable": _disassociate_route_table, "CreateRoute": _create_route, "DeleteRoute": _create_route,
    "CreateVpcEndpoint": _create_endpoint, "ModifyVpcEndpoint": _modify_endpoint, "DeleteVpcEndpoints": _on("vpc-endpoint", "VpcEndpointIds"),
    "CreateInternetGateway": _make("internet-gateway"), "DeleteInternetGateway": _on("internet-gateway", "InternetGatewayId"),
    **{action: _all(_on("internet-gateway", "InternetGatewayId"), _on("vpc", "VpcId")) for action in ("AttachInternetGateway", "DetachInternetGateway")},
    "AllocateAddress": _make("elastic-ip"), "ReleaseAddress": _on("elastic-ip", "AllocationId"),
    "CreateNatGateway": _make("natgateway", **{"subnet": "SubnetId", "elastic-ip": "AllocationId"}), "DeleteNatGateway": _on("natgateway", "NatGatewayId"),
    "CreateNetworkInterface": _make("network-interface", **{"subnet": "SubnetId", "security-group": "Groups"}),
    "ModifyNetworkInterfaceAttribute": _all(_on("network-interface", "NetworkInterfaceId"), lambda asking: [
        asking.ec2_there("security-group", group_id) for group_id in asking.parameters.get("Groups", [])]),
    "DeleteNetworkInterface": _on("network-interface", "NetworkInterfaceId"),
    "CreateVolume": _make("volume"), "ModifyVolume": _on("volume", "VolumeId"), "DeleteVolume": _on("volume", "VolumeId"),
    "AttachVolume": _all(_on("volume", "VolumeId"), _on("instance", "InstanceId")),
    "DetachVolume": lambda asking: [asking.ec2_there("volume", asking.parameters.get("VolumeId")), *(
        asking.ec2_there("instance", i) for i in _ids(asking.parameters.get("InstanceId", [])))],
    "RunInstances": _run_instances,
    **{action: _on("instance", "InstanceIds") for action in ("StartInstances", "StopInstances", "TerminateInstances")},
    **{action: _on("instance", "InstanceId") for action in ("ModifyInstanceAttribute", "DescribeInstanceAttribute", "GetConsoleOutput")},
}
_ELB = {
    "CreateLoadBalancer": _create_load_balancer, "CreateListener": _create_listener,
    "CreateTargetGroup": lambda asking: asking.elb_new("targetgroup"),
    **{action: _elb_on("LoadBalancerArn") for action in (
        "ModifyLoadBalancerAttributes", "SetSecurityGroups", "SetSubnets", "DeleteLoadBalancer")},
    **{action: _elb_on("ListenerArn") for action in ("ModifyListener", "ModifyListenerAttributes", "DeleteListener")},
    **{action: _elb_on("TargetGroupArn") for action in (
        "ModifyTargetGroup", "ModifyTargetGroupAttributes", "RegisterTargets", "DeregisterTargets", "DeleteTargetGroup")},
    "AddTags": _elb_tags, "RemoveTags": _elb_tags,
}
