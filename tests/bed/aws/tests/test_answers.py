"""Answers that nobody knows: each can be played. Those with a story of their own are in the files of their kind."""
from conftest import refused, wait
from standin.settings import ANSWERS, DEFAULTS


def test_they_are_listed_with_what_is_likely_first(aws):
    listed = aws.admin("GET", "answers")
    assert listed == {name: list(answers) for name, answers in ANSWERS.items()}
    for name, answers in listed.items():
        assert DEFAULTS[name] == answers[0] and len(answers) > 1
        for answer in answers:
            assert aws.settings(**{name: answer})[name] == answer
        assert "error" in aws.settings(**{name: "something else"})


def test_tags_may_belong_to_the_settings(aws, vpc):
    tags = {"Tags": [{"Key": "owner", "Value": "me"}]}
    balancer, group = aws.load_balancer(vpc, Name="kpl", **tags), aws.target_group(vpc, Name="kpl", **tags)
    listener = aws.listener(balancer, 9092, group, **tags)
    again = (lambda **t: aws.load_balancer(vpc, Name="kpl", **t), lambda **t: aws.target_group(vpc, Name="kpl", **t),
             lambda **t: aws.listener(balancer, 9092, group, **t))
    assert [call() for call in again] == [balancer, group, listener]
    aws.settings(tags_are_settings=True)
    assert [call(**tags) for call in again] == [balancer, group, listener]
    for call, code in zip(again, ("DuplicateLoadBalancerName", "DuplicateTargetGroupName", "DuplicateListener")):
        with refused(code):
            call()


def test_a_deleted_service_may_be_shown(aws, vpc):
    aws.settings(deleted_services_are_shown=True)
    balancer = aws.load_balancer(vpc)
    service = aws.service(balancer)
    aws.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service["ServiceId"]])
    wait(lambda: [s["ServiceState"] for s in aws.services(ServiceIds=[service["ServiceId"]])] == ["Deleted"])
    assert aws.inventory()["endpoint_services"] == {}
    again = aws.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service["ServiceId"]])["Unsuccessful"]
    assert again[0]["Error"]["Code"] == "InvalidVpcEndpointService.NotFound"
    second = aws.service(balancer)  # it holds its load balancer no more
    assert {s["ServiceId"]: s["ServiceState"] for s in aws.services()} == {service["ServiceId"]: "Deleted", second["ServiceId"]: "Available"}
    aws.settings(deleted_services_are_shown=False)
    assert [s["ServiceId"] for s in aws.services()] == [second["ServiceId"]]


def test_a_terminated_target_may_stay(aws, vpc):
    aws.settings(terminated_targets_leave=False, target_initial=0)
    group, broker = aws.target_group(vpc), aws.instance(vpc.subnets[0])
    aws.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": broker, "Port": 1}])
    aws.listener(aws.load_balancer(vpc), 9092, group)
    aws.ec2.terminate_instances(InstanceIds=[broker])
    assert aws.health(group) == {(broker, 1): ("unused", "Target.InvalidState")}
    aws.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": broker, "Port": 1}])
    assert aws.health(group) == {}
