"""Volumes: states over time, and who may be attached to what."""
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import InvalidInstanceIdError, InvalidVolumeIdError
from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.responses._base_response import EC2BaseResponse

from .ec2_requests import by_token, described, tags_for
from .ec2_zones import ZONE_IDS, ZONE_NAMES
from .errors import ec2
from .machines import MACHINES
from .store import now

MOST = {"gp2": 16384, "gp3": 65536, "io1": 16384, "io2": 65536, "st1": 16384, "sc1": 16384, "standard": 1024}  # GiB
LEAST = {"st1": 125, "sc1": 125, "io1": 4, "io2": 4}
GP3 = {"iops": 3000, "throughput": 125}
FILTERS = {
    "volume-id": lambda v: v.id, "status": lambda v: v.status, "size": lambda v: v.size, "volume-type": lambda v: v.volume_type,
    "encrypted": lambda v: str(bool(v.encrypted)).lower(), "availability-zone": lambda v: v.availability_zone,
    "availability-zone-id": lambda v: v.availability_zone_id, "snapshot-id": lambda v: v.snapshot_id or "",
    "attachment.instance-id": lambda v: [a.instance_id for a in v.attachments], "attachment.status": lambda v: [a.status for a in v.attachments],
    "attachment.device": lambda v: [a.device for a in v.attachments],
}


