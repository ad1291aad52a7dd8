"""A stage for the feed: a tenant to whom things happen, listeners, and sockets in the test's hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal
from uuid import uuid4

import msgspec

from adapters.log.postgres_log import PostgresLog
from application.ports import Append, Cause, Expect
from domain.catalogue import AnyRecorded
from domain.directory.person import PersonEnrolled
from domain.kernel import Event
from domain.severity import Severity
from domain.ticket import TicketCommented, TicketOpened
from interfaces.feed.hub import Hub
from interfaces.feed.listeners import Filter, Subscription
from interfaces.feed.session import Session
from tests.projections.rows import OPENED

CAUSE = Cause("user:test")
SOON_S = 10.0
EVERYTHING = Filter()


class Stage:
    """A tenant's log, and what happens in it."""

    def __init__(self, log: PostgresLog, tenant: str) -> None:
        self.log = log
        self.tenant = tenant
        log.open_tenant(tenant)

    def state(self, stream_id: str, *events: Event) -> int:
        """Record facts and return the position of the last."""
        append = Append.of(stream_id, Expect.ANY, events, CAUSE)
        return self.log.append(self.tenant, append).last

    def ticket(self, site_id: str = "S-1", severity: Severity = Severity.HIGH) -> int:
        """Open a ticket and return the position of the fact."""
        ticket_id = uuid4()
        opened = msgspec.structs.replace(
            OPENED, ticket_id=ticket_id, site_id=site_id, severity=severity
        )
        return self.state(f"ticket-{ticket_id}", opened)

    def comments(self, number: int, severity: Severity = Severity.HIGH) -> int:
        """Open a ticket and let so many people comment on it."""
        ticket_id = uuid4()
        opened: TicketOpened = msgspec.structs.replace(
            OPENED, ticket_id=ticket_id, severity=severity
        )
        comments = [TicketCommented(text=f"Nothing new {n}") for n in range(number)]
        return self.state(f"ticket-{ticket_id}", opened, *comments)

    def secret(self) -> int:
        """Record something that is not public."""
        return self.state(f"person-{uuid4()}", PersonEnrolled(person_id="G-1", name="Ada"))


class FaultyLog:
    """The real log, which can be told to fail like one whose database is away."""

    def __init__(self, log: PostgresLog) -> None:
        self.log = log
        self.fails_with: Exception | None = None
        self.reads = 0

    def position(self, tenant_id: str) -> int:
        self._fail()
        return self.log.head(tenant_id).position

    def read_types(
        self, tenant_id: str, after: int, types: Sequence[str], limit: int
    ) -> tuple[list[AnyRecorded], int]:
        self._fail()
        self.reads += 1
        return self.log.read_types(tenant_id, after, types, limit)

    def read_stream(self, tenant_id: str, stream_id: str) -> list[AnyRecorded]:
        self._fail()
        return self.log.read_stream(tenant_id, stream_id)

    def _fail(self) -> None:
        if self.fails_with is not None:
            raise self.fails_with


