"""Zones by name and by id: moto gives them the same names in every account."""
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

ZONE_IDS = {zone.name: zone.zone_id for zones in RegionsAndZonesBackend.zones.values() for zone in zones}
ZONE_NAMES = {zone_id: name for name, zone_id in ZONE_IDS.items()}
