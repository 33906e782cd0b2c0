"""Probes: HTTP to the pod's address, counted as a kubelet counts."""
import http.client
import time

KINDS = ("startupProbe", "livenessProbe", "readinessProbe")


class Probe:
    def __init__(self, probe, container, address):
        get = probe["httpGet"]
        self._port = get["port"] if isinstance(get["port"], int) else next(
            port["containerPort"] for port in container["ports"] if port["name"] == get["port"])
        self._address, self._path = get.get("host") or address, get.get("path", "/")
        self._period, self._timeout = probe.get("periodSeconds", 10), probe.get("timeoutSeconds", 1)
        self._needed = {True: probe.get("successThreshold", 1), False: probe.get("failureThreshold", 3)}
        self.due = time.monotonic() + probe.get("initialDelaySeconds", 0)
        self._last, self._row = None, 0

    def ask(self):
        """Asks once; returns True or False when that is settled by as many answers in a row as it takes, else None."""
        good = self._answers()
        self._row = self._row + 1 if good == self._last else 1
        self._last = good
        self.due = time.monotonic() + self._period
        return good if self._row >= self._needed[good] else None

    def _answers(self):
        connection = http.client.HTTPConnection(self._address, self._port, timeout=self._timeout)
        try:
            connection.request("GET", self._path, headers={"User-Agent": "kube-probe/1.37"})
            return 200 <= connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
