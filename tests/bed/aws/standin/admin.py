"""The admin routes: everything under /__, JSON in and out. README.md of the bed lists them."""
import json
import re
from urllib.parse import parse_qsl

from . import data_plane_addresses, iam_roles, journal
from .inventory import inventory
from .machines import MACHINES
from .settings import ANSWERS, SETTINGS
from .store import LOCK, store_of
from .trouble import TroubleRoutes

STATUS_OF = {"RequestLimitExceeded": 503, "Unavailable": 503, "ServiceUnavailable": 503, "InternalError": 500,
                 "InternalFailure": 500, "UnauthorizedOperation": 403, "AccessDenied": 403}


class BadRequest(Exception):
    pass


class Admin(TroubleRoutes):
    """WSGI middleware: answers /__ itself, hands on the rest."""

    def __init__(self, front):
        self.front = front

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path.startswith("/moto-api/") and path != "/moto-api/reset":  # moto's own admin routes: no AWS calls
            return self.front.app(environ, start_response)
        if not path.startswith("/__") and path != "/moto-api/reset":
            return self.front(environ, start_response)
        status, answer = "200 OK", None
        try:
            route = getattr(self, "_" + path[3:].replace("-", "_"), None) if re.fullmatch(r"/__[a-z-]+", path) else None
            if path == "/moto-api/reset":  # it would forget half: moto's part, and who the keys belong to
                raise BadRequest("take a fresh account instead")
            elif route is None:
                status, answer = "404 Not Found", {"error": f"no route {path}"}
            else:
                length = int(environ.get("CONTENT_LENGTH") or 0)
                body = json.loads(environ["wsgi.input"].read(length)) if length else {}
                answer = route(environ["REQUEST_METHOD"], dict(parse_qsl(environ.get("QUERY_STRING", ""))), body)
        except (BadRequest, ValueError, KeyError) as problem:
            status, answer = "400 Bad Request", {"error": f"{type(problem).__name__}: {problem}"}
        out = json.dumps(answer).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(out)))])
        return [out]

    def _ready(self, method, query, body):
        return {"ready": True}

    def _settings(self, method, query, body):
        account = query.get("account")
        with LOCK:
            if method == "POST":
                SETTINGS.change(account, body)
            elif method == "DELETE":
                SETTINGS.reset(account)
            return SETTINGS.of(account) if account else dict(SETTINGS.common)

    def _role(self, method, query, body):
        """New keys of a role of the account that has just these policies from now on."""
        if method != "POST" or "account" not in query:
            raise BadRequest("POST, with account=")
        with LOCK:
            return iam_roles.keys_of(query["account"], body["region"], body["name"], body["policies"])

    def _instance_profile(self, method, query, body):
        """What gives instances the rights of a role that nobody has but them."""
        if method != "POST" or "account" not in query:
            raise BadRequest("POST, with account=")
        with LOCK:
            return {"arn": iam_roles.profile_of(query["account"], body["name"])}

    def _answers(self, method, query, body):
        """What AWS may answer where nobody knows; the first of each is what the stand-in does."""
        return ANSWERS

    def _calls(self, method, query, body):
        if method == "DELETE":
            self.front.forget_calls(query.get("account"))
        wanted = {name: query[name] for name in ("account", "client", "key", "action", "service", "region") if name in query}
        calls, counts = self.front.counts(wanted)
        return {**counts, **({"log": calls} if query.get("log") else {})}

    def _cut(self, method, query, body):
        return self._fault("cut", method, query, body)

    def _drop(self, method, query, body):
        return self._fault("drop", method, query, body)

    def _refuse(self, method, query, body):
        return self._fault("refuse", method, query, body)

    def _fault(self, kind, method, query, body):
        if method == "DELETE":
            self.front.faults.clear(query.get("account"))
        elif method == "POST":
            asked = {**query, **body}
            unknown = set(asked) - {"action", "n", "account", "service", "contains", "code", "message", "status"}
            if kind == "hold":
                unknown.discard("when")
            if unknown or "action" not in asked or (kind == "refuse") != ("code" in asked):
                raise BadRequest(f"a {kind} has action, n, account, service, contains" + (", when" if kind == "hold" else "")
                                 + (", code, message, status" if kind == "refuse" else "") + f", not {asked}")
            fault = {**asked, "kind": kind, "n": int(asked.get("n", 1))}
            if kind == "refuse":
                fault["status"] = int(asked.get("status") or STATUS_OF.get(asked["code"], 400))
            self.front.faults.add(fault)
        return {"waiting": self.front.faults.list()}

    def _force(self, method, query, body):
        """Sets or (state null) frees the state of a load balancer, target, service, endpoint, instance, image, or zone's capacity."""
        asked = {**query, **body}
        with LOCK:
            store = store_of(asked["account"], asked["region"])
            if method == "POST" and asked.get("state"):
                store.forced[asked["id"]] = asked["state"]
            elif method == "POST":
                store.forced.pop(asked["id"], None)
            elif method == "DELETE":
                store.forced.clear()
            return {"forced": dict(store.forced)}

    def _inventory(self, method, query, body):
        return inventory(query["account"], query["region"])

    def _addresses(self, method, query, body):
        return data_plane_addresses.addresses(query["account"], query["region"])

    def _claim(self, method, query, body):
        """Parts of 127/8 for an account whose addresses are to be real ones."""
        asked = {**query, **body}
        with LOCK:
            if method == "DELETE":
                data_plane_addresses.free(asked["account"])
            got = {"network": data_plane_addresses.claim(asked["account"], asked.get("network"))} if method == "POST" else {}
            return {**got, "networks": data_plane_addresses.claimed(asked["account"])}

    def _machines(self, method, query, body):
        """What runs on instances; kills the service of one, or halts the whole machine."""
        asked = {**query, **body}
        with LOCK:
            there = MACHINES.shown(asked["account"], asked["region"])
            if method == "POST":
                if asked["id"] not in there or asked["do"] not in ("kill", "halt"):
                    raise BadRequest(f"{asked['do']} {asked['id']}: there are kill and halt, and {', '.join(there) or 'no machines'}")
                {"kill": MACHINES.kill, "halt": MACHINES.halt}[asked["do"]](asked["id"])
            return {"machines": MACHINES.shown(asked["account"], asked["region"])}

    def _journal(self, method, query, body):
        with LOCK:
            return journal.read(store_of(query["account"], query["region"]), int(query.get("after", 0)))
