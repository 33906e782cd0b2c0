"""What the stand-in knows beyond moto, one Store per account and region; and small helpers over it."""
import fnmatch
import re
import secrets
import threading
import time
from dataclasses import dataclass, field

from moto.ec2.models import ec2_backends

from .settings import SETTINGS

# moto iterates shared dicts without locks, so all AWS calls take turns.
LOCK = threading.RLock()


def now():
    return time.monotonic()


def new_hex(digits):
    return secrets.token_hex((digits + 1) // 2)[:digits]


@dataclass
class Store:
    account: str
    region: str
    load_balancers: dict = field(default_factory=dict)  # by ARN; listeners live in their load balancer
    target_groups: dict = field(default_factory=dict)   # by ARN
    elb_tags: dict = field(default_factory=dict)        # ARN -> {key: value}
    tokens: dict = field(default_factory=dict)          # (action, client token) -> (parameters, result)
    lingering: list = field(default_factory=list)       # (when gone, network interface)
    forced: dict = field(default_factory=dict)          # /__force: id -> state
    buckets: dict = field(default_factory=dict)         # throttle: bucket -> (tokens, as of when)
    journal: list = field(default_factory=list)         # the account after each write, while the setting is on
    hidden: dict = field(default_factory=dict)          # id of a new thing of EC2 -> when it may be found
    turns: list = field(default_factory=list)           # (when, what happens then), see `later`

    @property
    def ec2(self):
        return ec2_backends[self.account][self.region]

    @property
    def services(self):
        """Kept where moto looks for endpoint services, so that its tag calls find them."""
        return self.ec2.configurations

    @property
    def endpoints(self):
        return self.ec2.vpc_end_points

    def setting(self, name):
        return SETTINGS.get(self.account, name)

    def arn(self, rest):
        return f"arn:aws:elasticloadbalancing:{self.region}:{self.account}:{rest}"

    def hidden_until(self):
        """When a thing that is made now may be found; its maker keeps it."""
        return now() + self.setting("read_lag")

    def seen(self, hidden_until):
        """Whether a thing can be found. Setting `read_lag` to 0 shows everything."""
        return now() >= hidden_until or not self.setting("read_lag")

    def hide(self, resource_id):
        """A thing of EC2 is new: only its maker knows of it for a while."""
        self.hidden[resource_id] = self.hidden_until()

    def shows(self, resource_id):
        return self.seen(self.hidden.get(resource_id, 0))

    def later(self, pace, then, ready=lambda: True):
        """Does something after a while, and not before it is `ready`; at once when both allow it."""
        self.turns.append((now() + self.setting(pace), then, ready))
        self.settle()

    def settle(self):
        """Lets time do what it does without a call: things that were leaving are gone."""
        at = now()
        for turn in [turn for turn in self.turns if turn[0] <= at and turn[2]()]:
            if turn in self.turns:  # what came before may have settled too
                self.turns.remove(turn)
                turn[1]()
        for when, interface in [entry for entry in self.lingering if entry[0] <= at]:
            self.lingering.remove((when, interface))
            if interface.id in self.ec2.enis:
                interface.delete()
        for service in [s for s in self.services.values() if s.gone_at is not None and s.gone_at <= at]:
            if not self.setting("deleted_services_are_shown"):
                self.forget_ec2(self.services, service.id)
        for endpoint in [e for e in self.endpoints.values() if getattr(e, "gone_at", None) is not None and e.gone_at <= at]:
            endpoint.leave()
            self.forget_ec2(self.endpoints, endpoint.id)

    def forget_ec2(self, kind, resource_id):
        kind.pop(resource_id, None)
        self.ec2.tags.pop(resource_id, None)


_stores = {}


def store_of(account, region):
    key = (account, region)
    if key not in _stores:
        _stores[key] = Store(account, region)
    return _stores[key]


def all_stores():
    return list(_stores.values())


def stores_in(region):
    """Every account's store in a region: PrivateLink joins accounts."""
    return [store for store in all_stores() if store.region == region]


def forget_all():
    _stores.clear()


class UnknownPage(Exception):
    """A token that no answer gave."""


def page(items, size, token, most):
    """One page of a list, and the token of the next; AWS's tokens are opaque, so ours look it."""
    if token and not re.fullmatch("page-[0-9a-z]+", token):
        raise UnknownPage(token)
    start = int(token.removeprefix("page-"), 36) if token else 0
    end = start + min(size or most, most)
    return items[start:end], (f"page-{_base36(end)}" if end < len(items) else None)


def _base36(number):
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
        if not number:
            return digits


class UnknownFilter(Exception):
    """Its only argument is the filter's name."""


def matches(filters, values, tags):
    """AWS's filters: every name must match one of its values, `*` and `?` are wild.

    Raises UnknownFilter for one that does not exist here.
    """
    for name, wanted in filters.items():
        if name.startswith("tag:"):
            have = [tags[name[4:]]] if name[4:] in tags else []
        elif name == "tag-key":
            have = list(tags)
        elif name not in values:
            raise UnknownFilter(name)
        else:
            have = values[name] if isinstance(values[name], list) else [values[name]]
        if not any(fnmatch.fnmatchcase(str(value), str(pattern)) for value in have for pattern in wanted):
            return False
    return True
