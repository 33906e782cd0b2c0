"""Nodes that were made for an object, as AWS tells of them by their tags."""
from dataclasses import dataclass

from .aws import Account

TAGS = "kafka-privatelink.io/"
FORMATTED = f"{TAGS}formatted"


@dataclass(frozen=True)
class Node:
    """What a node has. Its instance is empty while it has none."""

    id: int
    zone: str
    interface: str
    address: str
    roles: str
    volume: str
    formatted: bool
    instance: str
    state: str


def nodes_of(account: Account) -> dict[int, Node]:
    """Those that have an interface and a volume; one account has nodes of one object here."""
    ec2 = account.ec2
    instances = {broker: (each["InstanceId"], each["State"]["Name"])
                 for reservation in ec2.describe_instances()["Reservations"] for each in reservation["Instances"]
                 if each["State"]["Name"] != "terminated" and (broker := _node(each.get("Tags", []), "instance")) is not None}
    volumes = {broker: each for each in volumes_of(account) if (broker := _node(each["Tags"], "volume")) is not None}
    zones = {each["SubnetId"]: each["AvailabilityZoneId"] for each in ec2.describe_subnets()["Subnets"]}
    found = {}
    for each in ec2.describe_network_interfaces()["NetworkInterfaces"]:
        broker = _node(each.get("TagSet", []), "interface")
        if broker is None or broker not in volumes:
            continue
        volume, (instance, state) = volumes[broker], instances.get(broker, ("", ""))
        found[broker] = Node(broker, zones[each["SubnetId"]], each["NetworkInterfaceId"], each["PrivateIpAddress"], _tags(each["TagSet"])[f"{TAGS}roles"],
                             volume["VolumeId"], FORMATTED in _tags(volume["Tags"]), instance, state)
    return dict(sorted(found.items()))


def volumes_of(account: Account) -> list[dict]:
    """Volumes of data, which outlive everything else."""
    return [each for each in account.ec2.describe_volumes()["Volumes"] if f"{TAGS}owner" in _tags(each.get("Tags", []))]


def terminate_by_hand(account: Account, instance: str) -> None:
    """As a person does it: an instance of a node is protected."""
    account.ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    account.ec2.terminate_instances(InstanceIds=[instance])


def _node(tags: list[dict], kind: str) -> int | None:
    what, _, node = _tags(tags).get(f"{TAGS}resource", "").partition("/")
    return int(node) if what == kind else None


def _tags(tags: list[dict]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}
