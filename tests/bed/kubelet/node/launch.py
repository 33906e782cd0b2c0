"""A container that runs: its process, its network, what its probes said."""
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from . import environment, network, volumes
from .probes import KINDS, Probe
from .registration import now

LAUNCHER = Path(__file__).with_name("container.py")
NOT_DONE = ("initContainers", "ephemeralContainers", "hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostAliases")


def refuse_what_is_not_done(spec):
    """Better a pod that does not start than one that runs as it would not on a node."""
    asked = [name for name in NOT_DONE if spec.get(name)]
    if len(spec["containers"]) != 1:
        asked.append("more than one container")
    for container in spec["containers"]:
        asked += [name for name in ("lifecycle", "envFrom", "volumeDevices", "stdin", "tty") if container.get(name)]
        asked += [f"{kind} other than httpGet" for kind in KINDS if kind in container and "httpGet" not in container[kind]]
        asked += [f"subPath of {mount['name']}" for mount in container.get("volumeMounts", []) if "subPath" in mount or "subPathExpr" in mount]
    if asked:
        raise volumes.Unsupported(f"this stand-in does not do {', '.join(asked)}")


class Running:
    def __init__(self, pod):
        (container,) = pod.found["spec"]["containers"]
        image = pod.node.images.get(container["image"])
        if image is None:
            raise volumes.Unsupported(f"no --image says what {container['image']} is")
        self._doors, self.process = [], None
        self.must_restart, self._began = False, time.monotonic()
        self.began = now()
        (pod.node.folder / "logs").mkdir(exist_ok=True)
        log = pod.node.folder / "logs" / f"{pod.found['metadata']['namespace']}_{pod.found['metadata']['name']}_{container['name']}.log"
        try:
            with open(log, "ab") as file:
                self.process = subprocess.Popen([sys.executable, "-I", "-B", str(LAUNCHER)], stdin=subprocess.PIPE,
                                                stdout=subprocess.PIPE, stderr=file, text=True, start_new_session=True)
            self._tell(_what_to_run(pod, container, image))
            if self.process.stdout.readline() != "unshared\n":
                raise OSError(f"no namespaces for the container: see {log}")
            namespace = network.namespace_of(self.process.pid)
            try:
                ports = [port["containerPort"] for port in container.get("ports", [])]
                self._namespace = namespace
                self._doors = pod.node.network.open(namespace, pod.address, ports)
            except BaseException:
                os.close(namespace)
                raise
            self._tell("go")
            self.process.stdin.close()
        except BaseException:
            self.clear()
            raise
        self._probes = {kind: Probe(container[kind], container, pod.address) for kind in KINDS if kind in container}
        self.started = "startupProbe" not in self._probes
        self.ready = self.started and "readinessProbe" not in self._probes

    def _tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def probe(self, at):
        """Asks what is due. Until it has started, that is the only question."""
        asked = KINDS[1:] if self.started else KINDS[:1]
        for kind in asked:
            probe = self._probes.get(kind)
            if probe and probe.due <= at:
                self._heard(kind, probe.ask())

    def _heard(self, kind, settled):
        if settled is None:
            return
        if kind == "startupProbe":
            self.started, self.must_restart = settled, not settled
            self.ready = settled and "readinessProbe" not in self._probes
        elif kind == "livenessProbe":
            self.must_restart = not settled
        else:
            self.ready = settled

    def next_probe(self):
        if self.must_restart:
            return 0
        asked = KINDS[1:] if self.started else KINDS[:1]
        return min((self._probes[kind].due for kind in asked if kind in self._probes), default=float("inf"))

    @contextmanager
    def watched(self):
        """A file that can be read when the process has ended."""
        file = os.pidfd_open(self.process.pid)
        try:
            yield file
        finally:
            os.close(file)

    def end(self):
        code = self.process.returncode
        code = code if code >= 0 else 128 - code
        said = {"exitCode": code, "reason": "Completed" if code == 0 else "Error", "startedAt": self.began, "finishedAt": now()}
        return {"ran": time.monotonic() - self._began, "said": said}

    def clear(self):
        """Leaves nothing of it: the launcher's end is the container's."""
        network.close(self._doors)
        if self._doors:
            os.close(self._namespace)
        self._doors = []
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


def _what_to_run(pod, container, image):
    """What container.py is told, in one line."""
    spec, client = pod.found["spec"], pod.node.client
    security = {**spec.get("securityContext", {}), **container.get("securityContext", {})}
    user = security.get("runAsUser", int(image.user.partition(":")[0]))
    if security.get("runAsNonRoot") and user == 0:
        raise volumes.Unsupported("runAsNonRoot, and the user is root")
    env = environment.environment(client, pod.found, container, image, pod.address, client.address)
    places = volumes.prepare(client, pod.found, pod.folder / "volumes")
    mounts = [(str(places[each["name"]][0]), each["mountPath"], each.get("readOnly", False) or places[each["name"]][1])
              for each in container.get("volumeMounts", [])]
    layers = {name: pod.folder / f"layer-{pod.restarts}" / name for name in ("upper", "work", "root")}
    for path in layers.values():
        path.mkdir(parents=True, exist_ok=True)
    return json.dumps({
        "parent": os.getpid(), "hostname": pod.found["metadata"]["name"], "image": str(image.root),
        **{name: str(path) for name, path in layers.items()}, "read_only": security.get("readOnlyRootFilesystem", False),
        "mounts": sorted(mounts + _own_files(pod), key=lambda mount: mount[1].count("/")),
        "uid": user, "gid": security.get("runAsGroup", 0),
        "groups": security.get("supplementalGroups", []) + ([security["fsGroup"]] if "fsGroup" in security else []),
        "drop_all": "ALL" in security.get("capabilities", {}).get("drop", []),
        "no_new_privileges": security.get("allowPrivilegeEscalation") is False,
        "folder": container.get("workingDir", image.folder), "env": env,
        "command": environment.command(container, image, env)})


def _own_files(pod):
    """The files of /etc that a kubelet makes."""
    folder, name = pod.folder / "etc", pod.found["metadata"]["name"]
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in (("hosts", f"127.0.0.1 localhost\n{pod.address} {name}\n"), ("hostname", f"{name}\n"), ("resolv.conf", "")):
        (folder / file).write_text(text)
    return [(str(folder / file), f"/etc/{file}", False) for file in ("hosts", "hostname", "resolv.conf")]
