"""The kernel: what every fact, wish, refusal and aggregate has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import reduce
from typing import Annotated, Generic, TypeVar

import msgspec

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")

IDENTIFIER_CHARACTERS_MAX = 64
SHORT_TEXT_CHARACTERS_MAX = 200
LONG_TEXT_CHARACTERS_MAX = 4_000

# `$` alone also stands before a last line break, so "S-01" and "S-01\n" would both be good names.
END = r"$(?!\n)"
# PostgreSQL's text holds no NUL, and other control characters spoil what people read in one line.
ONE_LINE = r"^[^\u0000-\u001f\u007f]+" + END
SOME_LINES = r"^[^\u0000]+$"

Sha256Hex = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
#: A tenant's own name for a site, a person or a device.
Identifier = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=IDENTIFIER_CHARACTERS_MAX, pattern=r"^[A-Za-z0-9._:-]+" + END
    ),
]
#: One line that a person reads: a name, a title.
ShortText = Annotated[
    str, msgspec.Meta(min_length=1, max_length=SHORT_TEXT_CHARACTERS_MAX, pattern=ONE_LINE)
]
#: Some paragraphs that a person writes: a comment, a resolution.
LongText = Annotated[
    str, msgspec.Meta(min_length=1, max_length=LONG_TEXT_CHARACTERS_MAX, pattern=SOME_LINES)
]
#: A moment that says its zone; one without would mean something else on every machine.
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]  # degrees, WGS 84
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]  # degrees, WGS 84

#: Marks a field that tells who a human being is. Stored facts may encrypt such fields one day
#: without a change to the fact, and `docs/events.md` lists them.
PersonalName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=SHORT_TEXT_CHARACTERS_MAX,
        pattern=ONE_LINE,
        extra={"personal": True},
    ),
]
PersonalPhone = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=32, pattern=r"^[0-9+() -]+" + END, extra={"personal": True}
    ),
]

EMAIL_CHARACTERS_MAX = 254  # RFC 5321: what fits into a path, without its angle brackets
#: An address that a mail server takes without further ado. Quoted local parts and address
#: literals are legal and nobody's; what could break a header line has no place in it.
PersonalEmail = Annotated[
    str,
    msgspec.Meta(
        min_length=3,
        max_length=EMAIL_CHARACTERS_MAX,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
        + END,
        extra={"personal": True},
    ),
]


def shortened(text: str) -> str:
    """Return a text as one line that a ShortText can hold; what is too long ends in an ellipsis."""
    line = "".join(each for each in " ".join(text.split()) if each.isprintable())
    if len(line) <= SHORT_TEXT_CHARACTERS_MAX:
        return line
    return line[: SHORT_TEXT_CHARACTERS_MAX - 1] + "…"


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """A fact. The class tag is its public name: stored for ever, never reused."""


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wish. It may be refused; it is never stored."""


class Refused(Exception):
    """A command met a rule. `code` is stable and public; the message is for people."""

    code = "refused"
    field: str | None = None  # the JSON path of the field to blame, where one is

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Senseless(Refused):
    """The wish contradicts itself or names what does not exist, whatever it is wished for."""

    code = "senseless"


class Unknown(Refused):
    """The wish is for something that does not exist in this tenant."""

    code = "unknown"


class Decider(msgspec.Struct, Generic[C, S, E], frozen=True):
    """An aggregate as two pure functions and the state before any event."""

    initial: S
    decide: Callable[[S, C], list[E]]
    evolve: Callable[[S, E], S]

    def replay(self, events: Iterable[E]) -> S:
        """Fold a stream, oldest fact first, into the state that the next decision needs."""
        return reduce(self.evolve, events, self.initial)
