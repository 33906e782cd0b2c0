"""Kafka's scripts, by the names that a distribution has them under, over the jars that the bed has."""
import shlex

from . import jars
from .cluster import LIGHT

HEAD = "#!/bin/sh\n# Made by the bed.\n"
# What the file itself does not say is made light. The heap is the bed's own: KAFKA_HEAP_OPTS is for a machine that has one.
SERVER = """file=$1
shift
for light in {light}; do
    grep -q "^${{light%%=*}}[ =]" "$file" || set -- "$@" --override "$light"
done
exec {java} "$file" "$@"
"""


def install(folder):
    """`folder`/kafka-VERSION/bin/ with kafka-storage.sh and kafka-server-start.sh, for each version."""
    for version in jars.VERSIONS:
        scripts = folder / f"kafka-{version}" / "bin"
        scripts.mkdir(parents=True, exist_ok=True)
        _write(scripts / "kafka-storage.sh", f"exec {shlex.join(jars.command(version, 'kafka.tools.StorageTool'))} \"$@\"\n")
        light = shlex.join(f"{name}={value}" for name, value in LIGHT.items())
        _write(scripts / "kafka-server-start.sh", SERVER.format(light=light, java=shlex.join(jars.command(version, "kafka.Kafka"))))


def _write(file, text):
    file.write_text(HEAD + text)
    file.chmod(0o755)
