import pytest
from conftest import all_pages, refused


def tcp(first, last=None, *cidrs, groups=()):
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last or first, "IpRanges": [{"CidrIp": c} for c in cidrs],
            "UserIdGroupPairs": [{"GroupId": g} for g in groups]}


def rules(aws, group):
    shown = aws.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    return {(r["IsEgress"], r["FromPort"], r["ToPort"], r.get("CidrIpv4") or r["ReferencedGroupInfo"]["GroupId"]): r for r in shown}


ALLOW_ALL = (True, -1, -1, "0.0.0.0/0")


@pytest.fixture
def group(aws, vpc):
    return aws.group(vpc)


def test_rules_have_ids_tags_and_canonical_cidrs(aws, group):
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "owner", "Value": "me"}]}]
    made = aws.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(9092, 9116, "10.1.2.3/16", "10.2.0.0/16"), tcp(443, 443, "10.3.0.0/16")],
        TagSpecifications=tags)["SecurityGroupRules"]
    assert [r["CidrIpv4"] for r in made] == ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"]
    shown = rules(aws, group)
    assert set(shown) == {ALLOW_ALL, (False, 9092, 9116, "10.1.0.0/16"), (False, 9092, 9116, "10.2.0.0/16"), (False, 443, 443, "10.3.0.0/16")}
    for rule in made:
        assert rule["SecurityGroupRuleId"].startswith("sgr-") and rule["Tags"] == [{"Key": "owner", "Value": "me"}]
    found = aws.ec2.describe_security_group_rules(Filters=[{"Name": "tag:owner", "Values": ["me"]}])["SecurityGroupRules"]
    assert {r["SecurityGroupRuleId"] for r in found} == {r["SecurityGroupRuleId"] for r in made}
    aws.ec2.create_tags(Resources=[made[0]["SecurityGroupRuleId"]], Tags=[{"Key": "more", "Value": "1"}])
    assert len(rules(aws, group)[False, 9092, 9116, "10.1.0.0/16"]["Tags"]) == 2


def test_groups_are_made_and_found_with_tags(aws, vpc):
    made = aws.ec2.create_security_group(GroupName="ours", Description="ours", VpcId=vpc.id, TagSpecifications=[
        {"ResourceType": "security-group", "Tags": [{"Key": "owner", "Value": "me"}]}])["GroupId"]
    found = aws.ec2.describe_security_groups(Filters=[{"Name": "tag:owner", "Values": ["me"]}])["SecurityGroups"]
    assert [(g["GroupId"], g["Tags"], g["VpcId"]) for g in found] == [(made, [{"Key": "owner", "Value": "me"}], vpc.id)]


def test_duplicates_are_refused_as_a_whole(aws, group):
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(1, 1, "10.0.0.0/8")])
    for again in ([tcp(2, 2, "10.0.0.0/8"), tcp(1, 1, "10.9.9.9/8")], [tcp(3, 3, "10.0.0.0/8"), tcp(3, 3, "10.0.0.0/8")]):
        with refused("InvalidPermission.Duplicate"):
            aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=again)
    assert set(rules(aws, group)) == {ALLOW_ALL, (False, 1, 1, "10.0.0.0/8")}
    with refused("InvalidPermission.Duplicate"):
        aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])


def test_quota(aws, group):
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(1, 1, *(f"10.{i}.0.0/16" for i in range(59)))])
    with refused("RulesPerSecurityGroupLimitExceeded"):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(2, 2, "10.0.0.0/8", "10.1.0.0/16")])
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(2, 2, "10.0.0.0/8")])
    assert len(rules(aws, group)) == 61
    aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[tcp(2, 2, "10.0.0.0/8")])  # its own quota


def test_revoke(aws, group):
    made = aws.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(1, 1, "10.1.0.0/16", "10.2.0.0/16")])["SecurityGroupRules"]
    aws.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[made[0]["SecurityGroupRuleId"]])
    aws.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    assert set(rules(aws, group)) == {(False, 1, 1, "10.2.0.0/16")}
    with refused("InvalidSecurityGroupRuleId.NotFound"):
        aws.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[m["SecurityGroupRuleId"] for m in made])
    with refused("InvalidPermission.NotFound"):
        aws.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[tcp(1, 1, "10.2.0.0/16", "10.3.0.0/16")])
    assert set(rules(aws, group)) == {(False, 1, 1, "10.2.0.0/16")}


def test_a_reference_blocks_deletion(aws, vpc, group):
    with refused("InvalidGroup.NotFound"):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(1, groups=["sg-0123456789abcdef0"])])
    brokers = aws.group(vpc)
    aws.ec2.authorize_security_group_ingress(GroupId=brokers, IpPermissions=[tcp(39092, groups=[group])])
    assert (False, 39092, 39092, group) in rules(aws, brokers)
    with refused("DependencyViolation"):
        aws.ec2.delete_security_group(GroupId=group)
    aws.ec2.revoke_security_group_ingress(GroupId=brokers, IpPermissions=[tcp(39092, groups=[group])])
    aws.ec2.delete_security_group(GroupId=group)
    with refused("InvalidGroup.NotFound"):
        aws.ec2.delete_security_group(GroupId=group)


def test_malformed(aws, group):
    for bad in (tcp(9, 8, "10.0.0.0/8"), tcp(1, 1, "10.0.0.0/33"), tcp(1, 70000, "10.0.0.0/8")):
        with refused("InvalidParameterValue"):
            aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[bad])
    with refused("InvalidGroup.Duplicate"):
        vpc_id = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["VpcId"]
        aws.ec2.create_security_group(GroupName="group-1", Description="again", VpcId=vpc_id)
    with refused("InvalidParameterValue"):
        aws.ec2.describe_security_group_rules(Filters=[{"Name": "no-such-filter", "Values": ["x"]}])


def test_pages_and_filters(aws, vpc, group):
    more = [aws.group(vpc) for _ in range(5)]
    found, pages = all_pages(aws.ec2.describe_security_groups, "SecurityGroups", {"MaxResults": 5}, "NextToken", "NextToken",
                             Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])
    assert {g["GroupId"] for g in found} >= {group, *more} and pages == 2
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(1, 1, *(f"10.{i}.0.0/16" for i in range(10)))])
    found, pages = all_pages(aws.ec2.describe_security_group_rules, "SecurityGroupRules", {"MaxResults": 5}, "NextToken", "NextToken",
                             Filters=[{"Name": "group-id", "Values": [group]}])
    assert len(found) == 11 and pages == 3