class Volumes(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    def create_volume(self):
        return ActionResult(by_token(self, lambda: _make(self)))

    def describe_volumes(self):
        return described(self, "Volumes", self.store.ec2.volumes.values(), InvalidVolumeIdError, FILTERS, ids=self._get_param("VolumeIds", []))

    def attach_volume(self):
        store, volume, device = self.store, _volume(self), self._get_param("Device")
        instance = find_instance(store, self._get_param("InstanceId"))
        if not device:
            raise ec2("MissingParameter", "The request must contain the parameter device")
        if volume.attachment is not None:
            raise ec2("VolumeInUse", f"{volume.id} is already attached to an instance")
        if volume.status != "available":
            raise ec2("IncorrectState", f"{volume.id} is not 'available'.")
        if instance.state not in ("running", "stopped"):
            raise ec2("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
        if volume.availability_zone != instance.availability_zone:
            raise ec2("InvalidVolume.ZoneMismatch", f"The volume '{volume.id}' is not in the same availability zone as instance '{instance.id}'")
        if device in instance.block_device_mapping:
            raise ec2("InvalidParameterValue", f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use")
        attachment = store.ec2.attach_volume(volume.id, instance.id, device)
        attachment.status = "attaching"
        store.later("volume_attaching", lambda: _become(attachment, "attached"))
        return ActionResult(_attachment(attachment, "attaching"))

    def detach_volume(self):
        store, volume = self.store, _volume(self)
        attachment, instance_id, device = volume.attachment, self._get_param("InstanceId"), self._get_param("Device")
        if attachment is None:
            raise ec2("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
        instance = find_instance(store, instance_id) if instance_id else attachment.instance
        if instance is not attachment.instance or device not in (None, attachment.device):
            raise ec2("InvalidAttachment.NotFound", f"Volume '{volume.id}' is not attached to instance '{instance.id}' as device {device}")
        if instance.block_device_mapping[attachment.device].delete_on_termination and instance.state == "running":
            raise ec2("OperationNotPermitted", f"Unable to detach root volume '{volume.id}' from instance '{instance.id}'")
        if attachment.status != "busy":
            attachment.status = "busy" if MACHINES.is_on(instance.id) else "detaching"  # mounted, until the machine is off
            store.later("volume_detaching", lambda: _detach(store, volume, attachment), lambda: not MACHINES.is_on(instance.id))
        return ActionResult(_attachment(attachment, "detaching"))

    def delete_volume(self):
        store, volume = self.store, _volume(self)
        if volume.attachment is not None:
            raise ec2("VolumeInUse", f"Volume {volume.id} is currently attached to {volume.attachment.instance.id}")
        if volume.phase != "deleting":
            volume.phase = "deleting"
            store.later("volume_deleting", lambda: _forget(store, volume))
        return EmptyResult()

    def modify_volume(self):
        volume, size, kind = _volume(self), self._get_param("Size"), self._get_param("VolumeType")
        if volume.status not in ("in-use", "available"):
            raise ec2("IncorrectState", f"Volume {volume.id} is in the '{volume.status}' state")  # unverified
        _check_kind(kind or volume.volume_type, size or volume.size)
        if size and size < volume.size:
            raise ec2("InvalidParameterValue", "New size cannot be smaller than existing size")
        if volume.modified_at is not None and now() - volume.modified_at < self.store.setting("volume_modification_pause"):
            raise ec2("VolumeModificationRateExceeded", "You've reached the maximum modification rate per volume limit. "
                      "Wait at least 6 hours between modifications per EBS volume.")
        result = super().modify_volume()
        volume.modified_at = now()
        return result


def find_instance(store, instance_id):
    instance = store.ec2.get_instance(instance_id)
    if not store.shows(instance_id):
        raise InvalidInstanceIdError([instance_id])
    return instance


def mend_volumes():
    """What moto's volumes lack: the states between, and their zone's id."""
    Volume.phase = Volume.modified_at = None
    Volume.availability_zone_id = property(lambda self: ZONE_IDS.get(self.availability_zone))
    Volume.status = property(lambda self: self.phase or ("in-use" if self.attachment else "available"))
    Volume.state = property(lambda self: self.status)


def _make(response):
    store, kind, size = response.store, response._get_param("VolumeType") or "gp2", response._get_param("Size")
    zone = response._get_param("AvailabilityZone") or ZONE_NAMES.get(response._get_param("AvailabilityZoneId"))
    if not zone:
        raise ec2("MissingParameter", "The request must contain the parameter zone")
    if zone not in [each.name for each in store.ec2.describe_availability_zones()]:
        raise ec2("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
    if size is None and not response._get_param("SnapshotId"):
        raise ec2("MissingParameter", "The request must contain the parameter size/snapshot")
    _check_kind(kind, size)
    tags = tags_for(response, "volume")
    settings = {"iops": response._get_param("Iops"), "throughput": response._get_param("Throughput")}
    if kind == "gp3":
        settings = {name: value or GP3[name] for name, value in settings.items()}
    volume = store.ec2.create_volume(size=size, zone_name=zone, snapshot_id=response._get_param("SnapshotId"), volume_type=kind,
                                     encrypted=response._get_bool_param("Encrypted", False), kms_key_id=response._get_param("KmsKeyId"), **settings)
    volume.add_tags(tags)
    store.hide(volume.id)
    volume.phase = "creating"
    store.later("volume_creating", lambda: setattr(volume, "phase", None))
    return volume


def _check_kind(kind, size):
    if kind not in MOST:
        raise ec2("UnknownVolumeType", f"Unsupported volume type '{kind}' for volume creation.")
    if size is not None and not LEAST.get(kind, 1) <= size <= MOST[kind]:
        raise ec2("InvalidParameterValue", f"Volume of {size}GiB is too {'small' if size < LEAST.get(kind, 1) else 'large'} for volume type {kind}; "
                  f"minimum is {LEAST.get(kind, 1)}GiB, maximum is {MOST[kind]}GiB.")


def _volume(response):
    volume = response.store.ec2.get_volume(response._get_param("VolumeId"))
    if not response.store.shows(volume.id):
        raise InvalidVolumeIdError(volume.id)
    return volume


def _attachment(attachment, state):
    return {"VolumeId": attachment.volume_id, "InstanceId": attachment.instance_id, "Device": attachment.device, "State": state,
            "AttachTime": attachment.attach_time, "DeleteOnTermination": False}


def _become(attachment, state):
    if attachment.status == "attaching":
        attachment.status = state


def _detach(store, volume, attachment):
    if volume.attachment is attachment:  # else its instance was terminated meanwhile
        store.ec2.detach_volume(volume.id, attachment.instance_id, attachment.device)


def _forget(store, volume):
    store.forget_ec2(store.ec2.volumes, volume.id)
    MACHINES.forget_volume(volume.id)
