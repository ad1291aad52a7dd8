"""Person: a guard, under the tenant's own number, whose name and phone can be hidden later."""

from __future__ import annotations

from typing import TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from domain.kernel import Command, Decider, Event, Identifier, PersonalName, PersonalPhone


class PersonEnrolled(Event, frozen=True, tag="person.enrolled"):
    """A guard became known to Vedette. Stated by whoever keeps the directory; it gives no access to Vedette itself."""

    person_id: Identifier
    name: PersonalName
    phone: PersonalPhone | None = None
    site_id: Identifier | None = None  # the home site


class PersonRenamed(Event, frozen=True, tag="person.renamed"):
    """A guard's name was corrected or has changed. The identifier stays."""

    name: PersonalName


class PersonPhoneCorrected(Event, frozen=True, tag="person.phone_corrected"):
    """A guard is reached under another number, or under none any more."""

    phone: PersonalPhone | None


class PersonStationed(Event, frozen=True, tag="person.stationed"):
    """A guard got another home site, or none. It does not mean that the guard is there now."""

    site_id: Identifier | None


PersonAmendment: TypeAlias = PersonRenamed | PersonPhoneCorrected | PersonStationed
PersonEvent: TypeAlias = PersonEnrolled | PersonAmendment


class EnrolPerson(Command, frozen=True):
    """Make a guard known, or bring what is known of one up to this content."""

    person_id: Identifier
    name: PersonalName
    phone: PersonalPhone | None = None
    site_id: Identifier | None = None


PersonCommand: TypeAlias = EnrolPerson


class Person(msgspec.Struct, frozen=True):
    """What the next decision needs to know: the content that stands, if the person is known."""

    content: PersonEnrolled | None = None


def decide(person: Person, command: PersonCommand) -> list[PersonEvent]:
    """Answer with what differs between the content that stands and the wanted one."""
    known = person.content
    if known is None:
        return [
            PersonEnrolled(
                person_id=command.person_id,
                name=command.name,
                phone=command.phone,
                site_id=command.site_id,
            )
        ]
    facts: list[PersonEvent] = []
    if command.name != known.name:
        facts.append(PersonRenamed(name=command.name))
    if command.phone != known.phone:
        facts.append(PersonPhoneCorrected(phone=command.phone))
    if command.site_id != known.site_id:
        facts.append(PersonStationed(site_id=command.site_id))
    return facts


def evolve(person: Person, event: PersonEvent) -> Person:
    """Fold one fact into the state."""
    if isinstance(event, PersonEnrolled):
        return Person(content=event)
    # Nothing comes before the enrolment; a history where something does is corrupt and stops.
    assert person.content is not None, f"{event} stands before its person was enrolled."
    return Person(content=amended(person.content, event))


def amended(content: PersonEnrolled, event: PersonAmendment) -> PersonEnrolled:
    """Return the content as it stands after a fact."""
    match event:
        case PersonRenamed(name=name):
            return replace(content, name=name)
        case PersonPhoneCorrected(phone=phone):
            return replace(content, phone=phone)
        case PersonStationed(site_id=site_id):
            return replace(content, site_id=site_id)
        case _:
            assert_never(event)


PERSON = Decider(initial=Person(), decide=decide, evolve=evolve)


def person_stream(person_id: str) -> str:
    """Return the stream that tells a person's story."""
    return f"person-{person_id}"
