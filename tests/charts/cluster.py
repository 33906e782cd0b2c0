"""A cluster with a node: the bed with the workload controllers, and the stand-in for a kubelet."""
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from charts import ROOT
from bedlib import processes

BED = ROOT / "tests" / "bed"
PATIENCE = 300  # seconds for anything that is waited for: a busy machine needs many, and a failure is rare


class Cluster:
    def __init__(self, folder, images):
        done = subprocess.run([sys.executable, str(BED / "bed.py"), "start", "--dir", str(folder), "--workloads",
                               "--ends-with", str(os.getpid())], check=True, stdout=subprocess.PIPE, text=True)
        self.bed = json.loads(done.stdout)
        self.folder, self.images, self.aws = folder, images, self.bed["aws_endpoint"]
        self.environment = {**os.environ, "KUBECONFIG": self.bed["kubeconfig"],
                            "HELM_CACHE_HOME": str(folder / "helm"), "HELM_CONFIG_HOME": str(folder / "helm"), "HELM_DATA_HOME": str(folder / "helm")}
        named = [part for name, image in images.items() for part in ("--image", f"{name}={image}")]
        self.kubelet = processes.spawn(folder, "kubelet", [
            sys.executable, "-B", BED / "kubelet" / "kubelet.py", "--kubeconfig", self.bed["kubeconfig"], "--dir", folder / "node",
            "--reach", self.aws.removeprefix("http://"), "--restart-delay", "1", *named], ends_with_parent=True)

    def stop(self):
        processes.stop(self.folder, "kubelet")
        subprocess.run([sys.executable, str(BED / "bed.py"), "stop", "--dir", str(self.folder)], check=True)

    def seed(self):
        """A world in a fresh account; returns world.json's content."""
        done = subprocess.run([sys.executable, str(BED / "bed.py"), "seed", "--dir", str(self.folder)], check=True, stdout=subprocess.PIPE, text=True)
        (path,) = [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("# every id:")]
        return json.loads(Path(path).read_text())

    def run(self, program, *args, text=None):
        return subprocess.run([f"{self.bed['bin']}/{program}", *map(str, args)], input=text, env=self.environment, text=True,
                              capture_output=True, check=False)

    def kubectl(self, *args, text=None):
        done = self.run("kubectl", *args, text=text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def helm(self, *args):
        done = self.run("helm", *args)
        assert done.returncode == 0, done.stdout + done.stderr + self.logs()
        return done.stdout

    def get(self, *args):
        """The object as JSON, or None when there is none."""
        text = self.kubectl("get", "--ignore-not-found", "-o", "json", *args)
        return json.loads(text) if text.strip() else None

    def list(self, kinds, *args):
        return json.loads(self.kubectl("get", kinds, "-o", "json", *args))["items"]

    def pods(self, namespace):
        return self.list("pods", "-n", namespace)

    def until(self, condition, what):
        """Polls until the condition gives something true, and returns it."""
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < end, f"not within {PATIENCE} s: {what}\n{self.logs()}"
            time.sleep(0.05)
        return found

    def logs(self):
        """The last lines of every container and of the node, for a failure's message."""
        files = [self.folder / "kubelet.log", *sorted((self.folder / "node" / "logs").glob("*.log"))]
        return "".join(f"--- {path.name}\n" + "".join(path.open(errors="replace").readlines()[-10:]) for path in files if path.exists())

    def log(self, pod, container="operator"):
        return (self.folder / "node" / "logs" / f"{pod['metadata']['namespace']}_{pod['metadata']['name']}_{container}.log").read_text()

    def inventory(self, world):
        return self._standin(f"/__inventory?account={world['provider']['account']}&region={world['region']}")

    def calls(self, world):
        return self._standin(f"/__calls?account={world['provider']['account']}")

    def setting(self, world, **settings):
        """Of the stand-in for AWS, for the provider's account."""
        self._standin(f"/__settings?account={world['provider']['account']}", settings)

    def _standin(self, path, body=None):
        request = urllib.request.Request(self.aws + path, json.dumps(body).encode() if body else None)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
