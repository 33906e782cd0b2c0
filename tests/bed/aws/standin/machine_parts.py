"""What a machine reads: the parts of its user data, and a service's unit. Pure."""
import base64
import email
import re
import shlex
from dataclasses import dataclass, field

BROKER_PART = "20-broker.sh"
VOLUME = re.compile(r"nvme-Amazon_Elastic_Block_Store_(vol)-?([0-9a-f]+)")
SECONDS = {"": 1, "s": 1, "sec": 1, "ms": 0.001, "min": 60, "m": 60}


@dataclass
class UserData:
    script: str     # of the broker; the rest is a real machine's
    volume_id: str  # that the machine waits for; None: for none


@dataclass
class Unit:
    command: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    restart: str = "no"
    restart_after: float = 0.1  # seconds, as systemd has it
    patience: float = 90.0      # seconds from SIGTERM to SIGKILL, as systemd has it


def user_data(encoded):
    """What a machine has to run, or None when this is not user data of ours."""
    if not encoded:
        return None
    text = base64.b64decode(str(encoded)).decode("utf-8", "replace")
    if not re.match(r"(?is)(content-type|mime-version):", text.lstrip()):
        return None
    for part in email.message_from_string(text.lstrip()).walk():
        if part.get_filename() == BROKER_PART:
            volume = VOLUME.search(text) or VOLUME.search("".join(map(_text, email.message_from_string(text.lstrip()).walk())))
            return UserData(_text(part), f"vol-{volume.group(2)}" if volume else None)
    return None


def unit(text):
    """The [Service] section of a unit file. Of two equal settings the last counts; environments add up."""
    read, section = Unit(), None
    for line in text.replace("\\\n", " ").splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        if section != "[Service]" or "=" not in line or line.startswith(("#", ";")):
            continue
        name, _, value = (part.strip() for part in line.partition("="))
        if name == "ExecStart":
            read.command = shlex.split(value.lstrip("-@:+!"))
        elif name == "Environment":
            read.environment.update(pair.split("=", 1) for pair in shlex.split(value))
        elif name == "Restart":
            read.restart = value
        elif name == "RestartSec":
            read.restart_after = seconds(value)
        elif name == "TimeoutStopSec":
            read.patience = seconds(value)
    return read


def seconds(text):
    return sum(float(number) * SECONDS[what] for number, what in re.findall(r"([\d.]+)\s*([a-z]*)", text))


def _text(part):
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if content else ""
