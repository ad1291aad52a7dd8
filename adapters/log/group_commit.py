"""Group commit: concurrent appends to one tenant ride in one call, each with its own outcome.

A tenant's head row lets one transaction through at a time, so many writers of one tenant would
queue for it and pay a disk write each. Here whatever arrives while a call is under way waits and
goes together in the next one. Nothing is delayed on purpose: an idle log answers at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from adapters.log.appending import Prepared, prepare
from application.ports import (
    Append,
    Appended,
    LogUnavailable,
    NoSuchTenant,
    Outcome,
)

CALL_EVENTS_MAX = 2_000  # facts in one shared call
CALLERS_MAX = 16  # calls that callers make themselves at once, over all tenants
COMMITTERS = 4  # calls under way at once, over all tenants
QUEUED_APPENDS_MAX = 20_000  # waiting appends of one tenant; beyond it the log says so

Call = Callable[[str, list[Prepared]], list[Outcome]]
Waiting = tuple[Prepared, "Future[Appended]"]


class GroupCommit:
    """A queue per tenant and a few threads that empty it, one call per tenant at a time."""

    def __init__(self, call: Call, *, committers: int = COMMITTERS) -> None:
        self._call = call
        self._committers = committers
        self._queues: dict[str, deque[Waiting]] = {}
        self._ready: deque[str] = deque()  # tenants with work and no call under way
        self._busy: set[str] = set()
        self._condition = threading.Condition(threading.Lock())
        self._threads: list[threading.Thread] = []
        self._callers = 0
        self.closed = False

    def append(self, tenant_id: str, append: Append) -> Appended:
        """Append and wait. Where nobody else is at work, the caller makes the call itself."""
        prepared = prepare(append)
        with self._condition:
            alone = (
                not self.closed and tenant_id not in self._queues and self._callers < CALLERS_MAX
            )
            if alone:
                self._callers += 1
                self._busy.add(tenant_id)
                self._queues[tenant_id] = deque()
        if not alone:
            return self._queue(tenant_id, prepared).result()
        try:
            (outcome,) = self._call(tenant_id, [prepared])
        finally:
            with self._condition:
                self._callers -= 1
                self._hand_over(tenant_id)
                if self.closed:
                    self._condition.notify_all()
        if isinstance(outcome, Appended):
            return outcome
        raise outcome

    def submit(self, tenant_id: str, append: Append) -> Future[Appended]:
        """Queue an append; the future answers with its positions or its exception.

        Raises:
            TooManyFacts, FactTooLarge: as `prepare`, here and not in the call that it would share.
            LogUnavailable: the log is closed, or too much is waiting already.
        """
        return self._queue(tenant_id, prepare(append))

    def _queue(self, tenant_id: str, prepared: Prepared) -> Future[Appended]:
        future: Future[Appended] = Future()
        with self._condition:
            if self.closed:
                raise LogUnavailable("The log is closed.")
            if not self._threads:
                self._start()
            queue = self._queues.setdefault(tenant_id, deque())
            if len(queue) >= QUEUED_APPENDS_MAX:
                raise LogUnavailable(f"{QUEUED_APPENDS_MAX} appends are waiting already.")
            queue.append((prepared, future))
            if len(queue) == 1 and tenant_id not in self._busy:
                self._ready.append(tenant_id)
                self._condition.notify()
        return future

    def close(self) -> None:
        """Finish what is queued, then stop."""
        with self._condition:
            self.closed = True
            self._condition.notify_all()
            # A caller at work may have others waiting behind it.
            self._condition.wait_for(lambda: self._callers == 0)
        for thread in self._threads:
            thread.join()

    def _start(self) -> None:
        for number in range(self._committers):
            thread = threading.Thread(target=self._run, name=f"committer-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._ready:
                    if self.closed and self._callers == 0:
                        return
                    self._condition.wait()
                tenant_id = self._ready.popleft()
                self._busy.add(tenant_id)
                batch = self._take(self._queues[tenant_id])
            self._commit(tenant_id, batch)
            with self._condition:
                self._hand_over(tenant_id)

    def _hand_over(self, tenant_id: str) -> None:
        """A call is over: whatever has come in meanwhile goes in the next one."""
        self._busy.discard(tenant_id)
        if self._queues[tenant_id]:
            self._ready.append(tenant_id)
            self._condition.notify()
        else:
            del self._queues[tenant_id]

    @staticmethod
    def _take(queue: deque[Waiting]) -> list[Waiting]:
        """Take what may ride together: up to the limit, and no stream twice."""
        batch: list[Waiting] = []
        streams: set[str] = set()
        events = 0
        while queue:
            append, _ = queue[0]
            events += len(append.rows)
            if batch and (events > CALL_EVENTS_MAX or not streams.isdisjoint(append.streams)):
                break
            streams.update(append.streams)
            batch.append(queue.popleft())
        return batch

    def _commit(self, tenant_id: str, batch: list[Waiting]) -> None:
        live = [waiting for waiting in batch if waiting[1].set_running_or_notify_cancel()]
        if not live:
            return
        try:
            outcomes = self._call(tenant_id, [append for append, _ in live])
        except BaseException as error:  # noqa: BLE001  every waiter must hear of it
            if len(live) > 1 and not isinstance(error, LogUnavailable | NoSuchTenant):
                # One of them is at fault and nothing of the call stands: let each go alone.
                for waiting in live:
                    self._settle([waiting], self._alone(tenant_id, waiting[0]))
            else:
                self._settle(live, error)
        else:
            self._settle(live, outcomes)

    def _alone(self, tenant_id: str, append: Prepared) -> list[Outcome] | BaseException:
        try:
            return self._call(tenant_id, [append])
        except BaseException as error:  # noqa: BLE001  its waiter hears of it
            return error

    @staticmethod
    def _settle(live: list[Waiting], answer: list[Outcome] | BaseException) -> None:
        outcomes = [answer] * len(live) if isinstance(answer, BaseException) else answer
        for (_, future), outcome in zip(live, outcomes, strict=True):
            if isinstance(outcome, Appended):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)