class SocketDouble:
    """A session's wire whose other end is the test. It can be slow."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self.flows = asyncio.Event()  # cleared: the client reads nothing
        self.flows.set()
        self.fails_with: Exception | None = None
        self._messages: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._arrived = asyncio.Condition()

    async def send(self, *frames: bytes) -> None:
        for frame in frames:
            await self.flows.wait()
            if self.fails_with is not None:
                raise self.fails_with
            if self.closed is None:
                async with self._arrived:
                    self.sent.append(msgspec.json.decode(frame))
                    self._arrived.notify_all()

    async def receive(self) -> bytes | None:
        return await self._messages.get()

    async def close(self, code: int, reason: str) -> None:
        assert len(reason.encode()) <= 123, "A close frame has no room for more."
        self.closed = self.closed or (code, reason)

    def say(self, message: object) -> None:
        """Send a message as the client."""
        raw = message if isinstance(message, bytes) else msgspec.json.encode(message)
        self._messages.put_nowait(raw)

    def go(self) -> None:
        """Go away as the client."""
        self._messages.put_nowait(None)

    async def heard(self, number: int) -> list[dict[str, Any]]:
        """Wait until so many frames came and return all that did."""
        async with asyncio.timeout(SOON_S), self._arrived:
            await self._arrived.wait_for(lambda: len(self.sent) >= number)
        return self.sent

    async def heard_of(self, type_: str) -> dict[str, Any]:
        """Wait for a frame of a type and return the last one."""

        def found() -> list[dict[str, Any]]:
            return [frame for frame in self.sent if frame["type"] == type_]

        async with asyncio.timeout(SOON_S), self._arrived:
            await self._arrived.wait_for(lambda: bool(found()))
        return found()[-1]


class Admission:
    """What the door says of a credential; the test changes it."""

    def __init__(self) -> None:
        self.answer: frozenset[str] | Literal["everywhere"] | Exception | None = "everywhere"
        self.asked = 0

    async def __call__(self) -> frozenset[str] | Literal["everywhere"] | None:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Listening:
    """A session under way."""

    def __init__(
        self, socket: SocketDouble, admission: Admission, task: asyncio.Task[None]
    ) -> None:
        self.socket = socket
        self.admission = admission
        self.task = task

    async def ended(self) -> tuple[int, str] | None:
        """Wait for the end and return how the socket was closed, if it was."""
        async with asyncio.timeout(SOON_S):
            await self.task
        return self.socket.closed


@contextlib.asynccontextmanager
async def listening(
    hub: Hub,
    tenant: str,
    *,
    wanted: Filter = EVERYTHING,
    after: int | None = None,
    scope: frozenset[str] | None = None,
    heartbeat_s: float = 60.0,
) -> AsyncIterator[Listening]:
    """Serve a listener until the test leaves."""
    socket, admission = SocketDouble(), Admission()
    if scope is not None:
        admission.answer = scope
    session = Session(hub, socket, tenant, admission, heartbeat_s=heartbeat_s)
    task = asyncio.create_task(session.run(wanted, after))
    try:
        yield Listening(socket, admission, task)
    finally:
        socket.flows.set()
        socket.go()
        with contextlib.suppress(asyncio.CancelledError, OSError, RuntimeError):
            async with asyncio.timeout(SOON_S):
                await task


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something outside this loop's reach has come true."""
    async with asyncio.timeout(SOON_S):
        while not condition():  # noqa: ASYNC110 - threads and the log bring it about
            await asyncio.sleep(0.02)


async def taken(subscription: Subscription, until: int) -> list[dict[str, Any]]:
    """Take frames until one stands at a position; return them."""
    frames: list[dict[str, Any]] = []
    async with asyncio.timeout(SOON_S):
        while not frames or frames[-1]["position"] < until:
            await subscription.ready()
            assert not subscription.lost
            frames += [msgspec.json.decode(frame) for frame in subscription.take()]
    return frames


async def all_after(
    hub: Hub, tenant: str, after: int, filter_: Filter = EVERYTHING
) -> list[dict[str, Any]]:
    """Return every frame behind a position, as a listener that comes now is told them."""
    subscription = await hub.subscribe(tenant, filter_, after)
    assert subscription is not None
    frames: list[dict[str, Any]] = []
    try:
        head = await asyncio.to_thread(hub._head, tenant)
        async with asyncio.timeout(SOON_S):
            while subscription.told < head:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(subscription.ready(), 0.02)
                frames += [msgspec.json.decode(frame) for frame in subscription.take()]
    finally:
        hub.leave(tenant, subscription)
    return frames


def of_type(frames: list[dict[str, Any]], *types: str) -> list[dict[str, Any]]:
    """Return the frames of these types."""
    return [frame for frame in frames if frame["type"] in types]


def chained(start: int, frames: Sequence[dict[str, Any]]) -> bool:
    """Return whether each frame names the one before it, the first one the start."""
    before = [start, *(frame["position"] for frame in frames)]
    return [frame["previous"] for frame in frames] == before[: len(frames)]


def tails(tenant: str) -> int:
    """Return how many tasks tail a tenant's log."""
    return [task.get_name() for task in asyncio.all_tasks()].count(f"feed-{tenant}")
