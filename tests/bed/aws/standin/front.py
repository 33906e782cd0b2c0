"""In front of moto: counts every AWS call, and plays the network's and AWS's bad days."""
import collections
import io
import re
import socket
import threading
import time
import uuid
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape

from .accounts import account_of
from .settings import SETTINGS
from .trouble import Trouble

SCOPE = re.compile(r"Credential=([^/]+)/\d+/([\w-]+)/(\w+)/aws4_request")
BODY_KEPT = 2000  # characters of a request that the log keeps


class Faults:
    """Faults still to be played: each for an action, `n` times, for one account or for all."""

    def __init__(self):
        self._lock, self._waiting = threading.Lock(), []

    def add(self, fault):
        with self._lock:
            self._waiting.append(dict(fault))

    def take(self, kind, call):
        """The first fault of a kind that this call meets, counted down; else None."""
        with self._lock:
            for fault in self._waiting:
                if (fault["kind"] == kind and fault["action"] == call["action"] and fault["n"] > 0
                        and fault.get("account") in (None, call["account"]) and fault.get("contains", "") in call["body"]
                        and fault.get("service") in (None, call["service"])):
                    fault["n"] -= 1
                    return fault
        return None

    def list(self):
        with self._lock:
            return [dict(fault) for fault in self._waiting if fault["n"] > 0]

    def clear(self, account=None):
        with self._lock:
            self._waiting = [f for f in self._waiting if account and f.get("account") != account]


class Front:
    """WSGI middleware. `log` holds one dictionary a call, the newest last."""

    def __init__(self, app):
        self.app = app
        self.faults = Faults()
        self.trouble = Trouble(self.faults)
        self.log = collections.deque(maxlen=200_000)

    def __call__(self, environ, start_response):
        call = _read(environ)
        began = time.monotonic()
        refused = self.faults.take("refuse", call)
        unheard = None if refused else self.faults.take("drop", call)
        lost = None if refused or unheard else self.faults.take("cut", call)
        if refused:
            status, headers, body = _refusal(call, refused)
        elif unheard:
            status, headers, body = "599 Never Done", [], b""
        else:
            status, headers, body = self.trouble.answer(call, environ["werkzeug.socket"], lambda: self._answer(environ))
        least = SETTINGS.get(call["account"], "latency_ms") / 1000
        time.sleep(max(0.0, least - (time.monotonic() - began)))
        number = int(status.split()[0])
        code = re.search(rb"<Code>([^<]+)</Code>", body) if number >= 400 else None
        call.update(status=number, code=code.group(1).decode() if code else "", ms=round((time.monotonic() - began) * 1000, 1))
        if lost:
            call["code"] = "(answer lost)"
        if unheard:
            call["code"] = "(request lost)"
        self.log.append(call)
        if lost or number == 599:  # the client sees a connection that ends without an answer
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("cut on purpose")
        start_response(status, headers)
        return [body]

    def _answer(self, environ):
        said = {}

        def note(status, headers, exc_info=None):
            said.update(status=status, headers=headers)

        body = b"".join(self.app(environ, note))
        return said["status"], said["headers"], body

    def counts(self, wanted):
        """Calls and errors by action, of the calls that match (account, client, key, action)."""
        calls = [c for c in list(self.log) if all(c[name] == value for name, value in wanted.items())]
        return calls, {
            "n": len(calls),
            "calls": dict(collections.Counter(c["action"] for c in calls).most_common()),
            "errors": dict(collections.Counter(f"{c['action']} {c['code'] or c['status']}" for c in calls
                                               if c["status"] >= 400 or c["code"]).most_common()),
            "clients": dict(collections.Counter(c["client"] for c in calls).most_common()),
            "accounts": dict(collections.Counter(c["account"] for c in calls).most_common()),
        }

    def forget_calls(self, account=None):
        kept = [c for c in list(self.log) if account and c["account"] != account]
        self.log.clear()
        self.log.extend(kept)


def _read(environ):
    """What the log says of a call before it is answered; the body is put back for moto."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    text = body.decode("utf-8", "replace")
    action = re.search(r"(?:^|&)Action=(\w+)", text)
    scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, region, service = scope.groups() if scope else ("", "", "")
    agent = environ.get("HTTP_USER_AGENT", "")
    app = re.search(r"\bapp/(\S+)", f"{agent} {environ.get('HTTP_X_AMZ_USER_AGENT', '')}")  # the id that a program gave its SDK
    return {
        "at": time.time(), "account": account_of(key), "key": key, "region": region, "service": service,
        "client": app.group(1) if app else agent.split("/")[0].split(" ")[0],
        "action": action.group(1) if action else f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}",
        "body": unquote_plus(text)[:BODY_KEPT],
    }


def _refusal(call, fault):
    """An error in the form of the service that is asked: EC2 has one of its own."""
    code, message = escape(fault["code"]), escape(fault.get("message") or f"{fault['code']}, played by the stand-in")
    error, request = f"<Code>{code}</Code><Message>{message}</Message>", uuid.uuid4()
    if call["service"] == "ec2":
        body = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request}</RequestID></Response>"
    else:
        body = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>{request}</RequestId></ErrorResponse>"
    body = ('<?xml version="1.0" encoding="UTF-8"?>' + body).encode()
    return f"{fault['status']} Refused", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))], body
