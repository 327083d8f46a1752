"""A small HTTP client whose requests start by the clock, not when the last answer came.

Open loop: request n is meant to start at n / rate. Its time counts from that moment, so that a
server that stalls is charged for everybody who would have waited.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

TIMEOUT = 15.0


@dataclass(frozen=True)
class Ask:
    """One request."""

    name: str
    path: str
    method: str = "GET"
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def wire(self, port: int) -> bytes:
        """Return the bytes to send."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True)
class Answer:
    """How one request ended; status 0 means that no answer came."""

    name: str
    status: int
    seconds: float

    @property
    def is_error(self) -> bool:
        return self.status == 0 or self.status >= 400


class Connections:
    """Kept connections to one port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, ask: Ask) -> int:
        """Send and return the status. A kept connection that was closed meanwhile is replaced."""
        while self.idle:
            reader, writer = self.idle.pop()
            try:
                return await self._on(reader, writer, ask)
            except (OSError, asyncio.IncompleteReadError):
                writer.close()
                if ask.method != "GET":
                    raise
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        return await self._on(reader, writer, ask)

    async def _on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ask: Ask
    ) -> int:
        writer.write(ask.wire(self.port))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        await _body(reader, head)
        if "\r\nconnection: close" in head:
            writer.close()
        else:
            self.idle.append((reader, writer))
        return int(head.split(" ", 2)[1])

    def close(self) -> None:
        """Close what is idle."""
        for _reader, writer in self.idle:
            writer.close()


async def _body(reader: asyncio.StreamReader, head: str) -> None:
    if "\r\ncontent-length: " in head:
        length = int(head.split("\r\ncontent-length: ", 1)[1].split("\r\n", 1)[0])
        await reader.readexactly(length)
    elif "\r\ntransfer-encoding: chunked" in head:
        size = -1
        while size != 0:
            size = int(await reader.readuntil(b"\r\n"), 16)
            await reader.readexactly(size + 2)


async def _timed(connections: Connections, ask: Ask, due: float) -> Answer:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(max(0.0, due - loop.time()))
    try:
        status = await asyncio.wait_for(connections.ask(ask), TIMEOUT)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        status = 0
    return Answer(ask.name, status, loop.time() - due)


async def _arrive(port: int, asks: Iterator[Ask], rate: float, count: int) -> list[Answer]:
    connections = Connections(port)
    start = asyncio.get_running_loop().time() + 0.1
    answers = await asyncio.gather(
        *(_timed(connections, next(asks), start + n / rate) for n in range(count))
    )
    connections.close()
    return list(answers)


def arrive(port: int, asks: Iterator[Ask], *, rate: float, count: int) -> list[Answer]:
    """`count` requests arrive at a constant `rate`; returns how each ended."""
    return asyncio.run(_arrive(port, asks, rate, count))


async def _crowd(port: int, asks: Iterator[Ask], clients: int, count: int) -> list[Answer]:
    left = iter(range(count))

    async def one() -> list[Answer]:
        connections, loop = Connections(port), asyncio.get_running_loop()
        found = []
        for _number in left:
            started = loop.time()
            ask = next(asks)
            status = await asyncio.wait_for(connections.ask(ask), TIMEOUT)
            found.append(Answer(ask.name, status, loop.time() - started))
        connections.close()
        return found

    return [
        each for some in await asyncio.gather(*(one() for _ in range(clients))) for each in some
    ]


def crowd(port: int, asks: Iterator[Ask], *, clients: int, count: int) -> list[Answer]:
    """`clients` ask one after the other, `count` times together: what a server does at most."""
    return asyncio.run(_crowd(port, asks, clients, count))
