"""What people do to the operator's resources in the console."""
from collections.abc import Callable

from lab.aws import Account

Deed = Callable[["Hands"], object]
TEAM_TAG = "team"
INNER_RULE = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


class Hands:
    """Somebody with all rights, and what there is to lay hands on."""

    def __init__(self, account: Account, brokers: dict[str, str]):
        self.ec2, self.elb, self.instances = account.ec2, account.elb, brokers
        self.balancer = self.elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        self.group = self.elb.describe_load_balancers()["LoadBalancers"][0]["SecurityGroups"][0]
        self.service = self.ec2.describe_vpc_endpoint_service_configurations()["ServiceConfigurations"][0]["ServiceId"]

    def listener(self, port: int) -> dict:
        held = self.elb.describe_listeners(LoadBalancerArn=self.balancer)["Listeners"]
        return next(each for each in held if each["Port"] == port)

    def group_at(self, port: int) -> str:
        return self.listener(port)["DefaultActions"][0]["TargetGroupArn"]

    def lead(self, port: int, group: str) -> None:
        self.elb.modify_listener(ListenerArn=self.listener(port)["ListenerArn"],
                                 DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])

    def deregister(self, broker: str, port: int) -> None:
        self.elb.deregister_targets(TargetGroupArn=self.group_at(port), Targets=[{"Id": self.instances[broker], "Port": 39092}])

    def set_attribute(self, port: int, key: str, value: str) -> None:
        self.elb.modify_target_group_attributes(TargetGroupArn=self.group_at(port), Attributes=[{"Key": key, "Value": value}])

    def revoke(self) -> None:
        rules = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [self.group]}])
        inward = [each["SecurityGroupRuleId"] for each in rules["SecurityGroupRules"] if not each["IsEgress"]]
        self.ec2.revoke_security_group_ingress(GroupId=self.group, SecurityGroupRuleIds=inward[:1])

    def remove_principal(self) -> None:
        held = self.ec2.describe_vpc_endpoint_service_permissions(ServiceId=self.service)["AllowedPrincipals"]
        self.ec2.modify_vpc_endpoint_service_permissions(
            ServiceId=self.service, RemoveAllowedPrincipals=[each["Principal"] for each in held])


DEEDS: dict[str, Deed] = {
    "an NLB listener is deleted": lambda by: by.elb.delete_listener(ListenerArn=by.listener(9094)["ListenerArn"]),
    "an NLB listener leads to another broker": lambda by: by.lead(9093, by.group_at(9094)),
    "an NLB listener's idle timeout is changed": lambda by: by.elb.modify_listener_attributes(
        ListenerArn=by.listener(9093)["ListenerArn"], Attributes=[{"Key": "tcp.idle_timeout.seconds", "Value": "60"}]),
    "a broker is taken out of the bootstrap group": lambda by: by.deregister("1", 9092),
    "a broker is taken out of its own group": lambda by: by.deregister("1", 9093),
    "cross-zone is switched off for bootstrap": lambda by: by.set_attribute(9092, "load_balancing.cross_zone.enabled", "false"),
    "a health check is changed": lambda by: by.elb.modify_target_group(
        TargetGroupArn=by.group_at(9093), HealthCheckIntervalSeconds=30),
    "the NLB ignores inbound rules for endpoints": lambda by: by.elb.set_security_groups(
        LoadBalancerArn=by.balancer, SecurityGroups=[by.group],
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="off"),
    "a tag of the NLB is removed": lambda by: by.elb.remove_tags(ResourceArns=[by.balancer], TagKeys=[TEAM_TAG]),
    "a rule of the security group is revoked": lambda by: by.revoke(),
    "a rule is added to the security group": lambda by: by.ec2.authorize_security_group_ingress(
        GroupId=by.group, IpPermissions=[INNER_RULE]),
    "a consumer's principal is removed": lambda by: by.remove_principal(),
    "acceptance is no longer required": lambda by: by.ec2.modify_vpc_endpoint_service_configuration(
        ServiceId=by.service, AcceptanceRequired=False),
}
