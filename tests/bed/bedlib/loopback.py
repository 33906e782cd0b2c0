"""Networks out of 127.0.0.0/8 that one test at a time has on a machine."""
import socket
from contextlib import contextmanager

CLAIM = 64127  # beds claim a network by listening there


@contextmanager
def network():
    """"127.N.0" that no bed and no other test has, as long as the block lasts."""
    for number in range(254, 16, -1):
        held = socket.socket()
        try:
            held.bind((f"127.{number}.0.1", CLAIM))
            held.listen(1)
        except OSError:
            held.close()
            continue
        with held:
            yield f"127.{number}.0"
        return
    raise RuntimeError("no network of 127.0.0.0/8 is free")
