"""A way between two programs that can be cut, and on which orders can be late."""

import asyncio
import random
import threading
from urllib.parse import urlsplit

CREATES = b"POST /api/payment/create", b"POST /api/payout/request"
# How long the provider is given, in seconds, to carry out what its client no longer waits for.
PATIENCE = 5


class Road:
    """A TCP proxy in a thread of its own.

    With a context for TLS its near end speaks that. A share of the orders that come along arrives late: after its client's timeout, and also when
    the client is gone or dead by then. Nothing is lost here, and nothing arrives twice.
    """

    def __init__(self, target, late_share=0.0, lateness=(0.0, 0.0), seed=0, tls=None):
        self.target, self.tls = urlsplit(target), tls
        self.late_share, self.lateness = late_share, lateness
        self.dice = random.Random(seed)
        self.delayed = 0
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.travellers = set()
        self.port = 0
        self.mend()
        scheme = "https" if tls else self.target.scheme
        self.url = self.target._replace(scheme=scheme, netloc=f"127.0.0.1:{self.port}").geturl()

    def cut(self):
        """Ends every connection, and refuses new ones."""
        self._call(self._cut())

    def mend(self):
        """Lets new connections pass, at the same port as ever."""
        self.server = self._call(
            asyncio.start_server(self._travel, "127.0.0.1", self.port, ssl=self.tls)
        )
        self.port = self.server.sockets[0].getsockname()[1]

    def end(self):
        """Ends every connection and the thread."""
        self._call(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def _cut(self):
        self.server.close()
        for writer in list(self.travellers):
            writer.transport.abort()

    async def _end(self):
        self.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.wait(others or {asyncio.create_task(asyncio.sleep(0))})

    async def _travel(self, near_reader, near_writer):
        try:
            far_reader, far_writer = await self._open(near_reader, near_writer)
        except OSError:
            near_writer.close()
            return
        self.travellers.add(near_writer)
        if not await self._admit(near_reader, near_writer, far_reader, far_writer):
            near_writer.close()
            far_writer.close()
            return
        back = asyncio.create_task(self._back(far_reader, near_writer))
        try:
            await self._forth(near_reader, far_writer)
            # An order that is on its way is carried out, whether or not anybody waits.
            await asyncio.wait([back], timeout=PATIENCE)
        except asyncio.CancelledError:
            pass  # The road ends.
        back.cancel()
        self.travellers.discard(near_writer)
        near_writer.close()
        far_writer.close()

    async def _open(self, near_reader, near_writer):
        """The connection to the target; a road that has to be asked for listens first."""
        return await asyncio.open_connection(self.target.hostname, self.target.port)

    async def _admit(self, near_reader, near_writer, far_reader, far_writer):
        """Whether a traveller may go on; a door with a porter asks here."""
        return True

    async def _forth(self, reader, writer):
        try:
            while data := await reader.read(65536):
                if data.startswith(CREATES) and self.dice.random() < self.late_share:
                    self.delayed += 1
                    await asyncio.sleep(self.dice.uniform(*self.lateness))
                writer.write(data)
        except OSError:
            pass

    async def _back(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
        except OSError:
            pass
        # A reset of the provider's is a reset here.
        writer.transport.abort()
