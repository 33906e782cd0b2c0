"""Errors as AWS words them. moto can only write its own error classes down."""
from moto.ec2.exceptions import EC2ClientError
from moto.elbv2.exceptions import ELBClientError


def elb(code, message):
    return ELBClientError(code, message)


def ec2(code, message):
    return EC2ClientError(code, message)


def no_load_balancer(name):
    return elb("LoadBalancerNotFound", f"One or more load balancers not found: '{name}'")


def no_target_group(name):
    return elb("TargetGroupNotFound", f"One or more target groups not found: '{name}'")


def no_listener(arn):
    return elb("ListenerNotFound", f"One or more listeners not found: '{arn}'")
