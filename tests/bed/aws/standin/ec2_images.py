"""Images and instance types: what may be launched, and where."""
import hashlib
import re
from datetime import UTC, datetime, timedelta

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidAMIIdError, MalformedAMIIdError
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.ec2.responses._base_response import EC2BaseResponse

from .ec2_requests import check_filters, described, filters
from .store import page

DATE = re.compile(r"\.(20\d{6})[.-]")   # of a release, in an image's name
AL2023 = re.compile(r"al2023-ami-2023\.(\d+)\.(20\d{6})\.0-.*")
OLDER = timedelta(weeks=8)  # the release before
FILTERS = {
    "image-id": lambda i: i.id, "name": lambda i: i.name, "architecture": lambda i: i.architecture, "owner-id": lambda i: i.owner_id,
    "owner-alias": lambda i: i.owner_alias or "", "state": lambda i: i.state, "is-public": lambda i: str(i.is_public).lower(),
    "root-device-type": lambda i: i.root_device_type, "root-device-name": lambda i: i.root_device_name, "image-type": lambda i: i.image_type,
    "virtualization-type": lambda i: i.virtualization_type, "hypervisor": lambda i: i.hypervisor, "description": lambda i: i.description,
    "platform": lambda i: i.platform or "",
}


class Images(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    def describe_images(self):
        store, ids, owners = self.store, self._get_param("ImageIds", []), self._get_param("Owners", [])
        for malformed in [image_id for image_id in ids if not re.fullmatch(r"ami-[0-9a-f]{8,17}", image_id)]:
            raise MalformedAMIIdError([malformed])
        owners = [self.current_account if owner == "self" else owner for owner in owners]
        there = [image for image in store.ec2.amis.values() if has_image(store, image.id)
                 and (not owners or {image.owner_id, image.owner_alias} & set(owners))]
        return described(self, "Images", there, lambda image_id: InvalidAMIIdError([image_id]), FILTERS, ids=ids)

    def describe_instance_types(self):
        types = super().describe_instance_types().result["InstanceTypes"]
        shown, more = page(types, self._get_int_param("MaxResults"), self._get_param("NextToken"), 1000)
        return ActionResult({"InstanceTypes": shown, "NextToken": more})

    def describe_instance_type_offerings(self):
        check_filters(self, {"instance-type", "location"})
        wanted = filters(self)
        offered = [offering for offering in INSTANCE_TYPE_OFFERINGS[self._get_param("LocationType") or "region"].get(self.region, [])
                   if offering["InstanceType"] in wanted.get("instance-type", [offering["InstanceType"]])
                   and offering["Location"] in wanted.get("location", [offering["Location"]])]
        shown, more = page(offered, self._get_int_param("MaxResults"), self._get_param("NextToken"), 1000)
        return ActionResult({"InstanceTypeOfferings": shown, "NextToken": more})


def has_image(store, image_id):
    return image_id in store.ec2.amis and store.forced.get(image_id) != "gone"


def is_offered(region, instance_type, zone_id):
    return any(offering["InstanceType"] == instance_type and offering["Location"] == zone_id
               for offering in INSTANCE_TYPE_OFFERINGS["availability-zone-id"].get(region, []))


def mend_images():
    """moto's images are all as old as the account: here as old as their names say, and Amazon Linux has an older release."""
    plain = AmiBackend._load_amis

    def load(self):
        plain(self)
        for image in list(self.amis.values()):
            date = DATE.search(image.name or "")
            if date:
                image.creation_date = _day(date.group(1))
            release = AL2023.fullmatch(image.name or "")
            if release:
                older = _older(self, image, release)
                self.amis[older.id] = older
    AmiBackend._load_amis = load


def _older(backend, image, release):
    day = _day(release.group(2)) - OLDER
    name = image.name.replace(f"2023.{release.group(1)}.{release.group(2)}", f"2023.{int(release.group(1)) - 1}.{day:%Y%m%d}")
    image_id = "ami-" + hashlib.sha256(name.encode()).hexdigest()[:17]
    older = Ami(backend, image_id, name=name, description=image.description, owner_id=image.owner_id, owner_alias=image.owner_alias,
                public=image.is_public, virtualization_type=image.virtualization_type, architecture=image.architecture, creation_date=day,
                image_location=image.image_location, hypervisor=image.hypervisor, root_device_type=image.root_device_type,
                root_device_name=image.root_device_name, sriov=image.sriov, boot_mode=image.boot_mode)
    older.platform = image.platform
    return older


def _day(text):
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
