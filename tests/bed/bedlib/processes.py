"""Processes of a bed: started with a pid file, waited for by condition, and ended by pid and name."""
import ctypes
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

PATIENCE = 120  # seconds for a program to become ready; a loaded machine needs a few
SET_PARENT_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG


def free_ports(count):
    """Ports that are free now. All are held until the last is known, so they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def spawn(folder, name, command, cwd=None, ends_with_parent=False):
    """Starts a program of the bed; `folder` gets its log, and a pid file that tells it from a later process."""
    with open(folder / f"{name}.log", "wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd,
            start_new_session=True, preexec_fn=end_with_parent(signal.SIGKILL) if ends_with_parent else None)
    (folder / f"{name}.pid").write_text(f"{process.pid} {_birth(process.pid)}")
    return process


def end_with_parent(how):
    """For a child to run before its program: the kernel ends it when this process dies, however it dies."""
    libc, parent = ctypes.CDLL(None, use_errno=True), os.getpid()

    def before_exec():
        if libc.prctl(SET_PARENT_DEATH_SIGNAL, how) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        if os.getppid() != parent:  # it died before it could be asked for
            os._exit(1)
    return before_exec


def wait_until(condition, what, watched, folder, patience=PATIENCE):
    """Polls until the condition holds; an error when a watched program ends, or patience does."""
    end = time.monotonic() + patience
    while not condition():
        for process in watched:
            if process.poll() is not None:
                raise RuntimeError(f"{Path(process.args[0]).name} ended with {process.returncode} before {what}:\n"
                                   + _tails(folder))
        if time.monotonic() > end:
            raise RuntimeError(f"not within {patience} s: {what}\n" + _tails(folder))
        time.sleep(0.03)


def stop(folder, name, how=signal.SIGTERM, patience=10):
    """Ends the program of a pid file, if that very process still runs, and waits for its end."""
    pid_file = folder / f"{name}.pid"
    if not pid_file.exists():
        return
    pid, birth = pid_file.read_text().split()
    pid = int(pid)
    end = time.monotonic() + patience
    while _birth(pid) == birth:  # also false for a number that another process has by now
        os.kill(pid, signal.SIGKILL if time.monotonic() > end else how)
        step = time.monotonic() + 0.5
        while _birth(pid) == birth and time.monotonic() < step:
            _reap(pid)
            time.sleep(0.02)
    _reap(pid)
    pid_file.unlink()


def _reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass  # started by another call of bed.py: its new parent reaps it


def _birth(pid):
    """What tells a process from every other with its number: its start time. "" when it is gone."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if state[0] == "Z" else state[19]


def _tails(folder):
    return "".join(f"--- {log}\n" + "".join(log.open(errors="replace").readlines()[-15:]) for log in sorted(folder.glob("*.log")))
