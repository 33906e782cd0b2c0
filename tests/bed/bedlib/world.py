"""The guide's world in the bed: what `bed.py seed` makes, and the environment to use it."""
import json
import os
import shlex
import subprocess
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
    consumerCidrs: [ 10.250.0.0/16 ]
  endpointService:
    consumers:
    - {{ accountId: "{consumer}", acceptance: Automatic }}
"""


def seed(bed, name):
    """Makes a world in a fresh account; returns it, with the environment that uses it."""
    if not bed["aws_endpoint"]:
        raise SystemExit("bed: this bed has no AWS stand-in")
    folder = _claim(Path(bed["dir"]), name)
    number = folder.name.removeprefix("world-")
    made = subprocess.run([str(standin.python()), "-B", str(standin.SOURCE / "seed.py"), "--endpoint", bed["aws_endpoint"],
                           "--name", number], check=True, stdout=subprocess.PIPE, text=True).stdout
    world = json.loads(made)
    example = folder / "orders.yaml"
    example.write_text(EXAMPLE.format(
        region=world["region"], account=world["provider"]["account"], vpc=world["vpc"]["id"],
        subnets="\n".join(f"    - {{ zoneId: {zone}, subnetId: {subnet} }}" for zone, subnet in world["vpc"]["subnets"].items()),
        brokers_security_group=world["vpc"]["brokers_security_group"], consumer=world["consumer"]["account"]))
    world["example"] = str(example)
    world["environment"] = {**environment(bed), **_credentials(world["provider"], world["region"])}
    world["consumer_environment"] = str(folder / "consumer.env")
    _write_private(folder / "consumer.env", _lines({**environment(bed), **_credentials(world["consumer"], world["region"])}))
    _write_private(folder / "world.json", json.dumps(world, indent=1))
    return world


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


def _claim(bed_folder, name):
    """A folder for world N that nobody else has."""
    numbers = [name] if name else range(FIRST, 255)
    for number in numbers:
        if not 1 <= number <= 254:
            raise SystemExit("bed: --name is a number from 1 to 254")
        folder = bed_folder / f"world-{number}"
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            continue
    raise SystemExit("bed: there is such a world already")


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
