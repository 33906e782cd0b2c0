"""The life of a pod on the node: started, probed, restarted, ended, and taken off the API server."""
import os
import select
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from . import volumes
from .api import GONE, Client, Refused
from .launch import Running, refuse_what_is_not_done
from .network import Network
from .registration import CONFLICT, now
from .status import patch

LONGEST_DELAY, LONG_ENOUGH = 300, 600  # of a kubelet's back-off: its bound, and a run after which it begins anew


@dataclass
class Node:
    name: str
    folder: Path
    client: Client
    restart_delay: float
    images: dict
    network: Network


class Pod(threading.Thread):
    """One thread a pod, and it lives as long as the pod: processes that it starts end with it."""

    def __init__(self, node, found):
        super().__init__(name=f"{found['metadata']['namespace']}/{found['metadata']['name']}")
        self.node, self.found = node, found
        self.address = node.network.address()
        self.folder = node.folder / "pods" / found["metadata"]["uid"]
        self.restarts, self.last_end, self.began, self.conditions = 0, None, now(), {}
        self._gone, self._wake = False, os.eventfd(0, os.EFD_NONBLOCK)
        self._delay, self._said = 0, None

    def changed(self, found):
        self.found = found
        os.eventfd_write(self._wake, 1)

    def gone(self):
        """The object is not there any more, or the node goes down: no grace."""
        self._gone = True
        os.eventfd_write(self._wake, 1)

    def run(self):
        end = None
        self.folder.mkdir(parents=True)
        try:
            while not self._leaving():
                try:
                    refuse_what_is_not_done(self.found["spec"])
                    running = Running(self)
                except (volumes.Unsupported, Refused, OSError, KeyError) as problem:
                    self._say({"waiting": {"reason": "CreateContainerConfigError", "message": f"{type(problem).__name__}: {problem}"}})
                    self._pause(max(self.node.restart_delay, 1))
                    continue
                try:
                    end = self._accompany(running)
                finally:
                    running.clear()
                if not self._leaving():
                    self._back_off(end)
            if not self._gone:
                self._take_off(end)
        finally:
            shutil.rmtree(self.folder)

    def _leaving(self):
        return self._gone or "deletionTimestamp" in self.found["metadata"]

    def _accompany(self, running):
        """Probes it and waits for its end; returns how it ended."""
        kill_at = None
        with running.watched() as ended:
            while running.process.poll() is None:
                at = time.monotonic()
                if self._gone or (kill_at and at >= kill_at):
                    running.process.kill()
                    kill_at = float("inf")
                elif kill_at is None and (self._leaving() or running.must_restart):
                    running.process.terminate()
                    kill_at = at + self._grace()
                elif kill_at is None:
                    running.probe(at)
                    self._say({"running": {"startedAt": running.began}}, running)
                due = running.next_probe() if kill_at is None else kill_at
                self._wait(due - time.monotonic(), ended)
        return running.end()

    def _grace(self):
        spoken = self.found["metadata"].get("deletionGracePeriodSeconds")
        return self.found["spec"]["terminationGracePeriodSeconds"] if spoken is None else spoken

    def _back_off(self, end):
        self.last_end = end
        if end["ran"] > LONG_ENOUGH:
            self._delay = 0
        if self._delay:
            self._say({"waiting": {"reason": "CrashLoopBackOff", "message": f"back-off of {self._delay:.0f} s"}})
        self._pause(self._delay)
        self._delay = min(max(self._delay * 2, self.node.restart_delay), LONGEST_DELAY)
        self.restarts += 1

    def _pause(self, seconds):
        until = time.monotonic() + seconds
        while not self._leaving() and (left := until - time.monotonic()) > 0:
            self._wait(left)

    def _wait(self, seconds, *files):
        """Until one of the files can be read, the object changes, or time is up."""
        poll = select.poll()
        for each in (self._wake, *files):
            poll.register(each, select.POLLIN)
        poll.poll(None if seconds == float("inf") else max(0, seconds) * 1000)
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            pass  # it was not what woke us

    def _say(self, state, running=None):
        """Writes status when it is another one than before."""
        says = patch(self, state, running)
        if says != self._said:
            self._said = says
            self._to_api_server("PATCH", "/status", {"metadata": {"uid": self.found["metadata"]["uid"]}, "status": says})

    def _take_off(self, end):
        if end:
            self._say({"terminated": end["said"]})
        self._to_api_server("DELETE", "", {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
                                           "preconditions": {"uid": self.found["metadata"]["uid"]}})

    def _to_api_server(self, method, below, body):
        metadata = self.found["metadata"]
        kind = "application/strategic-merge-patch+json" if method == "PATCH" else "application/json"
        try:
            self.node.client.call(method, f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}{below}", body, kind)
        except Refused as refused:
            if refused.status not in (GONE, CONFLICT):  # else somebody took it off by force, or one of its name is there
                raise
            self._gone = True
