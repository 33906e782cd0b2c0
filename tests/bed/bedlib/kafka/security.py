"""Certificates, and the settings of secured listeners and of their clients."""
import subprocess
from pathlib import Path

LOGIN = "org.apache.kafka.common.security"
# Brokers talk among themselves on INTERNAL without a name, so that is who may do everything.
AUTHORIZER = {"authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users": "User:ANONYMOUS"}


class Authority:
    """A certificate authority of a test's own. `certificate` is what clients trust."""

    def __init__(self, folder, name="bed"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self._key = self.folder / f"{name}-ca.pem", self.folder / f"{name}-ca.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name} CA",
                 "-keyout", self._key, "-out", self.certificate)

    def issue(self, name, *hosts, days=2):
        """A PEM with key, certificate and authority, for a broker (its hosts as SANs) or for a client."""
        key, request, signed, store = (self.folder / f"{name}.{end}" for end in ("key", "csr", "crt", "pem"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(f'DNS:{host}' for host in hosts)}\n" if hosts else "basicConstraints=CA:FALSE\n")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        _openssl("x509", "-req", "-days", days, "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                 "-extfile", extensions, "-out", signed)
        store.write_text(key.read_text() + signed.read_text() + self.certificate.read_text())
        return store


def listener(name, mechanisms=(), plain_users=None, keystore=None, clients_of=None):
    """What a person adds to server.properties for a secured listener; its protocol is in listener.security.protocol.map.

    `mechanisms` for SASL, `plain_users` {name: password} for PLAIN among them (SCRAM's users are the cluster's),
    `keystore` for TLS, `clients_of` the authority's certificate that clients' certificates must come from (mTLS).
    """
    base, settings = f"listener.name.{name.lower()}.", {}
    if mechanisms:
        settings[base + "sasl.enabled.mechanisms"] = ",".join(mechanisms)
    for mechanism in mechanisms:
        users = "".join(f' user_{user}="{password}"' for user, password in (plain_users or {}).items())
        settings[f"{base}{mechanism.lower()}.sasl.jaas.config"] = _module(mechanism) + (users if mechanism == "PLAIN" else "") + ";"
    if keystore:
        settings |= {base + "ssl.keystore.type": "PEM", base + "ssl.keystore.location": str(keystore)}
    if clients_of:
        settings |= {base + "ssl.truststore.type": "PEM", base + "ssl.truststore.location": str(clients_of), base + "ssl.client.auth": "required"}
    return settings


def client(path, protocol, mechanism=None, user=None, password=None, authority=None, keystore=None):
    """Writes the file of settings that a stock tool takes; returns its path."""
    settings = {"security.protocol": protocol}
    if mechanism:
        settings |= {"sasl.mechanism": mechanism, "sasl.jaas.config": f'{_module(mechanism)} username="{user}" password="{password}";'}
    if authority:
        settings |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(authority)}
    if keystore:
        settings |= {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(keystore)}
    Path(path).write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return path


def _module(mechanism):
    return f"{LOGIN}.plain.PlainLoginModule required" if mechanism == "PLAIN" else f"{LOGIN}.scram.ScramLoginModule required"


def _openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {args[0]} failed:\n{done.stderr}")
