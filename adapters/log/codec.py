"""The stored form of a fact: the exact JSON bytes that the hash covers."""

from __future__ import annotations

import msgspec

from adapters.log.upcasts import UPCASTS
from application.ports import EVENT_BYTES_MAX
from domain.catalogue import AnyEvent
from domain.kernel import Event

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class FactTooLarge(ValueError):
    """A fact is larger than one row of the log may be."""


class UnreadableFact(ValueError):
    """A stored fact that this release cannot read: unknown type or a damaged payload."""


def encode(event: Event) -> bytes:
    """Return the bytes to store.

    Raises:
        FactTooLarge: more than EVENT_BYTES_MAX bytes.
    """
    data = _encoder.encode(event)
    if len(data) > EVENT_BYTES_MAX:
        raise FactTooLarge(f"A fact has {len(data)} bytes; the limit is {EVENT_BYTES_MAX}.")
    return data


def decode(type_: str, data: bytes) -> AnyEvent:
    """Return the fact that these bytes state, in today's shape.

    Raises:
        UnreadableFact: the bytes fit no fact of the catalogue.
    """
    try:
        upcast = UPCASTS.get(type_)
        if upcast is None:
            return _decoder.decode(data)
        fact: AnyEvent = msgspec.convert(upcast(msgspec.json.decode(data)), AnyEvent)
        return fact
    except msgspec.DecodeError as error:
        raise UnreadableFact(f"A stored {type_} cannot be read: {error}") from error
