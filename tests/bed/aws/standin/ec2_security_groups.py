"""Security groups: rules are added and taken all or none, in AWS's canonical form, and block what they use."""
import ipaddress

from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    InvalidGroupIdMalformedError,
    InvalidPermissionDuplicateError,
    InvalidPermissionNotFoundError,
    InvalidSecurityGroupNotFoundError,
    RulesPerSecurityGroupLimitExceededError,
)
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import is_valid_security_group_id

from .ec2_requests import check_filters, filtered, filters, tags_for
from .errors import ec2
from .store import page

INGRESS, EGRESS = "ingress_rules", "egress_rules"
FILTERS = {"description", "group-id", "group-name", "owner-id", "tag-key", "vpc-id"}  # that moto has too


class SecurityGroups(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    def create_security_group(self):
        name, vpc_id = self._get_param("GroupName") or "", self._get_param("VpcId")
        if name.lower().startswith("sg-") or not 1 <= len(name) <= 255:
            raise ec2("InvalidParameterValue", f"Value ({name}) for parameter GroupName is invalid")
        self.store.ec2.get_vpc(vpc_id)
        if any(group.name.lower() == name.lower() for group in _all_groups(self.store) if group.vpc_id == vpc_id):
            raise ec2("InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc_id}'")
        result = super().create_security_group()
        self.store.ec2.get_security_group_from_id(result.result["GroupId"]).hidden_until = self.store.hidden_until()
        return result

    def describe_security_groups(self):
        check_filters(self, FILTERS)
        groups = [g for g in super().describe_security_groups().result["SecurityGroups"] if self.store.seen(getattr(g, "hidden_until", 0))]
        missing = set(self._get_param("GroupIds", [])) - {g.id for g in groups}
        if missing and not self._get_param("Filters"):
            raise InvalidSecurityGroupNotFoundError(min(missing))
        shown, more = page(groups, self._get_int_param("MaxResults"), self._get_param("NextToken"), 1000)
        return ActionResult({"SecurityGroups": shown, "NextToken": more})

    def delete_security_group(self):
        store, group_id = self.store, self._get_param("GroupId")
        if group_id:
            holders = [i.id for i in store.ec2.enis.values() if group_id in [g.id for g in i.group_set]]
            holders += [group.id for group in _all_groups(store) if group.id != group_id
                        and any(rule.source_group.get("GroupId") == group_id for rule in group.ingress_rules + group.egress_rules)]
            if holders:
                raise ec2("DependencyViolation", f"resource {group_id} has a dependent object")
        return super().delete_security_group()

    def authorize_security_group_ingress(self):
        return self._authorize(INGRESS)

    def authorize_security_group_egress(self):
        return self._authorize(EGRESS)

    def revoke_security_group_ingress(self):
        return self._revoke(INGRESS)

    def revoke_security_group_egress(self):
        return self._revoke(EGRESS)

    def describe_security_group_rules(self):
        store, ids, wanted = self.store, self._get_param("SecurityGroupRuleIds", []), filters(self)
        for group_id in wanted.get("group-id", []):
            if not is_valid_security_group_id(group_id):
                raise InvalidGroupIdMalformedError(group_id)
        rules = [rule for group in _all_groups(store) for rule in group.egress_rules + group.ingress_rules]
        for missing in set(ids) - {rule.id for rule in rules}:
            raise ec2("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{missing}' does not exist")
        rules = [rule for rule in rules if not ids or rule.id in ids]
        found = filtered(wanted, rules, lambda rule: (
            {"group-id": rule.group_id, "security-group-rule-id": rule.id}, store.ec2.tags.get(rule.id, {})))
        shown, more = page(found, self._get_int_param("MaxResults"), self._get_param("NextToken"), 1000)
        return ActionResult({"SecurityGroupRules": [_shown(store, rule) for rule in shown], "NextToken": more})

    def _authorize(self, direction):
        store, group = self.store, self._group()
        rules = getattr(group, direction)
        new = self._rules(group, direction)
        for position, rule in enumerate(new):
            if rule in rules or rule in new[:position]:
                raise InvalidPermissionDuplicateError()
        if len(rules) + len(new) > store.setting("rules_per_security_group"):
            raise RulesPerSecurityGroupLimitExceededError()
        tags = tags_for(self, "security-group-rule")
        for rule in new:
            rule.add_tags(tags)
        rules.extend(new)
        return ActionResult({"Return": True, "SecurityGroupRules": [_shown(store, rule) for rule in new]})

    def _revoke(self, direction):
        store, group = self.store, self._group()
        rules, ids = getattr(group, direction), self._get_param("SecurityGroupRuleIds", [])
        if ids:
            going = [rule for rule in rules if rule.id in ids]
            if len(going) < len(set(ids)):
                missing = next(i for i in ids if i not in [rule.id for rule in rules])
                raise ec2("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{missing}' does not exist")
        else:
            going = []
            for wanted in self._rules(group, direction):
                if wanted not in rules:
                    raise InvalidPermissionNotFoundError()
                going.append(rules[rules.index(wanted)])
        gone = {rule.id for rule in going}
        setattr(group, direction, [rule for rule in rules if rule.id not in gone])
        for rule_id in gone:
            store.ec2.tags.pop(rule_id, None)
        return ActionResult({"Return": True})

    def _group(self):
        name = self._get_param("GroupId") or self._get_param("GroupName")
        group = self.store.ec2.get_security_group_by_name_or_id(name)
        if group is None or not self.store.seen(getattr(group, "hidden_until", 0)):
            raise InvalidSecurityGroupNotFoundError(name)
        return group

    def _rules(self, group, direction):
        """One rule of moto's for each range, group and prefix list that the request names."""
        rules = []
        for permission in self._get_param("IpPermissions", []) or [self._get_params()]:
            ends = permission.get("FromPort"), permission.get("ToPort")
            protocol = str(permission.get("IpProtocol", ""))
            if protocol in ("tcp", "udp", "6", "17") and (None in ends or not 0 <= ends[0] <= ends[1] <= 65535):
                raise ec2("InvalidParameterValue", f"Invalid value for portRange: {ends[0]}-{ends[1]}")
            peers = [{"ip_range": {**entry, "CidrIp": _canonical(entry["CidrIp"], ipaddress.IPv4Network)}}
                     for entry in permission.get("IpRanges", []) + ([{"CidrIp": permission["CidrIp"]}] if "CidrIp" in permission else [])]
            peers += [{"ip_range": {**entry, "CidrIpv6": _canonical(entry["CidrIpv6"], ipaddress.IPv6Network)}}
                      for entry in permission.get("Ipv6Ranges", [])]
            peers += [{"source_group": self._source(entry)} for entry in permission.get("UserIdGroupPairs", [])]
            peers += [{"prefix_list_id": entry} for entry in permission.get("PrefixListIds", [])]
            rules += [SecurityGroupRule(self.store.ec2, protocol, group.id, *ends, **{"ip_range": None, **peer},
                                        is_egress=direction == EGRESS) for peer in peers]
        if not rules:
            raise ec2("MissingParameter", "The request must contain the parameter ipPermissions or a source")
        return rules

    def _source(self, pair):
        if self.store.ec2.get_security_group_from_id(pair.get("GroupId")) is None:
            raise InvalidSecurityGroupNotFoundError(pair.get("GroupId") or pair.get("GroupName"))
        return {"GroupId": pair["GroupId"], "UserId": self.current_account,
                **({"Description": pair["Description"]} if pair.get("Description") else {})}


def _all_groups(store):
    return [group for groups in store.ec2.groups.values() for group in groups.values()]


def _canonical(cidr, network):
    """AWS keeps no host bits: 10.1.2.3/16 becomes 10.1.0.0/16."""
    try:
        return str(network(cidr, strict=False))
    except ValueError:
        raise ec2("InvalidParameterValue", f"CIDR block {cidr} is malformed")


def _shown(store, rule):
    source = rule.source_group
    ends = (-1, -1) if rule.from_port is None else (rule.from_port, rule.to_port)
    return {
        "SecurityGroupRuleId": rule.id, "GroupId": rule.group_id, "GroupOwnerId": store.account, "IsEgress": rule.is_egress,
        "IpProtocol": rule.ip_protocol, "FromPort": ends[0], "ToPort": ends[1], "CidrIpv4": rule.cidr_ipv4, "CidrIpv6": rule.cidr_ipv6,
        "PrefixListId": rule.prefix_list_id, "Description": rule.description or source.get("Description"),
        "ReferencedGroupInfo": {"GroupId": source["GroupId"], "UserId": source["UserId"]} if source else None,
        "SecurityGroupRuleArn": f"arn:aws:ec2:{store.region}:{store.account}:security-group-rule/{rule.id}",
        "Tags": [{"Key": k, "Value": v} for k, v in store.ec2.tags.get(rule.id, {}).items()],
    }
