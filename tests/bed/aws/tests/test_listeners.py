import pytest
from conftest import all_pages, forward, refused


@pytest.fixture
def balancer(aws, vpc):
    return aws.load_balancer(vpc, active=False)  # listeners do not need an active one


def weights(listener):
    return {g["TargetGroupArn"]: g["Weight"] for g in listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]}


def test_create_is_idempotent_by_settings(aws, vpc, balancer):
    one, two = aws.target_group(vpc), aws.target_group(vpc)
    first = aws.listener(balancer, 9092, one)
    assert aws.listener(balancer, 9092, one) == first == aws.listener(balancer, 9092, (one, 1))
    for other in (two, (one, 5)):
        with refused("DuplicateListener"):
            aws.listener(balancer, 9092, other)
    shown = aws.elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    assert [(s["ListenerArn"], s["Port"], s["Protocol"], s["DefaultActions"][0]["TargetGroupArn"]) for s in shown] == [(first, 9092, "TCP", one)]


def test_weighted_forwards(aws, vpc, balancer):
    old, new = aws.target_group(vpc), aws.target_group(vpc)
    listener = aws.listener(balancer, 9092, old)
    shown = aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward((old, 1), (new, 0))])["Listeners"][0]
    assert weights(shown) == {old: 1, new: 0} and "TargetGroupArn" not in shown["DefaultActions"][0]
    assert using(aws, new) == using(aws, old) == [balancer]
    aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward(new)])
    assert (using(aws, old), using(aws, new)) == ([], [balancer])
    aws.elb.delete_target_group(TargetGroupArn=old)
    with refused("ValidationError"):
        aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward((new, 1000))])
    with refused("TooManyTargetGroups"):
        aws.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward(*((aws.target_group(vpc), 1) for _ in range(6)))])


def test_modify_port_and_delete(aws, vpc, balancer):
    group = aws.target_group(vpc)
    one, two = aws.listener(balancer, 9092, group), aws.listener(balancer, 9093, group)
    with refused("DuplicateListener"):
        aws.elb.modify_listener(ListenerArn=one, Port=9093)
    assert aws.elb.modify_listener(ListenerArn=one, Port=9094)["Listeners"][0]["Port"] == 9094
    for listener in (one, two):
        aws.elb.delete_listener(ListenerArn=listener)
    assert using(aws, group) == []
    with refused("ListenerNotFound"):
        aws.elb.delete_listener(ListenerArn=one)


def test_what_is_refused(aws, vpc, balancer):
    group, elsewhere = aws.target_group(vpc), aws.vpc("10.9.0.0/16")
    with refused("TargetGroupNotFound"):
        aws.listener(balancer, 1, group[:-4] + "0000")
    with refused("InvalidConfigurationRequest"):
        aws.listener(balancer, 1, aws.target_group(elsewhere))
    with refused("IncompatibleProtocols"):
        aws.listener(balancer, 1, aws.target_group(vpc, Protocol="UDP"))
    aws.listener(balancer, 1, group)
    with refused("TargetGroupAssociationLimit"):
        aws.listener(aws.load_balancer(vpc, active=False), 1, group)
    aws.settings(listeners_per_load_balancer=1)
    with refused("TooManyListeners"):
        aws.listener(balancer, 2, group)
    with refused("ValidationError"):
        aws.elb.describe_listeners()


def test_pages(aws, vpc, balancer):
    group = aws.target_group(vpc)
    arns = [aws.listener(balancer, 9092 + i, group) for i in range(5)]
    found, pages = all_pages(aws.elb.describe_listeners, "Listeners", {"PageSize": 2}, "Marker", "NextMarker", LoadBalancerArn=balancer)
    assert [item["ListenerArn"] for item in found] == arns and pages == 3
    assert [item["ListenerArn"] for item in aws.elb.describe_listeners(ListenerArns=arns[:2])["Listeners"]] == arns[:2]


def test_idle_timeout(aws, vpc, balancer):
    listener = aws.listener(balancer, 9092, aws.target_group(vpc))
    key = "tcp.idle_timeout.seconds"
    assert aws.elb.describe_listener_attributes(ListenerArn=listener)["Attributes"] == [{"Key": key, "Value": "350"}]
    assert aws.elb.modify_listener_attributes(ListenerArn=listener, Attributes=[{"Key": key, "Value": "900"}])["Attributes"][0]["Value"] == "900"
    for bad in ({"Key": key, "Value": "59"}, {"Key": key, "Value": "6001"}, {"Key": "no.such.key", "Value": "1"}):
        with refused("ValidationError"):
            aws.elb.modify_listener_attributes(ListenerArn=listener, Attributes=[bad])


def using(aws, group):
    return aws.elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["LoadBalancerArns"]
