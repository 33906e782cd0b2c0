"""Tags of load balancers, target groups and listeners."""
from moto.core.responses import ActionResult

from .errors import elb, no_listener, no_load_balancer, no_target_group

MOST_TAGS = 50


def check_tags(tags):
    """The request's list of tags as a dictionary; AWS's refusals."""
    clean = {}
    for tag in tags:
        key, value = tag["Key"], tag.get("Value") or ""
        if key in clean:
            raise elb("DuplicateTagKeys", f"Tag key was specified more than once: {key}")
        if key.lower().startswith("aws:") or not 1 <= len(key) <= 128 or len(value) > 256:
            raise elb("ValidationError", f"The tag '{key}' is not valid")
        clean[key] = value
    return _not_too_many(clean)


def _not_too_many(tags):
    if len(tags) > MOST_TAGS:
        raise elb("TooManyTags", "The quota for the number of tags that can be assigned to a resource has been reached")
    return tags


class Tags:
    def add_tags(self):
        new = check_tags(self._get_param("Tags", []))
        for tags in [self.tags_of(arn) for arn in self._get_param("ResourceArns", [])]:
            tags.update(_not_too_many({**tags, **new}))
        return ActionResult({})

    def remove_tags(self):
        for tags in [self.tags_of(arn) for arn in self._get_param("ResourceArns", [])]:
            for key in self._get_param("TagKeys", []):
                tags.pop(key, None)
        return ActionResult({})

    def describe_tags(self):
        arns = self._get_param("ResourceArns", [])
        if len(arns) > 20:
            raise elb("ValidationError", "Cannot describe tags for more than '20' resources")
        return ActionResult({"TagDescriptions": [{"ResourceArn": arn, "Tags": dict(self.tags_of(arn))} for arn in arns]})

    def same_tags(self, arn, tags):
        """Whether a create with these tags asks for the thing that is there; nobody knows if tags belong to its settings."""
        return not self.store.setting("tags_are_settings") or self.store.elb_tags[arn] == tags

    def tags_of(self, arn):
        tags = self.store.elb_tags.get(arn)
        if tags is None:
            missing = {"targetgroup": no_target_group, "listener": no_listener}
            raise missing.get(arn.split(":")[-1].split("/")[0], no_load_balancer)(arn)
        return tags
