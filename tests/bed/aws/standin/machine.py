"""One machine: a root folder, a script at each boot, and the service that the script asked for."""
import ctypes
import enum
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .machine_parts import Unit, unit

BIN = Path(__file__).resolve().parent / "machine_bin"  # in the place of what would need root
SERVICE = "kafka.service"
STARTS, WITHIN = 5, 10  # systemd starts a service no more often than so within so many seconds
SET_PARENT_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG


class Phase(enum.Enum):
    OFF = "off"
    WAITING = "waiting"    # for its volume
    BOOTING = "booting"    # its script runs
    UP = "up"              # its service runs, or is about to be started again
    FAILED = "failed"      # its script ended badly, or its service too often: the machine itself is on
    STOPPING = "stopping"  # its service was asked to end


class Machine:
    def __init__(self, instance_id, folder):
        self.id, self.root, self._folder = instance_id, folder / instance_id, folder
        self.phase, self.halted, self.process, self.unit = Phase.OFF, False, None, Unit()
        self.wanted_volume = self.volume = self.address = self.status = self._script = None
        self.boots, self.starts, self._kill_at, self._start_at = 0, [], None, None
        self.store = self.instance = None

    def is_on(self):
        return self.phase is not Phase.OFF

    def switch_on(self, read, address):
        self._script, self.wanted_volume, self.address = read.script, read.volume_id, address
        self.phase, self.halted, self.status, self.starts, self.unit = Phase.WAITING, False, None, [], Unit()
        self._say(f"bed: machine {self.id} at {address}\n")

    def switch_off(self, limit):
        """In an orderly way; by force after so many seconds, or when the unit says so."""
        if self.process is None:
            self._off()
        elif self.phase is not Phase.STOPPING:
            self.phase, self._kill_at = Phase.STOPPING, time.monotonic() + min(self.unit.patience, limit)
            self._signal(signal.SIGTERM)

    def kill(self):
        if self.process is None:
            raise ValueError(f"nothing runs on {self.id}: it is {self.phase.value}")
        self._signal(signal.SIGKILL)

    def halt(self):
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.wait()
        self._off()
        self.halted = True

    def remove_root(self):
        self.halted = False
        shutil.rmtree(self.root, ignore_errors=True)

    def console(self):
        file = self._console()
        return file.read_bytes() if file.exists() else b""

    def shown(self):
        return {"phase": self.phase.value, "pid": self.process.pid if self.process else None, "address": self.address, "volume": self.volume,
                "boots": self.boots, "starts": len(self.starts), "status": self.status, "halted": self.halted, "root": str(self.root)}

    # ---- what time brings. Called by the one thread that the kernel ties its processes to.
    def step(self, volume_id):
        ended = self.process is not None and self.process.poll() is not None
        if ended:
            self.status, self.process = self.process.returncode, None
        if self.phase is Phase.WAITING and self.process is None and (volume_id or self.wanted_volume is None):
            self._boot(volume_id)
        elif self.phase is Phase.BOOTING and ended:
            self._booted()
        elif self.phase is Phase.UP and ended:
            self._service_ended()
        elif self.phase is Phase.UP and self.process is None and time.monotonic() >= self._start_at:
            self._start_service()
        elif self.phase is Phase.STOPPING and self.process is None:
            self._off()
        elif self.phase is Phase.STOPPING and time.monotonic() >= self._kill_at:
            self._signal(signal.SIGKILL)

    def _boot(self, volume_id):
        self.volume, self.boots = volume_id, self.boots + 1
        self._lay_out()
        script = self.root / "20-broker.sh"
        script.write_text(self._script)
        script.chmod(0o755)
        self.phase = Phase.BOOTING
        self.process = self._spawn([str(script)], {}, self._console())

    def _lay_out(self):
        (self.root / "var/lib").mkdir(parents=True, exist_ok=True)
        for folder in ("etc/systemd/system", "run", "var/log"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "run/systemctl.log").unlink(missing_ok=True)  # /run is empty at each boot
        mount = self.root / "var/lib/kafka"
        if mount.is_symlink():
            mount.unlink()
        if self.volume:
            held = self._folder / "volumes" / self.volume
            held.mkdir(parents=True, exist_ok=True)
            mount.symlink_to(held)
        if not (self.root / "opt").exists() and (self._folder / "opt").exists():
            (self.root / "opt").symlink_to(self._folder / "opt")

    def _booted(self):
        asked = self.root / "run/systemctl.log"
        wanted = asked.exists() and f"restart {SERVICE}" in asked.read_text().splitlines()
        file = self.root / "etc/systemd/system" / SERVICE
        if self.status != 0 or not wanted or not file.exists():
            self._say(f"bed: {SERVICE} is not started: the script ended with {self.status}, {'it was' if wanted else 'nobody'} asked for\n")
            self.phase = Phase.FAILED
            return
        self.unit, self.phase = unit(file.read_text()), Phase.UP
        self._start_service()

    def _start_service(self):
        self.starts.append(time.monotonic())
        self.process = self._spawn(self.unit.command, self.unit.environment, self.root / "var/log/kafka.log")

    def _service_ended(self):
        failed = self.status not in self.unit.clean
        recent = [at for at in self.starts if time.monotonic() - at < WITHIN]
        if (self.unit.restart == "always" or (self.unit.restart == "on-failure" and failed)) and len(recent) < STARTS:
            self._start_at = time.monotonic() + self.unit.restart_after
            return
        self.phase = Phase.FAILED

    def _off(self):
        self.phase, self.process = Phase.OFF, None

    def _spawn(self, command, environment, output):
        output.parent.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "KPL_ROOT": str(self.root), **environment}
        with open(output, "ab") as out:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.root, env=env, start_new_session=True,
                                    preexec_fn=_end_with_parent())

    def _signal(self, number):
        """To the whole process group, which has this one's id and is not reaped yet."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def _console(self):
        return self._folder / f"{self.id}.console"

    def _say(self, text):
        with open(self._console(), "a") as console:
            console.write(text)


def _end_with_parent():
    """For a child to run before its program: the kernel ends it when the stand-in dies, however it dies."""
    libc, parent = ctypes.CDLL(None, use_errno=True), os.getpid()

    def before_exec():
        if libc.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        if os.getppid() != parent:
            os._exit(1)
    return before_exec
