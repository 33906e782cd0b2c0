"""What AWS refuses of an instance, at its launch and later: capacity, quotas, what does not fit together."""
import base64
import binascii

from moto.ec2.models.instance_types import INSTANCE_TYPES

from .ec2_zones import ZONE_IDS
from .errors import ec2

MOST_USER_DATA = 16384  # bytes, before base64


def check_user_data(encoded):
    """What AWS refuses of user data, wherever it is given."""
    if encoded is None:
        return
    try:
        plain = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ec2("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
    if len(plain) > MOST_USER_DATA:
        raise ec2("InvalidParameterValue", f"User data is limited to {MOST_USER_DATA} bytes")


def check_capacity(store, instances):
    """Whether AWS lets these (type, zone name) run besides what runs."""
    for instance_type, zone in instances:
        for name in (ZONE_IDS[zone], instance_type, f"{instance_type}@{ZONE_IDS[zone]}"):
            if store.forced.get(name) == "exhausted":
                raise ec2("InsufficientInstanceCapacity", f"We currently do not have sufficient {instance_type} capacity in the Availability Zone "
                          f"you requested ({zone}). Our system will be working on provisioning additional capacity.")
    running = [instance.instance_type for instance in store.ec2.all_instances() if instance.state in ("pending", "running")]
    if sum(map(vcpus, running + [instance_type for instance_type, _ in instances])) > store.setting("vcpus"):
        raise ec2("VcpuLimitExceeded", f"You have requested more vCPU capacity than your current vCPU limit of {store.setting('vcpus'):.0f} allows "
                  "for the instance bucket that the specified instance type belongs to.")


def check_architecture(instance_type, image):
    of_type = INSTANCE_TYPES[instance_type]["ProcessorInfo"]["SupportedArchitectures"]
    if image.architecture not in of_type:
        raise ec2("InvalidParameterValue", f"The architecture '{','.join(of_type)}' of the specified instance type does not match the architecture "
                  f"'{image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.")


def vcpus(instance_type):
    return INSTANCE_TYPES[instance_type]["VCpuInfo"]["DefaultVCpus"] if instance_type in INSTANCE_TYPES else 1
