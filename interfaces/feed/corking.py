"""Corking: what one turn of the event loop has for a listener leaves as one write.

A batch of facts is a handful of frames for each of fifty listeners, and each frame by itself would
be a call into the kernel, which costs several times what making the frame does. Nor does each of
them go through all the layers of the application by itself: the server takes many in one message,
and says so in the scope, as ASGI has it for what only some servers do.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

#: The key of a message's text frames, as bytes, and the name of the extension.
FRAMES = "vedette.frames"
# Held back until the turn ends; more goes out at once, so that a full socket is noticed in time.
HELD_BYTES_MAX = 64 * 1024


class CorkedTransport(asyncio.Transport):
    """A transport that holds what is written until the loop comes round."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._bytes_held = 0

    def write(self, data: Any) -> None:
        if not self._held:
            self._loop.call_soon(self._let_go)
        self._held.append(data)
        self._bytes_held += len(data)
        if self._bytes_held >= HELD_BYTES_MAX:
            self._let_go()

    def close(self) -> None:
        self._let_go()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def _let_go(self) -> None:
        held, self._held, self._bytes_held = self._held, [], 0
        # A turn may have gone by in which the other side went away.
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))


class CorkedWebSocket(WebSocketsSansIOProtocol):
    """The server's WebSocket, whose frames come and leave together."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The transports of uvloop are asyncio's by behaviour only.
        super().connection_made(CorkedTransport(cast("asyncio.Transport", transport), self.loop))

    async def run_asgi(self) -> None:
        extensions = self.scope["extensions"]
        assert extensions is not None, "The server has extensions of its own."
        extensions[FRAMES] = {}
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        frames: list[bytes] | None = message.get(FRAMES)
        if frames is None or not self.handshake_complete or self.close_sent:
            await super().send(message)
            return
        try:
            for frame in frames:
                # Whoever reads slowly holds up the rest of what is for him.
                await self.writable.wait()
                if self.disconnected:
                    raise ClientDisconnected
                self.conn.send_text(frame)
                self.transport.write(b"".join(self.conn.data_to_send()))
        except InvalidState as error:
            raise ClientDisconnected from error
