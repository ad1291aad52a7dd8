"""Handling a wish: read the stream, replay, decide, append.

This is the only way in which a fact is written on behalf of a person. Nothing is locked between
reading and appending: the log refuses an append to a stream that has moved, and the wisher tries
again on what stands then.
"""

from __future__ import annotations

from typing import TypeVar, cast

import msgspec

from application.ports import Append, Cause, EventLog, NewFact, Slice
from domain.kernel import Decider, Event

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E", bound=Event)


class VersionMismatch(Exception):
    """The wish was meant for a version of the stream that is not the last one."""

    def __init__(self, stream_id: str, wanted: int, version: int) -> None:
        super().__init__(
            f"The stream {stream_id} stands at version {version}; the wish was for {wanted}."
        )
        self.stream_id = stream_id
        self.wanted = wanted
        self.version = version


def handle(  # noqa: PLR0917 - in this log, of this tenant, of this kind, to this stream
    log: EventLog,
    tenant_id: str,
    decider: Decider[C, S, E],
    stream_id: str,
    command: C,
    cause: Cause,
    *,
    if_match: int | None = None,
) -> int | None:
    """Grant a wish and return the position that the log reached, or None where it was true already.

    All facts of the wish are recorded, or none.

    Raises:
        msgspec.ValidationError: a field of the command is outside its limits.
        Refused: the wish met a rule of its aggregate.
        VersionMismatch: the stream does not stand at `if_match`.
        StreamMoved: somebody else wrote to the stream while this was decided.
        NoSuchTenant: the tenant has no log.
        LogUnavailable: the log did not answer; the wish may or may not stand.
    """
    version, facts = decided(log, tenant_id, decider, stream_id, command, if_match)
    if not facts:
        return None
    return log.append(tenant_id, Append.of(stream_id, version, facts, cause)).last


def handle_both(  # noqa: PLR0917 - two wishes for one log, because of one cause
    log: EventLog,
    tenant_id: str,
    decider: Decider[C, S, E],
    first: tuple[str, C],
    second: tuple[str, C],
    cause: Cause,
    *,
    if_match: int | None = None,
) -> int | None:
    """Grant two wishes to two streams in one append: the facts of both are recorded, or none.

    Return the position that the log reached, or None where both were true already. The version that
    is named is the first stream's.

    Raises:
        As `handle` does, for either stream.
    """
    slices = []
    for (stream_id, command), wanted in ((first, if_match), (second, None)):
        version, facts = decided(log, tenant_id, decider, stream_id, command, wanted)
        if facts:
            slices.append(Slice(stream_id, version, [NewFact(event) for event in facts], cause))
    return log.append(tenant_id, Append(slices)).last if slices else None


def decided(  # noqa: PLR0917 - in this log, of this tenant, of this kind, to this stream
    log: EventLog,
    tenant_id: str,
    decider: Decider[C, S, E],
    stream_id: str,
    command: C,
    if_match: int | None,
) -> tuple[int, list[E]]:
    """Return the version where a stream stands, and the facts that answer a wish there.

    Raises:
        msgspec.ValidationError: a field of the command is outside its limits.
        Refused: the wish met a rule of its aggregate.
        VersionMismatch: the stream does not stand at `if_match`.
    """
    require_valid(command)
    recorded = log.read_stream(tenant_id, stream_id)
    version = recorded[-1].version if recorded else 0
    if if_match is not None and if_match != version:
        raise VersionMismatch(stream_id, if_match, version)
    # A stream holds the facts of one aggregate only; the codec has checked each of them.
    state = decider.replay(cast(E, fact.event) for fact in recorded)
    return version, decider.decide(state, command)


def standing(log: EventLog, tenant_id: str, decider: Decider[C, S, E], stream_id: str) -> S:
    """Return an aggregate as it stands, for those of a few facts, which need no read model.

    Raises:
        NoSuchTenant: the tenant has no log.
        LogUnavailable: the log did not answer.
    """
    return decider.replay(cast(E, fact.event) for fact in log.read_stream(tenant_id, stream_id))


def require_valid(command: object) -> None:
    """Hold a command to the limits of its fields.

    A door that decodes JSON has done so already; code that builds a command has not, and a fact
    outside the limits could be stored, but never be read again.

    Raises:
        msgspec.ValidationError: a field is outside its limits.
    """
    msgspec.json.decode(msgspec.json.encode(command), type=type(command))
