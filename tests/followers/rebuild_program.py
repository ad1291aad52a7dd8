"""A rebuild for the tests to kill: `python -m tests.followers.rebuild_program URL TENANT`."""

from __future__ import annotations

import sys
import time

from adapters.followers import rebuilding
from adapters.followers.rebuilding import Rebuild
from adapters.followers.runtime import Loop
from projections.directory import PERSONS

BATCH_EVENTS = 20


class SmallLoop(Loop):
    """Takes batches so small that there is time to be killed between them."""

    def step(self) -> bool:
        self._batch_events_max = BATCH_EVENTS
        return super().step()


def main() -> None:
    """Rebuild slowly and say each position."""
    setattr(rebuilding, "Loop", SmallLoop)  # noqa: B010 - the name is imported there, not exported
    rebuild = Rebuild(sys.argv[1], PERSONS, sys.argv[2])
    rebuild._near = 0

    def watch(position: int, head: int) -> None:
        print(position, flush=True)
        del head
        time.sleep(0.2)

    rebuild.run(watch)


if __name__ == "__main__":
    main()
