"""The data plane: load balancer nodes and endpoints at their own addresses, following what the API says.

One thread with a loop of its own. It looks at the accounts whose setting `data_plane` is on ten times a second;
where a new flow goes is judged when it comes in.
"""
import asyncio
import logging
import threading

from .data_plane_flows import Flow
from .data_plane_health import HealthChecks
from .data_plane_routes import admitted, entrances
from .data_plane_socket import admit, listen, reset
from .store import LOCK, all_stores

PAUSE = 0.1  # seconds between two looks
log = logging.getLogger("standin.data_plane")


class DataPlane:
    def __init__(self):
        self._open = {}     # (address, port) -> (entrance, networks that are answered, server)
        self._flows = {}    # Flow -> its task
        self._said = set()  # what was logged once is not logged ten times a second

    def start(self):
        threading.Thread(target=lambda: asyncio.run(self._run()), name="data-plane", daemon=True).start()

    async def _run(self):
        await asyncio.gather(self._forever(self._follow, PAUSE), self._check_health())

    async def _check_health(self):
        checks = HealthChecks()
        await self._forever(lambda: checks.run(_switched_on()), PAUSE / 2)

    async def _forever(self, step, pause):
        while True:
            try:
                await step()
            except Exception:  # a bug here: seen in the log, and tests look there
                log.exception("the data plane stumbled")
            await asyncio.sleep(pause)

    async def _follow(self):
        """Opens and closes what the API's state says, and ends the flows that it ends."""
        wanted, over = await asyncio.to_thread(self._look)
        for flow in over:
            if flow in self._flows:
                self._flows[flow].cancel()
        for place in [place for place in self._open if place not in wanted]:
            self._open.pop(place)[2].close()
        for place, (entrance, networks) in wanted.items():
            if place not in self._open:
                await self._listen(place, entrance, networks)
                continue
            _, answered, server = self._open[place]
            if networks != answered:
                admit(server.sockets[0], networks)
            self._open[place] = entrance, networks, server

    def _look(self):
        """(place -> entrance and the networks it answers, flows that are over)"""
        wanted = {}
        with LOCK:
            stores = _switched_on()
            for store in all_stores():
                if store.region in {each.region for each in stores}:
                    store.settle()  # consumers' too: their endpoints are gone when they are
            for store in stores:
                for entrance in entrances(store):
                    wanted.setdefault((entrance.address, entrance.listener.port), (entrance, admitted(entrance)))
            over = [flow for flow in list(self._flows) if not flow.entrance.store.setting("data_plane") or flow.is_over()]
        return wanted, over

    async def _listen(self, place, entrance, networks):
        async def came_in(reader, writer):
            if place not in self._open:  # closed since
                reset(writer)
                return
            flow = Flow(self._open[place][0], reader, writer)
            self._flows[flow] = asyncio.current_task()
            try:
                await flow.carry()
            except asyncio.CancelledError:
                pass  # AWS ended it
            finally:
                del self._flows[flow]

        try:
            listening = listen(*place, networks)
        except OSError as problem:  # another address than 127/8, or somebody else has it
            if (place, str(problem)) not in self._said:
                self._said.add((place, str(problem)))
                log.warning("no flows for %s:%s: %s", *place, problem)
            return
        server = await asyncio.start_server(came_in, sock=listening, start_serving=False)
        self._open[place] = entrance, networks, server
        await server.start_serving()


def _switched_on():
    return [store for store in all_stores() if store.setting("data_plane")]
