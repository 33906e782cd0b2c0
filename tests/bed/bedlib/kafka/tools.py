"""Kafka's own command-line tools, run from the jars. Names are resolved by a hosts file of their own."""
import signal
import subprocess

from .. import processes
from . import jars

# name -> class in 3.x, class in 4.x, how 3.x is told a file of client settings (4.x has one way for all)
TOOLS = {
    "console-producer": ("kafka.tools.ConsoleProducer", "org.apache.kafka.tools.ConsoleProducer", "--producer.config"),
    "console-consumer": ("kafka.tools.ConsoleConsumer", "org.apache.kafka.tools.consumer.ConsoleConsumer", "--consumer.config"),
    "verifiable-producer": ("org.apache.kafka.tools.VerifiableProducer",) * 2 + ("--producer.config",),
    "verifiable-consumer": ("org.apache.kafka.tools.VerifiableConsumer",) * 2 + ("--consumer.config",),
    "topics": ("org.apache.kafka.tools.TopicCommand",) * 2 + ("--command-config",),
    "configs": ("kafka.admin.ConfigCommand",) * 2 + ("--command-config",),
    "broker-api-versions": ("kafka.admin.BrokerApiVersionsCommand", "org.apache.kafka.tools.BrokerApiVersionsCommand", "--command-config"),
    "acls": ("kafka.admin.AclCommand", "org.apache.kafka.tools.AclCommand", "--command-config"),
    "reassign-partitions": ("org.apache.kafka.tools.reassign.ReassignPartitionsCommand",) * 2 + ("--command-config",),
    "metadata-quorum": ("org.apache.kafka.tools.MetadataQuorumCommand",) * 2 + ("--command-config",),
}


def tool(version, name, *args, hosts=None, config=None, input=None, timeout=60):
    """Runs one to its end; returns subprocess's CompletedProcess, with text. `input` is what it reads."""
    # Without the death of its parent on its mind it would outlive a test that is killed.
    return subprocess.run(command(version, name, args, hosts, config), input=input or "", text=True, capture_output=True,
                          timeout=timeout, check=False, preexec_fn=processes.end_with_parent(signal.SIGKILL))


def begin(folder, label, version, name, *args, hosts=None, config=None):
    """Starts one that goes on; its output is in `folder`/LABEL.log. Returns the process."""
    return processes.spawn(folder, label, command(version, name, args, hosts, config), ends_with_parent=True)


def command(version, name, args, hosts=None, config=None):
    """What runs one."""
    if name not in TOOLS:
        raise ValueError(f"there is no tool {name!r}, only {', '.join(TOOLS)}")
    old, new, config_flag = TOOLS[name]
    three = version.startswith("3.")
    if not three:
        config_flag = "--command-config"
    # 4.x has a name of its own for what 3.x calls --property; callers use the new one.
    spelt = ["--property" if three and arg == "--reader-property" else str(arg) for arg in args]
    return jars.command(version, old if three else new, *spelt, *((config_flag, str(config)) if config else ()),
                        options=[f"-Djdk.net.hosts.file={hosts}"] if hosts else ())
