"""What a machine reads: the parts of its user data, and a service's unit. Pure."""
import base64
import email
import re
import shlex
import signal
from dataclasses import dataclass, field

BROKER_PART = "20-broker.sh"
VOLUME = re.compile(r"vol-?([0-9a-f]{17})")
CLEAN = {0, -signal.SIGHUP, -signal.SIGINT, -signal.SIGTERM, -signal.SIGPIPE}  # as systemd has it
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
    clean: set = field(default_factory=lambda: set(CLEAN))  # ends that are no failure


def user_data(encoded):
    """What a machine has to run, or None when this is not user data of ours."""
    if not encoded:
        return None
    parts = list(email.message_from_bytes(base64.b64decode(str(encoded))).walk())
    for part in parts:
        if part.get_filename() == BROKER_PART:
            volume = VOLUME.search("\n".join(_text(each) for each in parts if not each.is_multipart()))
            return UserData(_text(part), f"vol-{volume.group(1)}" if volume else None)
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
        elif name == "SuccessExitStatus":
            read.clean.update(int(status) for status in value.split() if status.isdigit())
        elif name == "TimeoutStopSec":
            read.patience = seconds(value)
    return read


def seconds(text):
    return sum(float(number) * SECONDS[what] for number, what in re.findall(r"([\d.]+)\s*([a-z]*)", text))


def _text(part):
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if content else ""
