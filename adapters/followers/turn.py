"""Turn: one transaction of a follower, begun by a lease and ended with its checkpoint.

The begin and the lease go to the server in one message, and so do the checkpoint, the facts that
are to be recorded, and the commit. Whoever appends holds the end of the tenant's log until the
commit, and all who write to this tenant wait for it: sent together, it is held for as long as the
server needs, and not until this thread has its turn again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from adapters.followers.reading import Batch, Lease, Proof
from adapters.log.appending import prepare, recording, telling_races
from adapters.log.wire import BINARY, INT8, Statement, integer
from adapters.postgres.arrays import Array
from adapters.postgres.pipeline import BEGIN, COMMIT, Call, Pipeline
from application.ports import Append

LEASE = Statement(
    b"vedette_lease",
    b"SELECT tenant_id, position, hash, skip_to, head, attempts, token, passed, others,"
    b" upto, events, wanted, known, last FROM log.lease($1, $2, $3, $4)",
    [BINARY] * 4,
)
MOVE = Statement(
    b"vedette_move",
    b"UPDATE log.checkpoints SET position = $1, hash = $2, token = coalesce($3, token),"
    b" attempts = 0, error = NULL, updated_at = clock_timestamp()"
    b" WHERE follower = $4 AND tenant_id = $5",
    [BINARY] * 5,
)
# Facts are for ever; what only follows from them may be lost and done again.
DURABLE = Statement(b"vedette_durable", b"SET LOCAL synchronous_commit TO DEFAULT", [])


class Handled(NamedTuple):
    """What a batch leads to beside what its handler has written: it stands with the checkpoint or
    not at all."""

    writes: Sequence[Call] = ()  # that need no answer
    appends: Sequence[Append] = ()  # to the tenant's log


#: What a handler answers that has written everything by itself.
NOTHING = Handled()


class Leased(NamedTuple):
    """A lease, and what the question for it has settled already."""

    lease: Lease
    passed: bool  # nothing was wanted, and the checkpoint is moved
    more: bool  # behind what is read now, or at another tenant


class Turns:
    """How the turns of one follower begin and end; each stands in a `Pipeline.transaction`."""

    def __init__(
        self, follower: str, behind: str | None, types: Array | None, batch_events_max: int
    ) -> None:
        self._follower = follower.encode()
        self._lease = Call(
            LEASE,
            [
                self._follower,
                None if behind is None else behind.encode(),
                None if types is None else types.data,
                INT8.pack(batch_events_max),
            ],
        )

    def begin(self, pipeline: Pipeline) -> Leased | None:
        """Begin a transaction and lease a tenant with work in it; None if there is none."""
        _, answer = pipeline.run(Call(BEGIN), self._lease)
        if not answer.ntuples:
            return None
        cells = [answer.get_value(0, column) for column in range(answer.nfields)]
        tenant_id, position, hash_, skip_to, head, attempts, token, passed, others = cells[:9]
        upto, events, wanted, known, last = cells[9:]
        assert tenant_id is not None
        assert hash_ is not None
        lease = Lease(
            tenant_id.decode(),
            number(position),
            hash_,
            number(skip_to),
            number(head),
            number(attempts),
            number(token),
            proof=Proof(number(upto), number(events), number(wanted), known, last),
        )
        return Leased(
            lease, bool(number(passed)), bool(number(others)) or number(upto) < lease.head
        )

    def end(
        self, pipeline: Pipeline, lease: Lease, batch: Batch, handled: Handled
    ) -> frozenset[str]:
        """Write what a batch led to, move the checkpoint behind it, and commit; answer with the
        types of the facts that were recorded.

        Raises:
            StreamMoved: somebody wrote to a stream in between; nothing of the turn stands.
        """
        appends = [prepare(append) for append in handled.appends]
        tenant_id = lease.tenant_id.encode()
        token = None if lease.next_token is None else INT8.pack(lease.next_token)
        move = Call(MOVE, [INT8.pack(batch.position), batch.hash, token, self._follower, tenant_id])
        record = [Call(DURABLE), *recording(tenant_id, appends)] if appends else []
        with telling_races():
            pipeline.run(*handled.writes, move, *record, Call(COMMIT))
        return frozenset().union(*(append.types for append in appends))


def number(cell: bytes | None) -> int:
    """Read a number or a truth value that is never NULL."""
    value = integer(cell)
    assert value is not None
    return value
