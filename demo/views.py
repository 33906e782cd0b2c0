"""What an AWS account holds, asked from AWS and laid out for people."""
from collections import defaultdict
from dataclasses import dataclass

from lab.aws import Account
from lab.nodes import TAGS, nodes_of

TAGS_AT_ONCE = 20  # resources that one DescribeTags takes
NOBODY = "not the operator"

Row = tuple[object, ...]


@dataclass(frozen=True)
class Path:
    """One port of the load balancer, and where it leads."""

    port: int
    group: str                 # the group's key inside the object, such as EXTERNAL/2
    group_arn: str
    listener_arn: str
    targets: tuple[str, ...]   # "broker-2:39092 healthy"

    def row(self) -> Row:
        return self.port, self.group, ", ".join(self.targets) or "nowhere"


PATH_COLUMNS = ("NLB PORT", "TARGET GROUP", "TARGETS")
HOLDING_COLUMNS = ("KIND", "OWNER TAG", "N", "WHICH")
NODE_COLUMNS = ("NODE", "ROLES", "ZONE", "ADDRESS", "INTERFACE", "VOLUME", "FORMATTED", "INSTANCE")


def paths(account: Account) -> list[Path]:
    """Every NLB listener of the account, by port."""
    elb = account.elb
    tags = _elb_tags(account, [group["TargetGroupArn"] for group in elb.describe_target_groups()["TargetGroups"]])
    names = {instance["InstanceId"]: _name(instance) for instance in _instances(account)}
    found = []
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
            group = listener["DefaultActions"][0]["TargetGroupArn"]
            health = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
            targets = (f"{names.get(each['Target']['Id'], each['Target']['Id'])}:{each['Target']['Port']} "
                       f"{each['TargetHealth']['State']}" for each in health)
            found.append(Path(listener["Port"], _key(tags[group]), group, listener["ListenerArn"], tuple(sorted(targets))))
    return sorted(found, key=lambda path: path.port)


def holdings(account: Account) -> list[Row]:
    """All kinds that matter where brokers are somebody's, by whether the operator's owner tag is on them."""
    found = _Found()
    for instance in _instances(account):
        found.note("instance", _ec2_tags(instance), f"{_name(instance)} ({instance['State']['Name']})")
    _note_offer(account, found)
    return found.rows()


def all_holdings(account: Account) -> list[Row]:
    """As well those that are made where nothing is."""
    ec2, found = account.ec2, _Found()
    for vpc in ec2.describe_vpcs()["Vpcs"]:
        found.note("VPC", _ec2_tags(vpc), f"{vpc['CidrBlock']}{' (the default one)' if vpc['IsDefault'] else ''}")
    for subnet in ec2.describe_subnets()["Subnets"]:
        found.note("subnet", _ec2_tags(subnet), subnet["CidrBlock"])
    for table in ec2.describe_route_tables()["RouteTables"]:
        main = any(each["Main"] for each in table["Associations"])  # AWS gives every VPC one
        found.note("route table", _ec2_tags(table), f"{table['RouteTableId']} ({'main, ' if main else ''}routes: {len(table['Routes'])})")
    for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]:
        found.note("gateway endpoint", _ec2_tags(endpoint), endpoint["ServiceName"])
    for interface in ec2.describe_network_interfaces()["NetworkInterfaces"]:
        found.note("network interface", _tags(interface.get("TagSet", [])), f"{interface['PrivateIpAddress']} ({interface['Description'].split('/')[0]})")
    of_instances = {each["Ebs"]["VolumeId"] for instance in _instances(account) for each in instance["BlockDeviceMappings"]
                    if each["Ebs"]["DeleteOnTermination"]}
    for volume in ec2.describe_volumes()["Volumes"]:
        if volume["VolumeId"] not in of_instances:
            found.note("volume", _ec2_tags(volume), f"{volume['VolumeId']} ({volume['State']})")
    for instance in _instances(account):
        if instance["State"]["Name"] != "terminated":  # AWS shows it for an hour
            found.note("instance", _ec2_tags(instance), f"{instance['InstanceId']} ({instance['State']['Name']})")
    _note_offer(account, found)
    return found.rows()


