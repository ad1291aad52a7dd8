"""A follower process for the tests to kill: `python -m tests.followers.program URL NAME`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from adapters.followers.reading import Lease
from adapters.followers.runtime import Loop
from adapters.followers.turn import Handled
from adapters.postgres.database import Connection
from domain.catalogue import AnyRecorded
from tests.followers.workshop import NoteTaker


class Talkative(NoteTaker):
    """Says when it is in the middle of a batch, before the checkpoint."""

    def handle(self, connection: Connection, lease: Lease, batch: Sequence[AnyRecorded]) -> Handled:
        print("in a batch", flush=True)
        return super().handle(connection, lease, batch)


def main() -> None:
    """Follow until killed, slowly enough to be killed in the middle of a batch."""
    url, name = sys.argv[1:]
    handler = Talkative(name, pause_s=0.03)
    Loop(url, handler, grown=lambda *_: None, batch_events_max=5).run()


if __name__ == "__main__":
    main()
