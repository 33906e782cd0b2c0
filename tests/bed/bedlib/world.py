"""The guide's world in the bed: what `bed.py seed` makes, and the environment to use it."""
import json
import os
import secrets
import shlex
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from . import standin

FIRST = 16  # the first VPC is 127.16.0.0/16: clear of the 127.0.0.0/16 that servers of all kinds use
EXAMPLE = """\
apiVersion: kafka-privatelink.io/v1alpha1
kind: KafkaPrivateLink
metadata: {{ name: orders, namespace: default }}
spec:
  region: {region}
  accountId: "{account}"
  network:
    vpcId: {vpc}
    subnets:
{subnets}
  brokers:
    ec2: {{ tags: {{ kafka-cluster: orders }}, idTagKey: kafka-node-id }}
    securityGroupIds: [ {brokers_security_group} ]
  listeners:
  - name: EXTERNAL
    brokerPort: 39092
    bootstrapPort: 9092
    portRange: {{ first: 9093, last: 9116 }}
    advertisedHostTemplate: "b{{brokerId}}.{{zoneId}}.abc.{{region}}.aws.3199015.tidbcloud.com"
    consumerCidrs: [ {consumer_cidr} ]
  endpointService:
    consumers:
    - {{ accountId: "{consumer}", acceptance: Automatic }}
"""


# The object that has all of it made; its addresses and accounts are placeholders.
NEW_CLUSTER = Path(__file__).resolve().parents[3] / "examples" / "new-cluster.yaml"


def seed(bed, name, data_plane=False, empty=False):
    """Makes a world in a fresh account; returns it, with the environment that uses it.

    One that is empty has no VPC and no brokers yet: packets move in it, and instances boot from their user data.
    """
    data_plane = data_plane or empty
    if not bed["aws_endpoint"]:
        raise SystemExit("bed: this bed has no AWS stand-in")
    provider, consumer = (f"{secrets.randbelow(9 * 10**11) + 10**11}" for _ in range(2))
    folder, number = _claim(bed, name, provider if data_plane else None)
    consumer_network = "10.250"
    if data_plane:
        consumer_network = f"127.{_admin(bed, 'claim', consumer, {})['network']}"
        for account in (provider, consumer):
            _admin(bed, "settings", account, {"data_plane": True, "machines": empty})
    made = subprocess.run([str(standin.python()), "-B", str(standin.SOURCE / "seed.py"), "--endpoint", bed["aws_endpoint"],
                           "--name", str(number), "--provider", provider, "--consumer", consumer,
                           "--consumer-network", consumer_network, *(["--empty"] if empty else [])], check=True, stdout=subprocess.PIPE, text=True).stdout
    world = json.loads(made)
    example = folder / (NEW_CLUSTER.name if empty else "orders.yaml")
    example.write_text(_new_cluster(world, number) if empty else _offer(world))
    world["example"] = str(example)
    world["environment"] = {**environment(bed), **_credentials(world["provider"], world["region"])}
    world["consumer_environment"] = str(folder / "consumer.env")
    _write_private(folder / "consumer.env", _lines({**environment(bed), **_credentials(world["consumer"], world["region"])}))
    _write_private(folder / "world.json", json.dumps(world, indent=1))
    return world


def _offer(world):
    """The object that offers the brokers."""
    return EXAMPLE.format(
        region=world["region"], account=world["provider"]["account"], vpc=world["vpc"]["id"],
        subnets="\n".join(f"    - {{ zoneId: {zone}, subnetId: {subnet} }}" for zone, subnet in world["vpc"]["subnets"].items()),
        brokers_security_group=world["vpc"]["brokers_security_group"], consumer=world["consumer"]["account"],
        consumer_cidr=world["consumer_vpc"]["cidr"])


def _new_cluster(world, number):
    """The example, with the accounts of this world and addresses that this machine has."""
    text = NEW_CLUSTER.read_text()
    for ours, here in (("10.40.", f"127.{number}."), ("10.250.0.0/16", world["consumer_vpc"]["cidr"]), ("210987654321", world["consumer"]["account"]),
                       ("arn:aws:iam::123456789012:instance-profile/kafka-nodes", world["instance_profile"])):
        if ours not in text:
            raise SystemExit(f"bed: {NEW_CLUSTER} does not have {ours}")
        text = text.replace(ours, here)
    return text


def environment(bed):
    """What every command against a bed needs."""
    env = {}
    if bed["aws_endpoint"]:
        env["AWS_ENDPOINT_URL"] = bed["aws_endpoint"]
    if bed["kubeconfig"]:
        env["KUBECONFIG"] = bed["kubeconfig"]
        env["PATH"] = bed["bin"] + os.pathsep + os.environ["PATH"]
    return env


def exports(world):
    """Lines for a shell: what to export, and where the rest is."""
    return (_lines(world["environment"])
            + f"# the object to apply:      {world['example']}\n"
            + f"# to act as the consumer:   . {world['consumer_environment']}\n"
            + f"# every id:                 {Path(world['example']).parent / 'world.json'}\n")


def _claim(bed, name, account):
    """A folder for world N that nobody else has, and N. With an account, whose addresses are to be real, no other bed has N either."""
    for number in [name] if name else range(FIRST, 255):
        if not 1 <= number <= 254:
            raise SystemExit("bed: --name is a number from 1 to 254")
        folder = Path(bed["dir"]) / f"world-{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        if account is None or "network" in _admin(bed, "claim", account, {"network": number}):
            return folder, number
        folder.rmdir()
    raise SystemExit("bed: there is such a world already")


def _admin(bed, route, account, body):
    """Asks the stand-in; its refusals are answers too."""
    request = urllib.request.Request(f"{bed['aws_endpoint']}/__{route}?account={account}", method="POST", data=json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        return json.load(refusal)


def _credentials(who, region):
    return {"AWS_ACCESS_KEY_ID": who["access_key_id"], "AWS_SECRET_ACCESS_KEY": who["secret_access_key"],
            "AWS_SESSION_TOKEN": who["session_token"], "AWS_REGION": region, "AWS_DEFAULT_REGION": region}


def _lines(env):
    lines = {name: shlex.quote(value) for name, value in env.items()}
    if "PATH" in env:  # the shell's own, with ours before it
        lines["PATH"] = shlex.quote(env["PATH"].split(os.pathsep)[0]) + ':"$PATH"'
    return "".join(f"export {name}={value}\n" for name, value in lines.items())


def _write_private(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
