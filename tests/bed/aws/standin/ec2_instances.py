"""Instances over time: started, stopped, terminated, changed and checked."""
import base64
import re

from moto.core.responses import ActionResult, EmptyResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.exceptions import InvalidInstanceIdError
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance, InstanceState
from moto.ec2.responses._base_response import EC2BaseResponse

from .ec2_interfaces import release
from .ec2_limits import check_architecture, check_capacity, check_user_data
from .ec2_requests import described
from .ec2_volumes import find_instance
from .ec2_zones import ZONE_IDS
from .errors import ec2
from .machines import MACHINES
from .store import UnknownPage, now, store_of

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
CONSOLE_KEPT = 64 * 1024  # bytes
STATUS = {
    "availability-zone": lambda i: i.availability_zone, "availability-zone-id": lambda i: ZONE_IDS[i.availability_zone],
    "instance-state-name": lambda i: i.state, "instance-state-code": lambda i: i.state_code,
    "instance-status.status": lambda i: i.instance_status["Status"], "system-status.status": lambda i: i.system_status["Status"],
}
CHANGES = ("InstanceType", "UserData", "DisableApiTermination", "DisableApiStop", "EbsOptimized", "SourceDestCheck", "Kernel")


class Instances(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    def describe_instances(self):
        store = self.store
        for instance_id in self._get_param("InstanceIds", []):
            if not re.fullmatch(r"i-([0-9a-f]{8}|[0-9a-f]{17})", instance_id):
                raise ec2("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')
            find_instance(store, instance_id)
        token = self._get_param("NextToken")
        if token and token not in store.ec2.reservations:
            raise UnknownPage(token)
        result = super().describe_instances().result
        return ActionResult({**result, "Reservations": [r for r in result["Reservations"] if all(store.shows(i.id) for i in r.instances)]})

    def describe_instance_status(self):
        every, ids = self._get_bool_param("IncludeAllInstances", False), self._get_param("InstanceIds", [])
        named = [find_instance(self.store, instance_id) for instance_id in ids] or self.store.ec2.all_instances()
        shown = [instance for instance in named if every or instance.state == "running"]
        return described(self, "InstanceStatuses", shown, InvalidInstanceIdError, STATUS, _status)

    def start_instances(self):
        store, instances = self.store, _named(self, ("stopped", "pending", "running"), "started")
        stopped = [i for i in instances if i.state == "stopped"]
        check_capacity(store, [(i.instance_type, i.availability_zone) for i in stopped])
        shown = [_change(i, "pending") for i in instances]
        for instance in stopped:
            instance.start()
            begin(store, instance)
        return ActionResult({"StartingInstances": shown})

    def stop_instances(self):
        store, instances = self.store, _named(self, ("running", "stopping", "stopped"), "stopped")
        for instance in instances:
            if instance.disable_api_stop:
                raise ec2("OperationNotPermitted", f"The instance '{instance.id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.")
        shown = [_change(i, "stopping") for i in instances]
        for instance in [i for i in instances if i.state == "running"]:
            _turn(instance, "stopping")
            MACHINES.stop(instance.id)
            _when_off(store, "instance_stopping", instance, "stopping", instance.stop)
        return ActionResult({"StoppingInstances": shown})

    def terminate_instances(self):
        store, instances = self.store, _named(self, CODES, "terminated")
        for instance in instances:
            if instance.disable_api_termination:
                raise ec2("OperationNotPermitted", f"The instance '{instance.id}' may not be terminated. Modify its 'disableApiTermination' "
                          "instance attribute and try again.")
        shown = [_change(i, "shutting-down") for i in instances]
        for instance in [i for i in instances if i.state not in ("shutting-down", "terminated")]:
            _turn(instance, "shutting-down")
            MACHINES.stop(instance.id)
            _when_off(store, "instance_terminating", instance, "shutting-down", lambda instance=instance: _end(store, instance))
        return ActionResult({"TerminatingInstances": shown})

    def modify_instance_attribute(self):
        store, instance = self.store, find_instance(self.store, self._get_param("InstanceId"))
        asked = {name: value for name in CHANGES if (value := self._get_param(name)) is not None}
        named = self._get_param("Attribute")
        if named:
            asked[named[0].upper() + named[1:]] = {"Value": self._get_param("Value")}
        if self._get_param("Groups"):
            asked["Groups"] = self._get_param("Groups")
        if len(asked) > 1:
            raise ec2("InvalidParameterCombination", "Fields for multiple attribute types specified: " + ", ".join(asked))
        if instance.state == "terminated":
            raise ec2("IncorrectInstanceState", f"The instance '{instance.id}' is not in a valid state for this operation.")
        if {"InstanceType", "UserData", "Kernel", "EbsOptimized"} & set(asked) and instance.state != "stopped":
            raise ec2("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state.")
        if "InstanceType" in asked:
            wanted = asked["InstanceType"]["Value"]
            if wanted not in INSTANCE_TYPES:
                raise ec2("InvalidInstanceAttributeValue", f"Invalid value '{wanted}' for InstanceType.")
            image = store.ec2.amis.get(instance.image_id)
            if image is not None:
                check_architecture(wanted, image)
        if "UserData" in asked:
            # moto has decoded it, and would take what is left for what was sent
            encoded = base64.b64encode(asked["UserData"]["Value"]).decode()
            check_user_data(encoded)
            instance.user_data = Base64EncodedString(encoded)
            return EmptyResult()
        return super().modify_instance_attribute()

    def describe_instance_attribute(self):
        find_instance(self.store, self._get_param("InstanceId"))
        return super().describe_instance_attribute()

    def get_console_output(self):
        instance = find_instance(self.store, self._get_param("InstanceId"))
        said = MACHINES.console(instance.id)[-CONSOLE_KEPT:]
        return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": base64.b64encode(said).decode() if said else None})


def begin(store, instance):
    """An instance was launched or started: it is pending, then it runs."""
    _turn(instance, "pending")

    def run():
        if instance.state == "pending":
            _turn(instance, "running")
            instance.runs_since = now()
            MACHINES.start(store, instance)
    store.later("instance_pending", run)


def mend_instances():
    """Checks that take their time and may fail; a terminated instance that has lost its interface."""
    Instance.runs_since = 0.0
    Instance.instance_status = property(lambda self: _check(self, "impaired"))
    Instance.system_status = property(lambda self: _check(self, "system_impaired"))
    for name in ("private_ip", "private_ip_address", "public_ip", "public_ip_address"):
        attribute = "private_ip_address" if name.startswith("private") else "public_ip"
        setattr(Instance, name, property(lambda self, attribute=attribute: getattr(self.nics[0], attribute) if 0 in self.nics else None))
    plain = Instance.private_dns_name.fget
    Instance.private_dns_name = property(lambda self: plain(self) if 0 in self.nics else None)


def _check(instance, failing):
    if instance.state != "running":
        return {"Status": "not-applicable"}
    store = store_of(instance.owner_id, instance.region_name)
    forced = store.forced.get(instance.id)
    if forced == failing or (failing == "impaired" and MACHINES.is_halted(instance.id)):
        return {"Status": "impaired", "Details": [{"Name": "reachability", "Status": "failed"}]}
    if now() - instance.runs_since < store.setting("instance_checks"):
        return {"Status": "initializing", "Details": [{"Name": "reachability", "Status": "initializing"}]}
    return {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}


def _status(instance):
    return {"InstanceId": instance.id, "AvailabilityZone": instance.availability_zone, "AvailabilityZoneId": ZONE_IDS[instance.availability_zone],
            "InstanceState": {"Code": instance.state_code, "Name": instance.state}, "InstanceStatus": instance.instance_status,
            "SystemStatus": instance.system_status}


def _named(response, allowed, done):
    ids = response._get_param("InstanceIds", [])
    if not ids:
        raise ec2("MissingParameter", "The request must contain the parameter InstanceId")
    instances = [find_instance(response.store, instance_id) for instance_id in ids]
    for instance in instances:
        if instance.state not in allowed:
            raise ec2("IncorrectInstanceState", f"The instance '{instance.id}' is not in a state from which it can be {done}.")
    return instances


def _change(instance, state):
    """What AWS answers: the state before, and the one that is asked for, unless it is past that."""
    there = {"pending": ("running",), "stopping": ("stopped",), "shutting-down": ("terminated",)}[state]
    current = instance.state if instance.state in there else state
    return {"InstanceId": instance.id, "PreviousState": {"Code": instance.state_code, "Name": instance.state},
            "CurrentState": {"Code": CODES[current], "Name": current}}


def _turn(instance, name):
    instance._state = InstanceState(name, CODES[name])


def _when_off(store, pace, instance, state, then):
    store.later(pace, lambda: then() if instance.state == state else None, lambda: not MACHINES.is_on(instance.id))


def _end(store, instance):
    instance.terminate()
    MACHINES.forget(instance.id)
    for index, interface in list(instance.nics.items()):
        if not interface.delete_on_termination:  # AWS frees it; moto leaves it attached
            release(interface)
            del instance.nics[index]
    store.forced.pop(instance.id, None)
