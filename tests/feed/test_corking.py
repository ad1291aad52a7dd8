"""Corking: what is written in one turn of the loop leaves together, and a full socket is noticed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from interfaces.feed.corking import HELD_BYTES_MAX, CorkedTransport


class Writer(asyncio.Protocol):
    """Whoever writes, as far as the transport speaks to it."""

    paused = False

    def pause_writing(self) -> None:
        self.paused = True


@asynccontextmanager
async def corked() -> AsyncIterator[tuple[CorkedTransport, Writer, socket.socket]]:
    """Lend a corked transport over a real socket, who writes to it, and the other end."""
    near, far = socket.socketpair()
    far.setblocking(False)
    loop = asyncio.get_running_loop()
    transport, writer = await loop.create_connection(Writer, sock=near)
    with far:
        yield CorkedTransport(transport, loop), writer, far
        transport.close()
        await asyncio.sleep(0)


async def test_what_is_written_in_one_turn_leaves_as_one_when_it_ends() -> None:
    async with corked() as (transport, _, far):
        for word in (b"one ", b"two ", b"three"):
            transport.write(word)
        with pytest.raises(BlockingIOError):
            far.recv(100)
        await asyncio.sleep(0)
        assert far.recv(100) == b"one two three"
        transport.write(b"four")
        await asyncio.sleep(0)
        assert far.recv(100) == b"four"


async def test_more_than_is_held_leaves_at_once() -> None:
    async with corked() as (transport, _, far):
        transport.write(b"a")
        transport.write(b"b" * (HELD_BYTES_MAX - 1))
        transport.write(b"c")
        assert far.recv(2) == b"ab"
        await asyncio.sleep(0)
        assert far.recv(2 * HELD_BYTES_MAX).endswith(b"bc")


async def test_a_reader_who_is_slow_is_noticed_before_the_turn_ends() -> None:
    async with corked() as (transport, writer, _):
        for _ in range(100):
            transport.write(bytes(HELD_BYTES_MAX))
        assert writer.paused


async def test_what_is_held_leaves_before_the_end() -> None:
    async with corked() as (transport, _, far):
        assert not transport.is_closing()
        transport.write(b"goodbye")
        transport.close()
        assert far.recv(100) == b"goodbye"
        assert transport.is_closing()


async def test_what_is_held_for_somebody_who_went_is_let_go() -> None:
    async with corked() as (transport, _, far):
        transport.write(b"are you there?")
        transport.abort()
        await asyncio.sleep(0)
        assert far.recv(100) == b""
