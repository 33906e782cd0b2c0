"""The network of pods: each has a network namespace of its own, and two kinds of doors.

Inside, the addresses that pods may reach (the API server, AWS's stand-in) listen and lead out. Outside, the pod's address,
one of 127.15.0.0/16, listens at the ports that its containers declare and leads in. So every pod may listen on 0.0.0.0 and
on the same port as another one, as on a node, and nothing in its command line has to be changed.
"""
import asyncio
import ctypes
import os
import socket
import threading

CLONE_NEWNET = 0x40000000
CHUNK = 1 << 16


class Network:
    def __init__(self, reachable):
        self.reachable = [_address(each) for each in reachable]
        self._block, self._mark = _own_block()
        self._last = 0
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def address(self):
        """An address that no pod of this node had yet."""
        self._last += 1
        return f"127.15.{self._block}.{self._last}"

    def open(self, namespace, address, ports):
        """Opens the doors of the network namespace in this file; returns them, to be closed."""
        doors = []
        try:
            for host, port in self.reachable:
                doors.append(Door(self._loop, _within(namespace, lambda: _listening(host, port)), lambda h=host, p=port: _connected(h, p)))
            for port in ports:
                doors.append(Door(self._loop, _listening(address, port),
                                  lambda p=port: _within(namespace, lambda: _connected(address, p))))
        except BaseException:
            close(doors)
            raise
        return doors


def close(doors):
    for each in doors:
        each.close()


class Door:
    """Whoever connects to the listening socket is led to what `connect` connects to."""

    def __init__(self, loop, listening, connect):
        self._loop, self._connect, self._open = loop, connect, set()
        self._server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._lead, sock=listening), loop).result()

    async def _lead(self, reader, writer):
        task = asyncio.current_task()
        self._open.add(task)
        try:
            there = await asyncio.to_thread(self._connect)
            far_reader, far_writer = await asyncio.open_connection(sock=there)
            try:
                await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
            finally:
                far_writer.close()
        except (OSError, asyncio.CancelledError):
            pass  # nobody listens there, or a side hung up: this side sees its connection end
        finally:
            writer.close()
            self._open.discard(task)

    def close(self):
        async def closing():
            self._server.close()
            for task in list(self._open):
                task.cancel()
        asyncio.run_coroutine_threadsafe(closing(), self._loop).result()


async def _pass_on(reader, writer):
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _within(namespace, make):
    """What `make` returns when called in another network namespace: a socket stays in the one that it was made in."""
    result = []

    def in_thread():  # a namespace belongs to a thread, so this one is not used again
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            if libc.setns(namespace, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            result.append((make(), None))
        except OSError as error:
            result.append((None, error))
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    made, error = result[0]
    if error:
        raise error
    return made


def _listening(host, port):
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen()
    return listening


def _connected(host, port):
    return socket.create_connection((host, port), timeout=10)


def _own_block():
    """A number N, so that 127.15.N.0/24 is this node's as long as it lives: it holds a port there."""
    for number in range(256):
        mark = socket.socket()
        try:
            mark.bind((f"127.15.{number}.0", 1))
            return number, mark
        except OSError:
            mark.close()
    raise SystemExit("kubelet: 256 nodes run on this machine already")


def _address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def namespace_of(pid):
    """A file of a process's network namespace, which lives as long as the file is open."""
    return os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
