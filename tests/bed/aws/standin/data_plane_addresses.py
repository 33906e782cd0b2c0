"""Which address is whose, for a hosts file; and which part of 127/8 belongs to whom on this machine."""
import socket

from .store import LOCK, store_of

NETWORKS = range(16, 255)  # of 127.N.0.0/16: clear of the 127.0.0.0/16 that servers of all kinds use
CLAIM_PORT = 64127         # on 127.N.0.1, which AWS keeps for itself in every VPC: whoever listens has the network
_claims = {}               # account -> {N: listening socket}


def addresses(account, region):
    """Zone id -> address of every node and endpoint, and DNS name -> addresses as AWS would resolve it."""
    with LOCK:
        store = store_of(account, region)
        store.settle()
        return {"load_balancers": {b.arn: _balancer(b) for b in store.load_balancers.values()},
                "endpoints": {e.id: _endpoint(e) for e in store.endpoints.values() if hasattr(e, "interfaces")}}


def claim(account, number=None):
    """Takes 127.N.0.0/16 from all others on this machine, until it is freed or this process ends; ValueError when it is taken."""
    if number is not None and number not in NETWORKS:
        raise ValueError(f"a network is a number from {NETWORKS[0]} to {NETWORKS[-1]}")
    for each in NETWORKS if number is None else [number]:
        held = socket.socket()
        try:
            held.bind((f"127.{each}.0.1", CLAIM_PORT))
            held.listen(1)
        except OSError:  # another stand-in has it, or this one
            held.close()
            continue
        _claims.setdefault(account, {})[each] = held
        return each
    raise ValueError(f"127.{number}.0.0/16 is taken" if number else "every 127.N.0.0/16 is taken")


def claimed(account):
    return sorted(_claims.get(account, {}))


def free(account):
    for held in _claims.pop(account, {}).values():
        held.close()


def _balancer(balancer):
    by_zone = {i.subnet.availability_zone: i.private_ip_address for i in balancer.interfaces.values()}
    names = {balancer.dns_name: sorted(by_zone.values()), **{f"{zone}.{balancer.dns_name}": [a] for zone, a in by_zone.items()}}
    return {"nodes": _by_zone_id(balancer.interfaces.values()), "names": names}


def _endpoint(endpoint):
    by_zone = {i.subnet.availability_zone: i.private_ip_address for i in endpoint.interfaces()}
    common, *zonal = (entry["DnsName"] for entry in endpoint.dns_entries)
    names = {common: sorted(by_zone.values()), **{n: [a] for n in zonal for zone, a in by_zone.items() if n.split(".")[0].endswith(f"-{zone}")}}
    return {"addresses": _by_zone_id(endpoint.interfaces()), "names": names}


def _by_zone_id(interfaces):
    return {i.subnet.availability_zone_id: i.private_ip_address for i in interfaces}
