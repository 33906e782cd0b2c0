"""The AWS stand-in: its Python environment, and its one process."""
import json
import subprocess
import sys
import time

from . import cache, kafka, processes

SOURCE = cache.BED / "aws"
NAME = "aws-standin"
MACHINES = "machines"  # in the bed's folder: what runs on instances


def environment():
    """The folder of the virtual environment, made or not. It is used by its python and moved by nobody."""
    return cache.root() / "python" / cache.stamp([SOURCE / "requirements.txt"], sys.version)


def python():
    return environment() / "bin" / "python"


def build():
    """Makes the virtual environment when there is none. Costs nothing the second time."""
    folder = environment()
    with cache.made_once(folder) as unfinished:
        if unfinished:
            cache.say("installing the AWS stand-in's Python packages: takes about a minute once")
            began = time.monotonic()
            # Without pip in it: scripts with a path in them would break when the folder takes its final name.
            _run(sys.executable, "-m", "venv", "--without-pip", str(unfinished))
            _run(sys.executable, "-m", "pip", "--python", str(unfinished / "bin" / "python"), "install", "--quiet",
                 "--disable-pip-version-check", "--no-warn-script-location", "-r", str(SOURCE / "requirements.txt"))
            cache.say(f"installed in {time.monotonic() - began:.0f} s")
    return folder


def start(folder, settings, ends_with_parent):
    """Starts it with its files in `folder`; returns its endpoint once it answers."""
    if not python().exists():
        raise SystemExit("bed: the AWS stand-in is not installed: run `bed.py build`")
    ready = folder / f"{NAME}.ready"
    more = [part for setting in settings for part in ("--set", setting)]
    machines = folder / MACHINES
    machines.mkdir(exist_ok=True)
    if kafka.why_not() is None:
        kafka.install(machines / "opt")
    process = processes.spawn(folder, NAME, [python(), "-B", "-m", "standin", "--ready", ready, "--machines", machines, *more], cwd=SOURCE,
                              ends_with_parent=ends_with_parent)
    processes.wait_until(ready.exists, f"{NAME} answers", [process], folder)
    return json.loads(ready.read_text())["endpoint"]


def _run(*command):
    try:
        subprocess.run(command, check=True, stdout=sys.stderr)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"bed: `{' '.join(command[1:4])} ...` failed with status {error.returncode}: see above")
