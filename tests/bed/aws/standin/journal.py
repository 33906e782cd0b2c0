"""What an account held after each of its writes: who looks for a gap misses no moment."""
import json
import time

from .inventory import inventory

READS = ("Describe", "Get", "List")


def note(store, action, key, request):
    """Keeps the account as it is after a write that succeeded."""
    if action.startswith(READS):
        return
    held = json.loads(json.dumps(inventory(store.account, store.region)))  # a copy: what is in it lives on
    store.journal.append({"number": len(store.journal) + 1, "at": time.time(), "action": action, "key": key, "request": request,
                          "inventory": held})


def read(store, after):
    """The entries after a number, and the number of the last."""
    return {"last": len(store.journal), "entries": store.journal[after:]}
