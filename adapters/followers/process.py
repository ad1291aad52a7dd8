"""A process of followers: a thread each, woken together, ended together."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence

from adapters.followers.listening import Listener
from adapters.followers.passing import Passing
from adapters.followers.runtime import Handler, Loop, Rests
from adapters.followers.sharing import SharedFacts
from adapters.log.waking import Grown

STOP_LOOK_S = 0.1  # how often a follower process looks whether it shall end
# How long a thread computes while others wait for their turn. Most of a batch is waiting for the
# database, some of it with the log's end in hand: by Python's own 5 ms everybody would wait longer.
SWITCH_S = 0.0005


class FollowerLost(Exception):
    """A follower of this process ended although nobody told it to."""


class FollowerProcess:
    """All followers in one process, a thread each, woken together."""

    def __init__(
        self,
        url: str,
        handlers: Sequence[Handler],
        *,
        grown: Callable[[str, frozenset[str]], None],
        said: Callable[[int], bool],
        rests: Callable[[Handler], Rests],
        gets_up_for: Callable[[Handler], frozenset[str] | None],
    ) -> None:
        """`grown` tells other processes what came; `said` knows its wake-ups when they come back.

        A follower is woken for the facts that it gets up for; what else it wants, passing over finds.
        """
        shared = SharedFacts()
        self._tell_others = grown
        self._loops = [
            Loop(
                url,
                handler,
                grown=self._grown,
                enrols=False,
                told=True,
                rests=rests(handler),
                shared=shared,
            )
            for handler in handlers
        ]
        self._wanted = [(loop.wake, gets_up_for(loop.handler)) for loop in self._loops]
        for loop in self._loops:
            for other in self._loops:
                if other.handler.behind == loop.handler.name:
                    loop.wakes.append(other.wake)
        self._passing = Passing(url, self._loops)
        self._listener = Listener(url, self._wake, passes_over=said)
        self._stopping = False

    def run(self) -> None:
        """Follow until `stop` is called from another thread or a signal handler."""
        sys.setswitchinterval(SWITCH_S)
        threads = [
            threading.Thread(target=loop.run, name=loop.handler.name) for loop in self._loops
        ]
        threads.append(threading.Thread(target=self._passing.run, name="passing-over"))
        for thread in threads:
            thread.start()
        self._listener.start()
        # A loop ends by itself only by a bug; then the process ends as a whole and can be started
        # again, instead of going on without one of its followers.
        while not self._stopping and all(thread.is_alive() for thread in threads):
            time.sleep(STOP_LOOK_S)
        lost = [thread.name for thread in threads if not thread.is_alive()]
        for loop in self._loops:
            loop.stop()
        self._passing.stop()
        for thread in threads:
            thread.join()
        self._listener.stop()
        if lost and not self._stopping:
            raise FollowerLost(f"The follower {', '.join(lost)} ended; the lines above say why.")

    def stop(self) -> None:
        """Let every follower finish its batch and end; safe inside a signal handler.

        A plain flag, since an event's lock may be held by the very thread that is interrupted.
        """
        self._stopping = True

    def _grown(self, tenant_id: str, types: frozenset[str]) -> None:
        """Wake who is here at once, without the way through the server, and tell the others."""
        self._wake({tenant_id: types})
        self._tell_others(tenant_id, types)

    def _wake(self, grown: Grown | None) -> None:
        """Wake who gets up for something of it; the others will pass over it when they look next."""
        for wake, wanted in self._wanted:
            if (
                grown is None
                or wanted is None
                or any(not types or not types.isdisjoint(wanted) for types in grown.values())
            ):
                wake.set()
