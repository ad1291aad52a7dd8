"""The directory: entries are stated whole, one or many at a time, and what an entry names must be there.

What a tenant's log once held it holds for ever, so a site or person that is found here cannot be
gone by the time the entry stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec

from application.handling import handle
from application.ports import Append, Cause, EventLog, StreamMoved
from domain.catalogue import AnyEvent
from domain.directory.device import DEVICE, RegisterDevice, device_stream
from domain.directory.person import PERSON, EnrolPerson, person_stream
from domain.directory.shift import SHIFT, CancelShift, PlanShift, shift_stream
from domain.directory.site import SITE, RegisterSite, site_stream
from domain.directory.task import TASK, AssignTask, CancelTask, task_stream
from domain.directory.tour import TOUR, DefineTour, RetireTour, tour_stream
from domain.kernel import Command, Decider, Refused, Senseless


class Entries(msgspec.Struct, frozen=True):
    """One kind of entry: its rules, the wish that states one, and the wish that ends one."""

    noun: str  # the id's field is called after it
    stream: Callable[[str], str]  # that tells the story of the entry of an id
    decider: Decider[Any, Any, Any]
    statement: type[Command]
    ending: Command | None = None  # None: what is known once stays known

    @property
    def key(self) -> str:
        """Return the name of the field that holds an entry's id."""
        return f"{self.noun}_id"

    def stream_of(self, statement: Command) -> str:
        """Return the stream of the entry that a wish states."""
        return self.stream(getattr(statement, self.key))

    def references(self, statement: Command) -> dict[str, str]:
        """Return the streams of the other entries that a wish names, under the names of its fields."""
        named = {
            field: getattr(statement, field)
            for field in REFERENCES
            if field != self.key and field in statement.__struct_fields__
        }
        return {
            field: REFERENCES[field].stream(entry_id)
            for field, entry_id in named.items()
            if entry_id is not None
        }


SITE_ENTRIES = Entries("site", site_stream, SITE, RegisterSite)
PERSON_ENTRIES = Entries("person", person_stream, PERSON, EnrolPerson)
DEVICE_ENTRIES = Entries("device", device_stream, DEVICE, RegisterDevice)
TOUR_ENTRIES = Entries("tour", tour_stream, TOUR, DefineTour, RetireTour())
SHIFT_ENTRIES = Entries("shift", shift_stream, SHIFT, PlanShift, CancelShift())
TASK_ENTRIES = Entries("task", task_stream, TASK, AssignTask, CancelTask())

REFERENCES: Mapping[str, Entries] = {
    entries.key: entries for entries in (SITE_ENTRIES, PERSON_ENTRIES)
}


class NamedEntryUnknown(Senseless):
    """The entry names a site or a person that the directory does not hold."""

    code = "directory.named_entry_unknown"


class Stated(msgspec.Struct, frozen=True):
    """What became of one of many statements: it changed something, changed nothing, or was refused."""

    changed: bool
    refusal: Refused | None = None


def state(
    log: EventLog, tenant_id: str, entries: Entries, statement: Command, cause: Cause
) -> int | None:
    """State one entry and return the position that the log reached, or None where it stood already.

    Raises:
        NamedEntryUnknown: it names a site or a person that is not there.
        Refused: its content breaks a rule of its kind.
        StreamMoved: somebody else stated the same at this moment.
        NoSuchTenant: the tenant has no log.
        LogUnavailable: the log did not answer; stating it again is safe.
    """
    require_references(entries, statement, unknown_references(log, tenant_id, entries, [statement]))
    stream = entries.stream_of(statement)
    return handle(log, tenant_id, entries.decider, stream, statement, cause)


def state_each(
    log: EventLog, tenant_id: str, entries: Entries, statements: Sequence[Command], cause: Cause
) -> list[Stated]:
    """State many entries, and answer for each in the same order; good ones beside refused ones stand.

    The statements hold the limits of their fields already, as those that were decoded do. What is
    new costs no reading of its own. An entry that is stated twice stands as stated last.

    Raises:
        StreamMoved: somebody else stated one of them at this moment; stating all again is safe.
        NoSuchTenant: the tenant has no log.
        LogUnavailable: the log did not answer; stating all again is safe.
    """
    unknown = unknown_references(log, tenant_id, entries, statements)
    streams = [entries.stream_of(statement) for statement in statements]
    known = log.first_positions(tenant_id, sorted(set(streams)))
    decider = entries.decider
    stories: dict[str, Story] = {}
    results: list[Stated] = []
    for statement, stream in zip(statements, streams, strict=True):
        if stream not in stories:
            recorded = log.read_stream(tenant_id, stream) if stream in known else []
            state_ = decider.replay(fact.event for fact in recorded)
            stories[stream] = Story(state_, len(recorded), [])
        story = stories[stream]
        try:
            require_references(entries, statement, unknown)
            facts = cast("list[AnyEvent]", decider.decide(story.state, statement))
        except Refused as refusal:
            results.append(Stated(changed=False, refusal=refusal))
            continue
        for fact in facts:
            story.state = decider.evolve(story.state, fact)
        story.facts += facts
        results.append(Stated(changed=bool(facts)))
    appends = [
        Append.of(stream, story.version, story.facts, cause)
        for stream, story in stories.items()
        if story.facts
    ]
    for outcome in log.append_each(tenant_id, appends):
        if isinstance(outcome, StreamMoved):
            raise outcome
    return results


class Story(msgspec.Struct):
    """An entry while many are stated: where it stands, and what is to be added."""

    state: Any
    version: int
    facts: list[AnyEvent]


def unknown_references(
    log: EventLog, tenant_id: str, entries: Entries, statements: Sequence[Command]
) -> set[str]:
    """Return the streams that the statements name and that do not exist, in one question."""
    named = {
        stream for statement in statements for stream in entries.references(statement).values()
    }
    return named - set(log.first_positions(tenant_id, sorted(named))) if named else set()


def require_references(entries: Entries, statement: Command, unknown: set[str]) -> None:
    """Refuse a statement that names an entry which is not there.

    Raises:
        NamedEntryUnknown: one of them is among the unknown streams.
    """
    for field, stream in entries.references(statement).items():
        if stream in unknown:
            noun = REFERENCES[field].noun
            raise NamedEntryUnknown(
                f"There is no {noun} {getattr(statement, field)}.", field=f"$.{field}"
            )
