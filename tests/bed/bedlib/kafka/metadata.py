"""Asks a broker for Metadata, in Kafka's own protocol: an open port is not yet a broker that serves."""
import socket
import struct
from dataclasses import dataclass

METADATA, VERSION = 3, 2  # a version that 3.7 and 4.3 both speak
PATIENCE = 5


@dataclass(frozen=True)
class Metadata:
    cluster: str
    brokers: dict  # id -> (host, port)
    replicas: list  # of (topic, partition, replicas, those in sync)


def ask(address, port):
    """What the broker at a PLAINTEXT listener lists; an OSError when it does not answer."""
    body = struct.pack(">hhih", METADATA, VERSION, 1, -1) + struct.pack(">i", -1)  # no client id; all topics
    with socket.create_connection((address, port), PATIENCE) as connection, connection.makefile("rb") as answer:
        connection.sendall(struct.pack(">i", len(body)) + body)
        reader = _Reader(answer)
        reader.take("ii")  # size, correlation id
        brokers = dict(_broker(reader) for _ in range(reader.take("i")))
        cluster = reader.string()
        reader.take("i")  # the controller, as far as this broker tells
        return Metadata(cluster, brokers, [partition for _ in range(reader.take("i")) for partition in _topic(reader)])


class _Reader:
    def __init__(self, stream):
        self.stream = stream

    def take(self, kinds):
        """The next numbers; just one when one is asked for."""
        values = struct.unpack(">" + kinds, self._bytes(struct.calcsize(">" + kinds)))
        return values[0] if len(values) == 1 else values

    def string(self):
        return self._bytes(max(0, self.take("h"))).decode()

    def numbers(self):
        return [self.take("i") for _ in range(self.take("i"))]

    def _bytes(self, n):
        got = self.stream.read(n)
        if len(got) < n:
            raise ConnectionError("the answer ends in its midst")
        return got


def _broker(reader):
    number, host, port = reader.take("i"), reader.string(), reader.take("i")
    reader.string()  # rack
    return number, (host, port)


def _topic(reader):
    reader.take("h")  # error
    name = reader.string()
    reader.take("?")  # internal
    for _ in range(reader.take("i")):
        _, number, _ = reader.take("hii")  # error, partition, leader
        yield name, number, reader.numbers(), reader.numbers()
