"""Lines that break: a TCP proxy that passes, delays, resets, swallows, or forgets one side."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from enum import StrEnum

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
LINGER_NONE = struct.pack("ii", 1, 0)
"""Closing sends RST instead of FIN."""


class Line(StrEnum):
    """What the proxy does with what it is given."""

    GOOD = "good"
    SLOW = "slow"
    """Everything comes `delay` seconds later, in both directions."""
    RESET = "reset"
    """Connections are reset, new ones too."""
    BLACK_HOLE = "black hole"
    """Connections are taken and stay open; nothing comes through in either direction."""
    HALF_OPEN = "half open"
    """The server's side is gone, and the client was never told; new connections work."""


class Proxy:
    """One door; `set` changes what happens to the lines that are open and to new ones."""

    def __init__(self, connect: Connect) -> None:
        self.connect = connect
        self.line = Line.GOOD
        self.delay = 0.05
        self.port = 0
        self._good = asyncio.Event()
        self._good.set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._servers: set[asyncio.StreamWriter] = set()
        self._forgotten: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> None:
        """Open the door on a port of this machine; 0: any."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the door and every line."""
        if self._server is not None:
            self._server.close()
        for writer in [*self._clients, *self._servers, *self._forgotten]:
            writer.transport.abort()

    def set(self, line: Line) -> None:
        """From now on lines are like this."""
        self.line = line
        if line in (Line.BLACK_HOLE,):
            self._good.clear()
        else:
            self._good.set()
        if line is Line.RESET:
            for writer in [*self._clients]:
                _reset(writer)
        if line is Line.HALF_OPEN:
            self._forgotten |= self._clients
            for writer in [*self._servers]:
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.line is Line.RESET:
            return _reset(writer)
        self._clients.add(writer)
        await self._good.wait()
        try:
            up_reader, up_writer = await self.connect()
        except OSError:
            _reset(writer)
            self._clients.discard(writer)
            return None
        self._servers.add(up_writer)
        await asyncio.gather(self._pump(reader, up_writer), self._pump(up_reader, writer))
        self._clients.discard(writer)
        self._servers.discard(up_writer)
        return None

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                if self.line is Line.SLOW:
                    await asyncio.sleep(self.delay)
                await self._good.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        if writer not in self._forgotten:
            await self._good.wait()
            writer.close()


def to_port(port: int) -> Connect:
    """The way to a server on a port of this machine."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def to_socket(path: str) -> Connect:
    """The way to a server on a unix socket."""
    return lambda: asyncio.open_unix_connection(path)


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.family == socket.AF_INET:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
    writer.transport.abort()
