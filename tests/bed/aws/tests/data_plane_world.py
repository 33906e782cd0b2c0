"""A VPC with real addresses, what runs on its instances, and clients whose connections tell where they lead."""
import socket
import threading

from conftest import REGION, seed, wait

BROKER_PORT, PORT = 39092, 9092
CROSS_ZONE = {"load_balancing__cross_zone__enabled": "true"}


class Target:
    """What runs on an instance: says its name to whoever connects, then echoes."""

    def __init__(self, address, port, name):
        self.listening, self.name, self.peers = socket.create_server((address, port)), name, set()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, peer = self.listening.accept()
            except OSError:  # stopped
                return
            self.peers.add(peer[0])
            threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection):
        try:
            connection.sendall(self.name.encode())
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass  # a health check, or a flow that the data plane ended
        finally:
            connection.close()

    def stop(self):
        if self.listening.fileno() < 0:
            return
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()


class Flow(socket.socket):
    """A client's connection; `name` is the target at its far end."""

    def __init__(self, address, port=PORT, source=None, patience=5.0):
        super().__init__()
        self.settimeout(patience)
        if source:
            self.bind((source, 0))
        self.connect((address, port))
        self.name = self.recv(100).decode()

    def works(self):
        self.sendall(b"x")
        return self.recv(1) == b"x"

    def has_ended(self):
        """By a reset: an end without one is a failure of the test."""
        self.settimeout(0.01)
        try:
            assert self.recv(1) != b"", "ended, and not reset"
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True


def answer(address, port=PORT, source=None, patience=0.3):
    """The target that a new flow finds, or "refused", "reset", "silence"."""
    try:
        with Flow(address, port, source, patience) as flow:
            return flow.name or "ended"
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "reset"
    except TimeoutError:
        return "silence"


def answers(address, n=12, **more):
    return {answer(address, **more) for _ in range(n)}


class World:
    """A VPC in 127/8 with an instance in each zone, and a target on each."""

    def __init__(self, aws):
        self.aws = aws
        aws.settings(data_plane=True, health_check_interval=0.05, load_balancer_provisioning=0)
        self.prefix = f"127.{aws.admin('POST', 'claim', {})['network']}"
        self.vpc = aws.vpc(f"{self.prefix}.0.0/16")
        self.brokers_group = aws.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.vpc.id]}])["SecurityGroups"][0]["GroupId"]
        self.let_in(self.brokers_group, f"{self.prefix}.0.0/16")
        self.instances = [aws.instance(subnet) for subnet in self.vpc.subnets]
        held = aws.inventory()["instances"]
        self.addresses = [held[i]["address"] for i in self.instances]
        self.running = []
        for number, address in enumerate(self.addresses, start=1):
            self.run(number, address)

    def let_in(self, group, cidr, first=1, last=65535):
        self.aws.ec2.authorize_security_group_ingress(GroupId=group, CidrIp=cidr, IpProtocol="tcp", FromPort=first, ToPort=last)

    def run(self, number, address=None, port=BROKER_PORT):
        target = Target(address or self.addresses[number - 1], port, f"target {number}")
        self.running.append(target)
        return target

    def group(self, *numbers, port=BROKER_PORT, **attributes):
        group = self.aws.target_group(self.vpc, HealthyThresholdCount=2)
        self.set_attributes(group, **attributes)
        self.register(group, *numbers or (1, 2, 3), port=port)
        return group

    def set_attributes(self, group, **attributes):
        if attributes:
            self.aws.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[
                {"Key": key.replace("__", "."), "Value": value} for key, value in attributes.items()])

    def register(self, group, *numbers, port=BROKER_PORT):
        self.aws.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": self.instances[n - 1], "Port": port} for n in numbers])

    def deregister(self, group, *numbers):
        self.aws.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": self.instances[n - 1], "Port": BROKER_PORT} for n in numbers])

    def healthy(self, group, n=3):
        wait(lambda: [state for state, _ in self.aws.health(group).values()].count("healthy") == n)

    def nodes(self, balancer):
        """Their addresses, in the order of the zones."""
        return in_order(self.aws.admin("GET", "addresses", region=REGION)["load_balancers"][balancer]["nodes"])

    def end(self):
        for target in self.running:
            target.stop()
        self.aws.settings(data_plane=False)
        self.aws.admin("DELETE", "claim")


def in_order(by_zone):
    return [by_zone[zone] for zone in seed.ZONES if zone in by_zone]
