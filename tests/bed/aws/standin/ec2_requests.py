"""What several EC2 actions read from a request, and answer, in the same way."""
from moto.core.responses import ActionResult

from .errors import ec2
from .store import UnknownFilter, matches, page


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


def by_token(response, make):
    """What `make` makes, or what it made for the same client token before.

    Whether AWS forgets a token when its thing is gone is not documented for most kinds: here it never does.
    """
    store, token = response.store, response._get_param("ClientToken")
    if not token:
        return make()
    key, parameters = (response._get_action(), token), {k: v for k, v in response._get_params().items() if k != "ClientToken"}
    if key not in store.tokens:
        store.tokens[key] = parameters, make()
    asked, made = store.tokens[key]
    if asked != parameters:
        raise ec2("IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
    return made


def described(response, key, things, missing, values, shown=lambda thing: thing, ids=()):
    """The answer of a Describe action: the things that are named and match, in pages.

    `missing` makes the error for an id that nothing has, `values` has a function of a thing for each filter, `shown`
    is what is said of it.
    """
    store = response.store
    there = {thing.id: thing for thing in things if store.shows(thing.id)}
    for wanted in ids:
        if wanted not in there:
            raise missing(wanted)
    named = [thing for thing in there.values() if not ids or thing.id in ids]
    wanted = filters(response)
    check_filters(response, {*values, "tag-key"})
    found = filtered(wanted, named, lambda thing: (
        {name: value(thing) for name, value in values.items() if name in wanted}, store.ec2.tags.get(thing.id, {})))
    some, more = page(found, response._get_int_param("MaxResults"), response._get_param("NextToken"), 1000)
    return ActionResult({key: [shown(thing) for thing in some], "NextToken": more})


def shown_tags(store, resource_id):
    return [{"Key": key, "Value": value} for key, value in store.ec2.tags.get(resource_id, {}).items()]
