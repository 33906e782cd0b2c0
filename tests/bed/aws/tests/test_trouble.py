"""The network's bad days besides what is lost: see test_admin.py for that."""
import socket

import pytest
from conftest import refused, wait

CIDR = "10.77.0.0/16"


def made(aws):
    return bool(aws.ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": [CIDR]}])["Vpcs"])


def asked(aws):
    """A connection on which CreateVpc was asked for."""
    host, port = aws.endpoint.removeprefix("http://").split(":")
    body = f"Action=CreateVpc&Version=2016-11-15&CidrBlock={CIDR}"
    scope = f"AWS4-HMAC-SHA256 Credential={aws.who['access_key_id']}/20260101/us-west-2/ec2/aws4_request"
    client = socket.create_connection((host, int(port)))
    client.sendall((f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                    f"Authorization: {scope}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
    return client


@pytest.mark.parametrize("when, done", [("before", False), ("after", True)])
def test_a_call_is_held_until_its_client_has_gone(aws, when, done):
    aws.admin("POST", "hold", {"action": "CreateVpc", "when": when})
    client = asked(aws)
    held = wait(lambda: aws.admin("GET", "hold")["held"])
    assert held == [{"account": aws.id, "action": "CreateVpc"}] and made(aws) == done
    client.close()
    wait(lambda: not aws.admin("GET", "hold")["held"])
    assert made(aws) == done
    aws.ec2.create_vpc(CidrBlock="10.78.0.0/16")  # once only


def test_a_reset_is_one_and_nothing_is_done(aws):
    aws.admin("POST", "reset", {"action": "CreateVpc"})
    with asked(aws) as client, pytest.raises(ConnectionResetError):
        client.recv(1)
    assert not made(aws)
    aws.ec2.create_vpc(CidrBlock=CIDR)


def test_a_page_stands_in_the_answers_place_and_nothing_is_done(aws):
    aws.admin("POST", "garble", {"action": "CreateVpc"})
    with asked(aws) as client:
        answer = b"".join(iter(lambda: client.recv(10_000), b"")).decode()  # head and page may come apart
    assert answer.startswith("HTTP/1.1 200 ") and "<html>" in answer and not made(aws)
    aws.ec2.create_vpc(CidrBlock=CIDR)


def test_a_fault_may_be_of_one_service(aws, vpc):
    arn = aws.target_group(vpc)
    aws.admin("POST", "refuse", {"action": "DescribeTags", "service": "ec2", "code": "InternalError"})
    aws.elb.describe_tags(ResourceArns=[arn])
    with refused("InternalError"):
        aws.ec2.describe_tags()
    assert "error" in aws.admin("POST", "reset", {"action": "DescribeTags", "when": "after"})
