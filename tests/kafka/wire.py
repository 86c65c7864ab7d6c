# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy before a broker: it cuts, refuses and delays, and sees which request passes.

On a listener without TLS it knows a request by the first bytes of its frame: the length, the key of
the API and its version, a number that the answer repeats, and the name of the client. It looks at
nothing else.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

Moment = Literal["asked", "answered"]
# Kafka's protocol: the keys of its requests.
APIS = {
    0: "Produce",
    1: "Fetch",
    10: "FindCoordinator",
    22: "InitProducerId",
    24: "AddPartitionsToTxn",
    26: "EndTxn",
    65: "DescribeTransactions",
}


@dataclass(frozen=True)
class Passing:
    """A request that passes, or the answer to it.

    Attributes:
        api: its name, or the number of its key.
        client: the ``client.id`` of who asks.
        moment: whether the broker has not seen it yet, or the client has not seen the answer.
    """

    api: str
    client: str
    moment: Moment


Look = Callable[[Passing], bool]


def held_port() -> socket.socket:
    """Keep a free port from whoever else looks for one, until the socket is closed.

    It does not listen, so a server that sets SO_REUSEADDR, as Java's and asyncio's do, can listen
    there, end, and listen again.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


class Proxy:
    """From a port of its own to another; all have one thread.

    Args:
        target: where it connects to.
        framed: whether what passes are Kafka's frames, in the clear, which `look` sees.
    """

    _loop: asyncio.AbstractEventLoop | None = None
    _lock = threading.Lock()

    def __init__(self, target: int, *, framed: bool = False) -> None:
        self._held = held_port()
        self.port: int = self._held.getsockname()[1]
        self.target = target
        self.delay = 0.0
        self.cuts = 0
        self._framed = framed
        self._looks: dict[str, Look] = {}
        self._connections: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._server: asyncio.Server | None = None
        self._run(self._listen())

    def look(self, name: str, at: Look | None) -> None:
        """Ask about each request and answer that passes: what answers False is not let through.

        Its connection is cut instead. Each name has one such look, or none.
        """
        assert self._framed
        if at is None:
            self._looks.pop(name, None)
        else:
            self._looks[name] = at

    def cut(self) -> None:
        """Cut what is connected, in the middle of whatever is under way."""
        self._run(self._cut())

    def refuse(self) -> None:
        """Cut, and let nobody in until `accept`."""
        self._run(self._refuse())

    def accept(self) -> None:
        """Let clients in again."""
        self._run(self._listen())

    def close(self) -> None:
        """Cut everything for good."""
        self.refuse()
        self._held.close()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> None:
        for pair in list(self._connections):
            self.cuts += 1
            for writer in pair:
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = self._server
        try:
            to_broker = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, to_broker[1])
        if server is None or self._server is not server:
            for one in pair:  # it came before nobody was let in, and is not among what was cut
                one.transport.abort()
            return
        self._connections.add(pair)
        asked: dict[int, tuple[str, str]] = {}
        try:
            await asyncio.gather(
                self._pump(reader, to_broker[1], asked, "asked"),
                self._pump(to_broker[0], writer, asked, "answered"),
            )
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._connections.discard(pair)
            for one in pair:
                one.transport.abort()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asked: dict[int, tuple[str, str]],
        moment: Moment,
    ) -> None:
        while True:
            data = await (_frame(reader) if self._framed else reader.read(1 << 16))
            if not data:
                raise ConnectionResetError
            if self.delay:
                await asyncio.sleep(self.delay)
            if self._framed and not self._passes(data, asked, moment):
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()

    def _passes(self, frame: bytes, asked: dict[int, tuple[str, str]], moment: Moment) -> bool:
        if moment == "asked":
            key, _, number, length = struct.unpack(">hhih", frame[4:14])
            asked[number] = APIS.get(key, str(key)), frame[14 : 14 + max(0, length)].decode()
            passing = Passing(*asked[number], moment)
        else:
            (number,) = struct.unpack(">i", frame[4:8])
            passing = Passing(*asked.pop(number), moment)
        return all(look(passing) for look in list(self._looks.values()))

    def _run(self, coroutine: Coroutine[object, object, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._thread()).result(10)

    @classmethod
    def _thread(cls) -> asyncio.AbstractEventLoop:
        with cls._lock:
            if cls._loop is None:
                cls._loop = asyncio.new_event_loop()
                threading.Thread(target=cls._loop.run_forever, daemon=True).start()
            return cls._loop


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """Return one frame with its length, or nothing at the end."""
    with suppress(asyncio.IncompleteReadError):
        length = await reader.readexactly(4)
        return length + await reader.readexactly(struct.unpack(">i", length)[0])
    return b""
