"""The operator's process: begun with one account's credentials, and ended by its id whatever happens."""
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from bedlib import processes

from .waiting import NotAsTold, wait_for

SECONDS_TO_START = 30
SECONDS_TO_STOP = 15
LINES_SHOWN = 30  # of the log, when things went wrong


class Operator:
    """`kafka-privatelink run` for the length of a `with`."""

    def __init__(self, binary: Path, environment: dict[str, str], log: Path, *options: str):
        self._log = log
        port = processes.free_ports(1)[0]
        self._address = f"127.0.0.1:{port}"
        self.command = [str(binary), "run", "--admin-address", self._address, *options]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}  # nobody's profile
        self._environment = {**kept, **environment}

    def __enter__(self) -> "Operator":
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                self.command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # a Ctrl-C is ours: we end it, once
                preexec_fn=processes.end_with_parent(signal.SIGTERM))
        try:
            wait_for("the operator is ready", self._readiness, lambda said: said == "ok", SECONDS_TO_START, self.check)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._end()

    def render(self, *arguments: str) -> str:
        """What `kafka-privatelink render` prints; NotAsTold when it fails."""
        done = self.run("render", *arguments)
        if done.returncode != 0:
            raise NotAsTold(f"`kafka-privatelink render {' '.join(arguments)}` succeeds", done.stderr.strip())
        return done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of the same binary, in the same surroundings."""
        return subprocess.run([self.command[0], *arguments], env=self._environment, capture_output=True, text=True, check=False)

    def check(self) -> None:
        """Raises when the process is gone."""
        if self._process.poll() is not None:
            raise NotAsTold("the operator runs", f"it ended with {self._process.returncode}")

    def end(self, how: signal.Signals) -> float:
        """Ends it before its time; when it had ended."""
        self._process.send_signal(how)
        self._process.wait(SECONDS_TO_STOP)
        return time.time()

    def last_words(self) -> str:
        return "".join(self._log.open(errors="replace").readlines()[-LINES_SHOWN:])

    def resident_mib(self, line: str = "VmRSS") -> float:
        """Memory that the process holds now; with VmHWM, the most that it ever held."""
        status = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        found = next(each for each in status if each.startswith(f"{line}:"))
        return int(found.split()[1]) / 1024

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Does nothing for the length of a `with`: what is done meanwhile it sees at once."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def cpu_seconds(self) -> float:
        """Time that the process has computed, for itself and in the kernel."""
        after_the_name = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        user, system = after_the_name[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _readiness(self) -> str:
        try:
            with urllib.request.urlopen(f"http://{self._address}/readyz", timeout=5) as answer:
                return answer.read().decode().strip()
        except urllib.error.HTTPError as refusal:
            return refusal.read().decode().strip()
        except OSError as problem:  # it does not listen yet
            return str(problem)

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
