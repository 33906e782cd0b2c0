"""What a network does to a call besides losing it: silence, a reset, and somebody else's answer."""
import os
import select
import socket
import struct
import threading

NOTHING = ("599 Never Answered", [], b"")  # the front ends the connection
LONGEST = 120  # seconds that a call is held; clients give up before
PAGE = b"<html><head><title>Sign in</title></head><body>This network asks you to sign in.</body></html>"


class Trouble:
    """Plays the faults of kind hold, reset and garble around the work of a call."""

    def __init__(self, faults):
        self._faults = faults
        self._lock, self._held = threading.Lock(), []

    def answer(self, call, connection, work):
        """What `work` answers, unless a fault waits for this call."""
        if self._faults.take("reset", call):
            _reset(connection)
            return NOTHING
        if self._faults.take("garble", call):
            return "200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(PAGE)))], PAGE
        hold = self._faults.take("hold", call)
        if not hold:
            return work()
        if hold.get("when") == "after":
            work()
        self._keep_waiting(call, connection)
        return NOTHING

    def held(self, account=None):
        """The calls whose clients wait at this moment."""
        with self._lock:
            return [{"account": c["account"], "action": c["action"]} for c in self._held if account in (None, c["account"])]

    def _keep_waiting(self, call, connection):
        with self._lock:
            self._held.append(call)
        # A client has no more to say before it is answered: readable means that it has gone.
        select.select([connection], [], [], LONGEST)
        with self._lock:
            self._held.remove(call)


def _reset(connection):
    """Ends a connection by RST. What serves it goes on with the stump of another, and finds its end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stump, other = socket.socketpair()
    other.close()
    os.dup2(stump.fileno(), connection.fileno())
    stump.close()


class TroubleRoutes:
    """The admin routes for it."""

    def _hold(self, method, query, body):
        waiting = self._fault("hold", method, query, body)
        return {**waiting, "held": self.front.trouble.held(query.get("account"))}

    def _reset(self, method, query, body):
        return self._fault("reset", method, query, body)

    def _garble(self, method, query, body):
        return self._fault("garble", method, query, body)
