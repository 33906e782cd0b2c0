"""A throw-away Kubernetes control plane: etcd, kube-apiserver, kube-controller-manager."""
import http.client
import json
import os
import secrets
import signal
import ssl
import subprocess
import sys

from . import processes, programs

# In the order they are ended: nobody is left that writes to what is gone.
PROCESSES = (("kube-controller-manager", signal.SIGTERM), ("kube-apiserver", signal.SIGKILL), ("etcd", signal.SIGTERM))
CONTROLLERS = ("garbage-collector-controller", "namespace-controller", "serviceaccount-controller",
               "root-ca-certificate-publisher-controller")
WORKLOADS = ("deployment-controller", "replicaset-controller", "statefulset-controller", "daemonset-controller",
             "job-controller", "cronjob-controller", "endpointslice-controller")
# Who asked for what: the accounts of programs that tests start, not those of the control plane itself.
AUDIT = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": [
    {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
    {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
    {"level": "None"}]}


def start(folder, crds, workloads, apiserver_flags, ends_with_parent):
    """Starts all three; returns what `bed.py start` prints of them."""
    bin_dir = programs.require()
    etcd_port, port = processes.free_ports(2)
    users = {"admin": '"system:masters"', "system:kube-controller-manager": ""}
    tokens = {user: secrets.token_hex(16) for user in users}
    _private(folder / "tokens.csv", "".join(f"{tokens[user]},{user},{user},{groups}\n" for user, groups in users.items()))
    key = folder / "service-accounts.key"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)], check=True)
    server, authority = f"https://127.0.0.1:{port}", folder / "certificates" / "apiserver.crt"

    def spawn(name, flags):
        running.append(processes.spawn(folder, name, [bin_dir / name, *flags], ends_with_parent=ends_with_parent))

    running = []
    spawn("etcd", [
        f"--data-dir={folder / 'etcd'}", "--unsafe-no-fsync", "--log-level=warn",
        f"--listen-client-urls=http://127.0.0.1:{etcd_port}", f"--advertise-client-urls=http://127.0.0.1:{etcd_port}",
        "--listen-peer-urls=http://127.0.0.1:0"])
    policy = folder / "audit-policy.json"
    policy.write_text(json.dumps(AUDIT))
    spawn("kube-apiserver", [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={port}",
        "--endpoint-reconciler-type=none",  # a loopback address is no valid endpoint of service kubernetes
        f"--cert-dir={authority.parent}",   # where it makes its own serving certificate
        f"--token-auth-file={folder / 'tokens.csv'}", "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
        f"--audit-policy-file={policy}", f"--audit-log-path={folder / 'audit.log'}",
        "--service-cluster-ip-range=10.0.0.0/24", "--profiling=false", *apiserver_flags])
    kubeconfig = folder / "kubeconfig"
    _kubeconfig(kubeconfig, server, authority, "admin", tokens["admin"])

    def status(path):
        try:
            trust = ssl.create_default_context(cafile=authority)
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=trust)
            connection.request("GET", path, headers={"Authorization": f"Bearer {tokens['admin']}"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None  # not listening yet, or its certificate not written yet

    processes.wait_until(lambda: status("/readyz") == 200, "kube-apiserver is ready", running, folder)
    # Before the controllers start: the garbage collector looks for new kinds only every 30 s.
    for crd in crds:
        kubectl(kubeconfig, "apply", "-f", str(crd))
        processes.wait_until(lambda: _is_established(kubeconfig, crd), f"{crd.name} is established", running, folder)
    _kubeconfig(folder / "controllers.kubeconfig", server, authority, "system:kube-controller-manager",
                tokens["system:kube-controller-manager"])
    spawn("kube-controller-manager", [
        f"--kubeconfig={folder / 'controllers.kubeconfig'}", "--leader-elect=false", "--secure-port=0",
        "--use-service-account-credentials=true",  # each controller under its own role; the common user may not delete
        f"--controllers={','.join(CONTROLLERS + (WORKLOADS if workloads else ()))}", f"--root-ca-file={authority}"])
    processes.wait_until(lambda: status("/api/v1/namespaces/default/serviceaccounts/default") == 200,
                         "the default ServiceAccount is there", running, folder)
    return {"kubeconfig": str(kubeconfig), "server": server, "bin": str(bin_dir)}


def stop(folder):
    for name, how in PROCESSES:
        processes.stop(folder, name, how)


def kubectl(kubeconfig, *args):
    subprocess.run([str(programs.require() / "kubectl"), "--kubeconfig", str(kubeconfig), *args], check=True, stdout=sys.stderr)


def _is_established(kubeconfig, crd):
    """`kubectl wait` takes a CRD that has no conditions yet for an error."""
    conditions = "{.status.conditions[?(@.type=='Established')].status}"
    done = subprocess.run([str(programs.require() / "kubectl"), "--kubeconfig", str(kubeconfig), "get", "-f", str(crd), "-o", f"jsonpath={conditions}"],
                          check=True, stdout=subprocess.PIPE, text=True)
    return bool(done.stdout) and "False" not in done.stdout


def _kubeconfig(path, server, authority, user, token):
    _private(path, json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "bed",
        "clusters": [{"name": "bed", "cluster": {"server": server, "certificate-authority": str(authority)}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": user}}]}))


def _private(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
