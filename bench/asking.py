"""What it costs to ask Kafka: 12 brokers with 2 listeners, played here so that connections are counted from outside."""
import asyncio
import json
import socket
import struct
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.waiting import NotAsTold
from results import Results

BROKERS, LISTENERS = 12, 2
MEGABYTE = 1e6


def ask(binary: Path, results: Results) -> None:
    """`bench/kafka_look.rs`, which cargo puts beside the operator."""
    program = binary.parent / "examples" / "kafka_look"
    with played() as (firsts, connections):
        done = subprocess.run([program, str(BROKERS), *map(str, firsts)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotAsTold("a look at played brokers finds nothing wrong", done.stderr)
    said = json.loads(done.stdout)
    results.time("look at Kafka", said["median"])
    results.time("longest look at Kafka", said["longest"])
    results.count("connections a port and look", max(connections.values()) / said["looks"])
    results.count("memory of looks at Kafka", said["mib"])
    results.count("size of the operator", binary.stat().st_size / MEGABYTE)


@contextmanager
def played() -> Iterator[tuple[list[int], Counter[int]]]:
    """First port of each listener, and the connections that each port has had."""
    connections: Counter[int] = Counter()
    sockets = [_consecutive(BROKERS + 1) for _ in range(LISTENERS)]
    firsts = [row[0].getsockname()[1] for row in sockets]
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        for row in sockets:
            for number, each in enumerate(row):
                await asyncio.start_server(_Broker(number, row[0].getsockname()[1], connections).serve, sock=each)

    loop.run_until_complete(serve())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield firsts, connections
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for each in (one for row in sockets for one in row):
            each.close()


def _consecutive(count: int) -> list[socket.socket]:
    """So many neighbouring free ports of loopback, listened on."""
    while True:
        held = [socket.create_server(("127.0.0.1", 0))]
        first = held[0].getsockname()[1]
        try:
            held.extend(socket.create_server(("127.0.0.1", first + more)) for more in range(1, count))
            return held
        except (OSError, OverflowError):  # somebody has one of them
            for each in held:
                each.close()


def _text(value: str) -> bytes:
    return bytes([len(value) + 1]) + value.encode()


class _Broker:
    """Answers as Kafka does, in the versions that the operator asks in; number 0 is behind a bootstrap port."""

    def __init__(self, number: int, first: int, connections: Counter[int]):
        self._number, self._first, self._connections = number, first, connections

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections[self._first + self._number] += 1
        try:
            while True:
                (length,) = struct.unpack(">i", await reader.readexactly(4))
                frame = await reader.readexactly(length)
                (key,) = struct.unpack(">h", frame[:2])
                head = frame[4:8] if key == 18 else frame[4:8] + b"\0"
                body = head + {18: self._api_versions, 3: self._metadata, 32: self._settings, 55: self._quorum}[key]()
                writer.write(struct.pack(">i", len(body)) + body)
        except asyncio.IncompleteReadError:
            writer.close()

    def _api_versions(self) -> bytes:
        known = [(3, 13), (18, 4), (32, 4), (55, 2)]
        return b"\0\0" + bytes([len(known) + 1]) + b"".join(struct.pack(">hhhb", key, 0, newest, 0) for key, newest in known) + bytes(5)

    def _metadata(self) -> bytes:
        rows = b"".join(struct.pack(">i", n) + _text(f"b{n}.example.com") + struct.pack(">i", self._first + n) + b"\0\0" for n in range(1, BROKERS + 1))
        return bytes(4) + bytes([BROKERS + 1]) + rows + _text("of-a-bench") + struct.pack(">i", 1) + b"\1\0"

    def _settings(self) -> bytes:
        return bytes(4) + b"\2\0\0\1\4" + _text(str(self._number)) + b"\1\0\0"

    def _quorum(self) -> bytes:
        return b"\0\0\1\0"
