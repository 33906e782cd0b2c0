"""Sockets of the data plane: on 127/8 alone, and deaf to whom security groups keep out."""
import asyncio
import ctypes
import ipaddress
import socket
import struct

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
SO_ATTACH_FILTER = 26  # Linux; Python has no name for it
SOURCE_ADDRESS = -0x100000 + 12  # of the IP header, as classic BPF numbers it
LOAD, AND, JUMP_IF_EQUAL, RETURN = 0x20, 0x54, 0x15, 0x06
WHOLE_PACKET = 0xFFFFFFFF


class NotLoopback(OSError):
    pass


def listen(address, port, networks):
    """A socket that answers SYNs from these networks alone: the others hear nothing, as in AWS."""
    _check(address)
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        admit(listening, networks)
        listening.listen(128)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def admit(listening, networks):
    """Replaces the networks that a listening socket answers. What it accepted before goes on."""
    program = b""
    for network in networks:
        program += (_instruction(LOAD, SOURCE_ADDRESS) + _instruction(AND, int(network.netmask))
                    + _instruction(JUMP_IF_EQUAL, int(network.network_address), otherwise=1) + _instruction(RETURN, WHOLE_PACKET))
    program += _instruction(RETURN, 0)
    kept = ctypes.create_string_buffer(program, len(program))
    listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(program) // 8, ctypes.addressof(kept)))


async def connect(node, address, port):
    """Streams to a target, which sees the node's address."""
    _check(node)
    _check(address)
    return await asyncio.open_connection(address, port, local_addr=(node, 0))


def reset(writer):
    """Ends a connection by RST, if its other side did not end it."""
    if writer.transport.is_closing():
        return
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _check(address):
    if ipaddress.ip_address(address) not in LOOPBACK:
        raise NotLoopback(f"{address} is not in {LOOPBACK}: the data plane leaves it alone")


def _instruction(code, value, otherwise=0):
    return struct.pack("=HBBI", code, 0, otherwise, value & 0xFFFFFFFF)
