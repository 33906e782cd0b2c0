"""Health checks by connecting: what they find becomes the state that AWS calls show and flows follow."""
import asyncio

from .data_plane_security import reaches
from .data_plane_socket import connect
from .elb_targets import address_of, health
from .store import LOCK, now

PATIENCE = 0.5  # seconds for a target to accept


class HealthChecks:
    def __init__(self):
        self._due = {}  # account and region -> when

    async def run(self, stores):
        """One round for those whose turn it is."""
        turn = [store for store in stores if now() >= self._due.get((store.account, store.region), 0)]
        for store in turn:
            self._due[store.account, store.region] = now() + store.setting("health_check_interval")
        to_do = await asyncio.to_thread(_checks, turn)
        good = await asyncio.gather(*(_accepts(*check) for check in to_do))
        await asyncio.to_thread(_note, to_do.values(), good)


def _checks(stores):
    """(a node that may reach it or None, address, port) -> the (group, target) that are one there."""
    checks = {}
    with LOCK:
        for store in stores:
            for group in store.target_groups.values():
                for key, target in list(group.targets.items()):
                    state = health(store, group, key)[0]
                    if state == "unused":
                        target.forget()
                    elif state != "draining":
                        checks.setdefault(_check(store, group, key), []).append((group, target))
    return checks


def _note(targets, good):
    with LOCK:
        for those, answer in zip(targets, good):
            for group, target in those:
                target.note(answer, group.check)


def _check(store, group, key):
    balancer, address = group.listeners(store)[0].balancer, address_of(store, group, key)
    nodes = (interface.private_ip_address for interface in balancer.interfaces.values())
    return next((node for node in nodes if reaches(store, balancer, node, address, key[1])), None), address, key[1]


async def _accepts(node, address, port):
    if node is None:  # security groups are in the way
        return False
    try:
        _, writer = await asyncio.wait_for(connect(node, address, port), PATIENCE)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
