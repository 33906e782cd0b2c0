"""A client of the Kubernetes API, as far as a node needs one."""
import http.client
import json
import ssl
import urllib.parse

GONE = 404
EXPIRED = 410


class Refused(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


class Client:
    def __init__(self, kubeconfig):
        config = json.loads(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        self.address = urllib.parse.urlsplit(cluster["server"]).netloc
        self._trust = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self._token = config["users"][0]["user"]["token"]

    def call(self, method, path, body=None, kind="application/json"):
        answer = self._send(method, path, body, kind, timeout=30)
        return json.loads(answer.read())

    def follow(self, path, saw):
        """Calls saw(kind, object) for all that are there, then for every change, for ever."""
        known = {}
        while True:
            listed = self.call("GET", path)
            now = {each["metadata"]["uid"]: each for each in listed["items"]}
            for each in [gone for uid, gone in known.items() if uid not in now]:
                saw("DELETED", each)
            for each in now.values():
                saw("MODIFIED", each)
            known, version = now, listed["metadata"]["resourceVersion"]
            while version:
                version = self._watch(path, version, known, saw)

    def _watch(self, path, version, known, saw):
        """Follows one watch to its end; returns where the next one begins, or None when that is too old."""
        answer = self._send("GET", f"{path}?watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion={version}", None, None, timeout=330)
        for line in answer:
            event = json.loads(line)
            found = event["object"]
            if event["type"] == "ERROR":
                if found["code"] == EXPIRED:
                    return None
                raise Refused(found["code"], found["message"])
            version = found["metadata"]["resourceVersion"]
            if event["type"] == "BOOKMARK":
                continue
            if event["type"] == "DELETED":
                known.pop(found["metadata"]["uid"], None)
            else:
                known[found["metadata"]["uid"]] = found
            saw(event["type"], found)
        return version

    def _send(self, method, path, body, kind, timeout):
        host, _, port = self.address.rpartition(":")
        connection = http.client.HTTPSConnection(host, int(port), timeout=timeout, context=self._trust)
        headers = {"Authorization": f"Bearer {self._token}"}
        if body is not None:
            headers["Content-Type"] = kind
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
        answer = connection.getresponse()
        if answer.status >= 300:
            raise Refused(answer.status, answer.read().decode())
        return answer
