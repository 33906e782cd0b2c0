"""What several EC2 actions read from a request in the same way."""
from .errors import ec2
from .store import UnknownFilter, matches


def filters(response):
    return response._filters_from_querystring()


def check_filters(response, known):
    """Refuses a filter that AWS does not know, where moto passes over it."""
    for name in filters(response):
        if name not in known and not name.startswith("tag:"):
            raise ec2("InvalidParameterValue", f"The filter '{name}' is invalid")


def filtered(wanted, items, describe):
    """The items that match; `describe` gives an item's filter values and its tags."""
    try:
        return [item for item in items if matches(wanted, *describe(item))]
    except UnknownFilter as unknown:
        raise ec2("InvalidParameterValue", f"The filter '{unknown.args[0]}' is invalid")


def tags_for(response, kind):
    """The tags that TagSpecifications give to a kind of resource."""
    tags = {}
    for specification in response._get_param("TagSpecifications", []):
        if specification.get("ResourceType") != kind:
            raise ec2("InvalidParameterValue", f"'{specification.get('ResourceType')}' is not a valid taggable resource type for this operation.")
        tags.update((tag["Key"], tag.get("Value", "")) for tag in specification.get("Tags", []))
    return tags
