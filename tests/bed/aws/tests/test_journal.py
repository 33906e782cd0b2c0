"""The journal of writes."""
from conftest import REGION, admin, forward, refused


def journal(account, after=0):
    return admin(account.endpoint, "GET", "journal", account=account.id, region=REGION, after=after)


def actions(account):
    return [entry["action"] for entry in journal(account)["entries"]]


def test_it_is_kept_only_while_the_setting_is_on(aws, vpc):
    aws.group(vpc)
    assert journal(aws) == {"last": 0, "entries": []}
    aws.settings(journal=True)
    aws.group(vpc)
    aws.settings(journal=False)
    aws.group(vpc)
    assert actions(aws) == ["CreateSecurityGroup"]


def test_it_holds_every_write_and_the_account_as_it_was_then(aws, consumer, vpc):
    balancer, group = aws.load_balancer(vpc), aws.target_group(vpc)
    aws.settings(journal=True)
    listener = aws.listener(balancer, 9092, group)
    aws.elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}])
    other = aws.target_group(vpc)
    aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward((group, 1), (other, 9))])
    entries = journal(aws)["entries"]
    assert [(entry["number"], entry["action"]) for entry in entries] == [
        (1, "CreateListener"), (2, "ModifyLoadBalancerAttributes"), (3, "CreateTargetGroup"), (4, "ModifyListener")]
    assert {entry["key"] for entry in entries} == {aws.who["access_key_id"]}
    assert entries[0]["request"]["Port"] == 9092
    weights = [entry["inventory"]["listeners"][listener]["weights"] for entry in entries]
    assert weights == [{group: 1}, {group: 1}, {group: 1}, {group: 1, other: 9}]
    protected = [e["inventory"]["load_balancers"][balancer]["attributes"]["deletion_protection.enabled"] for e in entries]
    assert protected == ["false", "true", "true", "true"], "what changed later does not change what was"
    assert journal(aws, after=3) == {"last": 4, "entries": entries[3:]}
    assert actions(consumer) == []


def test_reads_refusals_and_rehearsals_are_no_writes(aws, vpc):
    aws.settings(journal=True)
    aws.balancer(aws.load_balancer(vpc))
    with refused("DryRunOperation"):
        aws.ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc.id, DryRun=True)
    with refused("ValidationError"):
        aws.target_group(vpc, Name="-x")
    assert actions(aws) == ["CreateLoadBalancer"]


def test_a_write_whose_answer_is_lost_is_there(aws, vpc):
    aws.settings(journal=True)
    aws.admin("POST", "cut", {"action": "CreateSecurityGroup", "n": 1})
    try:
        aws.group(vpc)
    except Exception:
        assert actions(aws) == ["CreateSecurityGroup"]
    else:
        raise AssertionError("the answer came")


def test_a_load_balancer_serves_on_while_its_subnets_change_and_not_when_it_failed(aws, vpc):
    aws.settings(load_balancer_update=3600)
    balancer = aws.load_balancer(vpc, Subnets=vpc.subnets[:2])
    shown = lambda: aws.inventory()["load_balancers"][balancer]
    assert shown()["serves"]
    aws.elb.set_subnets(LoadBalancerArn=balancer, Subnets=vpc.subnets)
    assert (shown()["state"], shown()["serves"]) == ("provisioning", True)
    aws.force(balancer, "failed")
    assert not shown()["serves"]
