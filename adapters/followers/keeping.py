"""Keeping: what a policy wrote with its last batch, so that the next one need not read it again.

A process may use what it kept only if nobody else wrote in between. Each batch that is handled
leaves a token of its own in the checkpoint, in the same transaction as the memories. So if the
checkpoint that is leased holds the token of the batch that left these memories here, they are what
stands in the database; with any other token (another process was at work, the transaction was
rolled back, memories were rebuilt, the database was restored) they are thrown away.

Bytes are kept, not what they mean: a policy that changed what it was given and did not keep it
meets it again as it stands in the database.
"""

from __future__ import annotations

from adapters.followers.reading import Lease

KEPT_BYTES_MAX = 32 * 1024 * 1024  # of one policy, all tenants together
ENTRY_BYTES = 250  # of a key, beside its characters and its value


class Kept:
    """Memories of one tenant as they stand in the database; None: there is none under this key."""

    def __init__(self) -> None:
        self.values: dict[str, bytes | None] = {}
        self.bytes_held = 0

    def put(self, key: str, value: bytes | None) -> None:
        """Keep what stands under a key."""
        before = self.values.get(key)
        if key not in self.values:
            self.bytes_held += len(key) + ENTRY_BYTES
        self.values[key] = value
        self.bytes_held += len(value or b"") - len(before or b"")


class Keeping:
    """What one policy of this process has kept, by tenant."""

    def __init__(self, bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._kept: dict[str, tuple[int, Kept]] = {}  # by tenant, with the token it is good for

    def take(self, lease: Lease) -> Kept:
        """Return what is kept of a tenant and still stands, for one batch.

        It is not held here meanwhile: what happens to a batch that fails concerns nobody else.
        """
        token, kept = self._kept.pop(lease.tenant_id, (None, Kept()))
        return kept if token is not None and token == lease.token else Kept()

    def give_back(self, lease: Lease, kept: Kept) -> None:
        """Keep what stands if the batch does; tenants that were quiet are forgotten first."""
        if lease.next_token is None or kept.bytes_held > self._bytes_max:
            return
        self._kept[lease.tenant_id] = lease.next_token, kept
        total = sum(each.bytes_held for _, each in self._kept.values())
        while total > self._bytes_max:
            _, forgotten = self._kept.pop(next(iter(self._kept)))
            total -= forgotten.bytes_held
