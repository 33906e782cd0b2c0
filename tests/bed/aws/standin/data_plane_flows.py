"""Flows: each connection that came in, carried to its target until one side, or AWS, ends it."""
import asyncio
import logging

from .data_plane_routes import route
from .data_plane_socket import NotLoopback, connect, reset
from .store import LOCK

PATIENCE = 5  # seconds for a target to accept
log = logging.getLogger("standin.data_plane")


class Flow:
    def __init__(self, entrance, reader, writer):
        self.entrance, self.reader, self.writer = entrance, reader, writer
        self.route, self.onward = None, None

    async def carry(self):
        """Until both sides have ended it; when it is cancelled or a side fails, both are reset."""
        end = reset
        try:
            self.route, permitted = await asyncio.to_thread(self._find)
            if not permitted:
                await self._keep_silent()
            elif self.route is not None:
                await self._join()
                end = asyncio.StreamWriter.close
        except* NotLoopback as refusal:
            log.warning("%s", refusal.exceptions[0])
        except* (OSError, TimeoutError):
            pass  # a side was reset or never answered: the other is told so below
        finally:
            for writer in (self.writer, self.onward):
                if writer is not None:
                    end(writer)

    def is_over(self):
        """Wants LOCK held."""
        return not self.entrance.is_open() or (self.route is not None and self.route.has_ended())

    def _find(self):
        with LOCK:
            return route(self.entrance)

    async def _keep_silent(self):
        """Rules changed since the SYN was answered: the client hears nothing more."""
        while await self.reader.read(65536):
            pass

    async def _join(self):
        reader, self.onward = await asyncio.wait_for(connect(self.route.node, self.route.address, self.route.key[1]), PATIENCE)
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(self.reader, self.onward))
            both.create_task(_pump(reader, self.writer))


async def _pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
