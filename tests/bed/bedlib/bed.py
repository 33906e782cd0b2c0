"""The commands of bed.py."""
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from . import cache, control_plane, debian, judges, kafka, processes, programs, standin, world

WATCHER = "watcher"
STATE = "bed.json"  # in the bed's folder: what `start` printed, and whether the folder is ours to remove


def build(asked):
    if asked.only in (None, "kube"):
        programs.build()
    if asked.only in (None, "aws"):
        standin.build()
    if asked.only in (None, "kafka"):
        _kafka(needed=asked.only == "kafka")
    if not asked.only:
        _promtool()
    if asked.only == "judges":
        judges.build()


def _kafka(needed):
    """The rest of the bed does without: then one line says why, and the tests that want it are skipped and counted."""
    try:
        kafka.build()
    except kafka.NotHere as reason:
        if needed:
            raise SystemExit(f"bed: {reason}")
        cache.say(f"no real Kafka: {reason}")
    else:
        kafka.available()


def start(asked):
    folder = asked.dir.resolve()
    started = _start(folder, asked, ends_with_parent=False)
    if asked.ends_with:
        processes.spawn(folder, WATCHER, [sys.executable, "-B", sys.argv[0], "watch", "--dir", folder, "--pid", asked.ends_with])
    print(json.dumps(started), flush=True)


def watch(asked):
    """A test program has no last moment of its own: this process outlives it, and then ends the bed."""
    try:
        ended = os.pidfd_open(asked.pid)
    except ProcessLookupError:
        pass  # it ended before we looked
    else:
        select.select([ended], [], [])
    (asked.dir / f"{WATCHER}.pid").unlink(missing_ok=True)  # so that _stop does not end this very process
    _stop(asked.dir)


def stop(asked):
    folder = asked.dir.resolve()
    if not (folder / STATE).exists():
        raise SystemExit(f"bed: no bed in {folder}")
    _stop(folder)


def run(asked):
    with _bed(asked) as bed:
        # The command ends with us too: a test runner that nobody waits for must not go on.
        env = {**os.environ, **world.environment(bed), "PROMTOOL": _promtool()}
        child = subprocess.Popen(asked.command, env=env,
                                 preexec_fn=processes.end_with_parent(signal.SIGTERM))
        try:
            return child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise


def _promtool():
    """What judges the operator's metrics."""
    return debian.program("prometheus", "promtool")


def seed(asked):
    folder = asked.dir.resolve()
    bed = json.loads((folder / STATE).read_text())
    print(world.exports(world.seed(bed, asked.name, asked.data_plane, asked.empty)), end="")


def up(asked):
    asked.only = None
    build(asked)
    with _bed(asked) as bed:
        seeded = world.seed(bed, asked.name, asked.data_plane, asked.empty)
        print("The bed is up. In another shell:\n")
        print(world.exports(seeded))
        print(f"kubectl apply -f {seeded['example']}\n")
        print("Ctrl-C ends it.", flush=True)
        signal.pause()


class _bed:
    """A bed for the length of a `with`, in a folder of its own; nothing is left of either."""

    def __init__(self, asked):
        self.asked = asked

    def __enter__(self):
        # SIGINT too: a shell's background job begins with it ignored.
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, _interrupted)
        self.folder = Path(tempfile.mkdtemp(prefix="kafka-privatelink-bed-"))
        self.folder.rmdir()  # _start makes it again, and so knows that it may be removed
        return _start(self.folder, self.asked, ends_with_parent=True)

    def __exit__(self, kind, error, trace):
        _stop(self.folder)
        if kind is KeyboardInterrupt:
            raise SystemExit(130)


def _interrupted(number, frame):
    raise KeyboardInterrupt


def _start(folder, asked, ends_with_parent):
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / STATE).exists():
        raise SystemExit(f"bed: {folder} holds a bed already")
    bed = {"dir": str(folder), "kubeconfig": None, "server": None, "bin": None, "aws_endpoint": None}
    (folder / STATE).write_text(json.dumps({**bed, "made": made}))
    try:
        if asked.only != "kube":
            bed["aws_endpoint"] = standin.start(folder, asked.set, ends_with_parent)
        if asked.only != "aws":
            bed.update(control_plane.start(folder, asked.crd, asked.workloads, asked.apiserver_flag, ends_with_parent))
    except BaseException as problem:
        _stop(folder)
        if isinstance(problem, (RuntimeError, subprocess.CalledProcessError)):
            raise SystemExit(f"bed: {problem}")
        raise
    (folder / STATE).write_text(json.dumps({**bed, "made": made}))
    return bed


def _stop(folder):
    processes.stop(folder, WATCHER)  # first: else it might stop beside us
    control_plane.stop(folder)
    processes.stop(folder, standin.NAME)
    shutil.rmtree(folder / standin.MACHINES, ignore_errors=True)
    made = json.loads((folder / STATE).read_text())["made"]
    if made:
        shutil.rmtree(folder)
    else:
        (folder / STATE).unlink()