def nodes(account: Account) -> list[Row]:
    """A row for each node that was made."""
    return [(each.id, each.roles, each.zone, each.address, each.interface, each.volume, "yes" if each.formatted else "no",
             f"{each.instance} ({each.state})" if each.instance else "none") for each in nodes_of(account).values()]


class _Found:
    """What an account holds, by kind and owner."""

    def __init__(self) -> None:
        self._by_kind: dict[tuple[str, str], list[str]] = defaultdict(list)

    def note(self, kind: str, tags: dict[str, str], text: str) -> None:
        # The owner tag is CLUSTER/NAMESPACE/NAME; the cluster's uid says nothing to a reader.
        owner = tags.get(f"{TAGS}owner", "").partition("/")[2] or NOBODY
        self._by_kind[kind, owner].append(text)

    def rows(self) -> list[Row]:
        return [(kind, owner, len(which), ", ".join(sorted(which))) for (kind, owner), which in self._by_kind.items()]


def _note_offer(account: Account, found: _Found) -> None:
    """Load balancer, endpoint service, and what belongs to them."""
    ec2, elb = account.ec2, account.elb
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}])
        found.note("security group", _ec2_tags(group), f"{group['GroupName']} (rules: {len(rules['SecurityGroupRules'])})")
    groups = {group["TargetGroupArn"]: group["TargetGroupName"] for group in elb.describe_target_groups()["TargetGroups"]}
    for arn, tags in _elb_tags(account, list(groups)).items():
        found.note("target group", tags, _key(tags) or groups[arn])
    balancers = {each["LoadBalancerArn"]: each for each in elb.describe_load_balancers()["LoadBalancers"]}
    for arn, tags in _elb_tags(account, list(balancers)).items():
        found.note("load balancer", tags, f"{balancers[arn]['LoadBalancerName']} ({balancers[arn]['State']['Code']})")
        listeners = {each["ListenerArn"]: each["Port"] for each in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]}
        for listener, its_tags in _elb_tags(account, list(listeners)).items():
            found.note("NLB listener", its_tags, str(listeners[listener]))
    for service in ec2.describe_vpc_endpoint_service_configurations()["ServiceConfigurations"]:
        allowed = ec2.describe_vpc_endpoint_service_permissions(ServiceId=service["ServiceId"])["AllowedPrincipals"]
        found.note("endpoint service", _ec2_tags(service),
                   f"{service['ServiceId']} ({service['ServiceState']}, principals: {len(allowed)})")


def differences(before: dict[str, dict], after: dict[str, dict]) -> list[str]:
    """What two inventories (kind, then id, then fields) do not have in common."""
    lines = []
    for kind in sorted(before.keys() | after.keys()):
        old, new = before.get(kind, {}), after.get(kind, {})
        lines += [f"{kind} {each}: gone" for each in sorted(old.keys() - new.keys())]
        lines += [f"{kind} {each}: new, {new[each]}" for each in sorted(new.keys() - old.keys())]
        lines += [f"{kind} {each}: {old[each]} became {new[each]}"
                  for each in sorted(old.keys() & new.keys()) if old[each] != new[each]]
    return lines


def _instances(account: Account) -> list[dict]:
    return [instance for reservation in account.ec2.describe_instances()["Reservations"] for instance in reservation["Instances"]]


def _name(instance: dict) -> str:
    return _ec2_tags(instance).get("Name", instance["InstanceId"])


def _ec2_tags(resource: dict) -> dict[str, str]:
    return _tags(resource.get("Tags", []))


def _tags(tags: list[dict]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _elb_tags(account: Account, arns: list[str]) -> dict[str, dict[str, str]]:
    found = {}
    for first in range(0, len(arns), TAGS_AT_ONCE):
        for each in account.elb.describe_tags(ResourceArns=arns[first:first + TAGS_AT_ONCE])["TagDescriptions"]:
            found[each["ResourceArn"]] = _ec2_tags(each)
    return found


def _key(tags: dict[str, str]) -> str:
    return tags.get(f"{TAGS}resource", "").removeprefix("tg/")
