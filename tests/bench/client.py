"""A client as light as can be: its own work must not spoil what it measures on the same cores."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec

SIGNALS = "/api/v2/noc/signals/"
FEED = "/ws/noc/dashboard/"
OPCODE_TEXT, OPCODE_CLOSE, OPCODE_PING, OPCODE_PONG = 1, 8, 9, 10


class Poster:
    """One kept connection that posts signals and returns the decoded answer."""

    def __init__(self, url: str, key: str) -> None:
        self._address = urlsplit(url)
        self._head = (
            f"POST {SIGNALS} HTTP/1.1\r\nHost: {self._address.netloc}\r\n"
            f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: "
        ).encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> Any:
        """Send one body; an answer that is no success is an error."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                self._address.hostname, self._address.port, limit=2**22
            )
        reader, writer = self._streams
        writer.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        answer = await reader.readexactly(length)
        if not lines[0].startswith((b"http/1.1 200", b"http/1.1 201")):
            raise RuntimeError(f"{lines[0].decode()}: {answer.decode()}")
        return msgspec.json.decode(answer)

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            await self._streams[1].wait_closed()


class Listener(asyncio.Protocol):
    """One WebSocket on the feed that hands on each text frame as it comes in."""

    def __init__(self, host: str, key: str, query: str, told: Callable[[bytes], None]) -> None:
        self._hello = (
            f"GET {FEED}?{query} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {b64encode(bytes(16)).decode()}\r\n"
            f"Authorization: Bearer {key}\r\n\r\n"
        ).encode()
        self._told = told
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: str | None = None
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's by behaviour only.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = self.closed or str(exc)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._upgraded, self._buffer = True, rest
        self._frames()

    def _frames(self) -> None:
        at, buffer = 0, self._buffer
        while len(buffer) - at >= 2:
            length, begin = buffer[at + 1], at + 2
            if length >= 126:
                size = 2 if length == 126 else 8
                begin += size
                length = int.from_bytes(buffer[at + 2 : begin], "big")
            if len(buffer) < begin + length:
                break
            self._frame(buffer[at] & 15, buffer[begin : begin + length])
            at = begin + length
        self._buffer = buffer[at:]

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == OPCODE_TEXT:
            if not self.joined.done():
                self.joined.set_result(None)  # the snapshot's position
            else:
                self._told(payload)
        elif opcode == OPCODE_PING:
            assert self._transport is not None
            # A mask of zeroes leaves the payload as it is.
            pong = bytes([0x80 | OPCODE_PONG, 0x80 | len(payload), 0, 0, 0, 0])
            self._transport.write(pong + payload)
        elif opcode == OPCODE_CLOSE:
            self.closed = payload[2:].decode() or "closed"

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def listen(url: str, key: str, query: str, told: Callable[[bytes], None]) -> Listener:
    """Open one listener and return it when it has its snapshot."""
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, listener = await loop.create_connection(
        lambda: Listener(address.netloc, key, query, told),
        address.hostname or "",
        address.port or 80,
    )
    await asyncio.wait_for(listener.joined, 10)
    return listener
