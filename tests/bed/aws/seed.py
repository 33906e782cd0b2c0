"""The guide's starting point in a fresh account of the stand-in; prints what it made as JSON.

Run by `bed.py seed` with the stand-in's Python, which has boto3.
"""
import argparse
import json

import boto3

REGION = "us-west-2"
ZONES = ("usw2-az1", "usw2-az2", "usw2-az3")
IMAGES = [{"Name": "owner-alias", "Values": ["amazon"]}, {"Name": "name", "Values": ["al2023-ami-2023*"]}]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--endpoint", required=True)
    options.add_argument("--name", type=int, required=True, help="the VPC is 127.NAME.0.0/16")
    options.add_argument("--provider", required=True, help="an account")
    options.add_argument("--consumer", required=True, help="another")
    options.add_argument("--consumer-network", default="10.250", metavar="A.B", help="the consumer's VPC is A.B.0.0/16")
    options.add_argument("--empty", action="store_true", help="the provider has an instance profile alone")
    asked = options.parse_args()
    made = {who: credentials(asked.endpoint, account) for who, account in (("provider", asked.provider), ("consumer", asked.consumer))}
    provider = made["provider"]
    has = ({"instance_profile": instance_profile(asked.endpoint, provider)} if asked.empty
           else {"vpc": provide(asked.endpoint, provider, asked.name)})
    print(json.dumps({**made, "region": REGION, **has,
                      "consumer_vpc": consume(asked.endpoint, made["consumer"], asked.consumer_network)}))


def credentials(endpoint, account):
    """Any account is there as soon as a role of it is assumed."""
    sts = boto3.client("sts", endpoint_url=endpoint, region_name=REGION, aws_access_key_id="bed", aws_secret_access_key="bed")
    got = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/bed", RoleSessionName="bed")["Credentials"]
    return {"account": account, "access_key_id": got["AccessKeyId"], "secret_access_key": got["SecretAccessKey"],
            "session_token": got["SessionToken"]}


def provide(endpoint, who, name):
    """VPC, three subnets by zone id, three brokers with their group, and things that are somebody else's."""
    ec2, elb = client("ec2", endpoint, who), client("elbv2", endpoint, who)
    vpc = ec2.create_vpc(CidrBlock=f"127.{name}.0.0/16", TagSpecifications=tags("vpc", Name="kafka"))["Vpc"]["VpcId"]
    subnets = {
        zone: ec2.create_subnet(VpcId=vpc, CidrBlock=f"127.{name}.{64 * i}.0/18", AvailabilityZoneId=zone,
                                TagSpecifications=tags("subnet", Name=f"broker-{zone}", role="broker"))["Subnet"]["SubnetId"]
        for i, zone in enumerate(ZONES)}
    brokers_group = group(ec2, vpc, "kafka-brokers", "Kafka brokers")
    ec2.authorize_security_group_ingress(GroupId=brokers_group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": f"127.{name}.0.0/16"}]}])
    image = ec2.describe_images(Filters=IMAGES)["Images"][0]["ImageId"]
    brokers = {}
    for node_id, zone in enumerate(ZONES, start=1):
        launched = ec2.run_instances(
            ImageId=image, InstanceType="t2.large", MinCount=1, MaxCount=1, SubnetId=subnets[zone], SecurityGroupIds=[brokers_group],
            TagSpecifications=tags("instance", **{"Name": f"broker-{node_id}", "kafka-cluster": "orders", "kafka-node-id": str(node_id)}))
        brokers[str(node_id)] = launched["Instances"][0]["InstanceId"]
    foreign_group = group(ec2, vpc, "somebody-elses", "Not the operator's")
    foreign_target_group = elb.create_target_group(
        Name="somebody-elses", Protocol="TCP", Port=443, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    return {"id": vpc, "subnets": subnets, "brokers": brokers, "brokers_security_group": brokers_group,
            "foreign_security_group": foreign_group, "foreign_target_group": foreign_target_group}


def instance_profile(endpoint, who, name="kafka-nodes"):
    """What lets instances read Kafka's archive; its ARN."""
    iam = client("iam", endpoint, who)
    trusted = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))
    made = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return made


def consume(endpoint, who, network="10.250"):
    """A consumer's VPC with a subnet in each of the brokers' zones."""
    ec2 = client("ec2", endpoint, who)
    vpc = ec2.create_vpc(CidrBlock=f"{network}.0.0/16")["Vpc"]["VpcId"]
    subnets = {zone: ec2.create_subnet(VpcId=vpc, CidrBlock=f"{network}.{i}.0/24", AvailabilityZoneId=zone)["Subnet"]["SubnetId"]
               for i, zone in enumerate(ZONES)}
    return {"id": vpc, "cidr": f"{network}.0.0/16", "subnets": subnets}


def group(ec2, vpc, name, description):
    return ec2.create_security_group(GroupName=name, Description=description, VpcId=vpc)["GroupId"]


def tags(kind, **pairs):
    return [{"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in pairs.items()]}]


def client(service, endpoint, who):
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id=who["access_key_id"],
                        aws_secret_access_key=who["secret_access_key"], aws_session_token=who["session_token"])


if __name__ == "__main__":
    main()
