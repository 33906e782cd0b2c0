"""The AWS actions that the operator calls, read from its own list of them."""
import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[4] / "src" / "aws" / "operation.rs"
SERVICES = {"sts": "sts", "ec2": "ec2", "elasticloadbalancing": "elb"}


def operations():
    """(service, action) of each; the service as the stand-in's sources call it."""
    block = re.search(r"^operations! \{$(.*?)^\}$", SOURCE.read_text(), re.S | re.M).group(1)
    return [(SERVICES[service], action) for service, action in re.findall(r'"([a-z0-9]+):(\w+)"', block)]
