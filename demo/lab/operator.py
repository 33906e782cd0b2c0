"""The operator's process: begun with one account's credentials, and ended by its id whatever happens."""
import os
import signal
import subprocess
import urllib.error
import urllib.request
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
        self._end()

    def check(self) -> None:
        """Raises when the process is gone."""
        if self._process.poll() is not None:
            raise NotAsTold("the operator runs", f"it ended with {self._process.returncode}")

    def last_words(self) -> str:
        return "".join(self._log.open(errors="replace").readlines()[-LINES_SHOWN:])

    def resident_mib(self) -> float:
        """Memory that the process holds now (VmRSS)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        line = next(line for line in status if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

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
