"""Signals: the door through which the field reports, one signal or a thousand at a time.

The fast path decodes a whole batch in one go. Only when that fails is each item looked at alone,
so that every bad one gets its own problem and the good ones are kept.
"""

from typing import Any

import msgspec
from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import RawBody, SkipValidation

from application.ingestion import BATCH_SIGNALS_MAX, Giver, Taken, TakenAs
from application.signals import Signal
from domain.access import Capability
from domain.kernel import Refused
from interfaces.http import limits
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope
from interfaces.http.parameters import decoded
from interfaces.http.problems import (
    OF_EVERY_DOOR,
    Problem,
    Rejected,
    invalid,
    malformed,
    problems,
    refusal,
)
from interfaces.wiring import Vedette

NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")


class SignalResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one item: the position of its fact, or the problem with it."""

    index: int
    status: TakenAs
    signal_id: str | None = None
    position: int | None = None
    late: bool = False  # accepted, but more than 7 days after it happened, so it judges nothing
    problem: Problem | None = None
    line: int | None = None  # of an NDJSON body, from 1


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch, item by item, in the order in which they were sent."""

    accepted: int
    duplicates: int
    refused: int
    results: list[SignalResult]


class Item(msgspec.Struct):
    """One item on its way in: a signal, or why it is none."""

    signal: Signal | None = None
    problem: Problem | None = None
    line: int | None = None


one: msgspec.json.Decoder[Signal] = msgspec.json.Decoder(Signal)
many: msgspec.json.Decoder[list[Signal]] = msgspec.json.Decoder(list[Signal])
many_raw = msgspec.json.Decoder(list[msgspec.Raw])
encode = msgspec.json.Encoder().encode


class SignalController(Controller):
    path = "/api/v2/noc/signals"
    tags = ("Signals",)

    @post(
        "/",
        status_code=200,
        opt=needs(Capability.SIGNALS_WRITE, limits.SIGNALS),
        responses={
            200: ResponseSpec(
                Envelope[BatchResult] | Envelope[SignalResult],
                generate_examples=False,
                description="A batch, item by item; or a single signal that was known already.",
            ),
            201: ResponseSpec(
                Envelope[SignalResult],
                generate_examples=False,
                description="A single signal was accepted.",
            ),
            **problems(*OF_EVERY_DOOR, 404, 413, 422),
        },
        sync_to_thread=True,
        summary="Report signals",
    )
    def take(
        self,
        *,
        request: Request[Any, Any, Any],
        body: RawBody,
        caller: NamedDependency[SkipValidation[Caller]],
        vedette: NamedDependency[SkipValidation[Vedette]],
    ) -> Response[bytes]:
        """Take one signal, a JSON array, or NDJSON of up to 1,000 signals and 2 MiB.

        Every item has its own result, and good items of a bad batch are kept. A signal that was
        taken before is answered as a duplicate with the position of the first, for ever; so
        sending again what was not answered is always safe.
        """
        principal = caller.principal
        giver = Giver(principal.tenant_id, principal.subject, principal.site_scope)
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type in NDJSON:
            return take_batch(vedette, giver, ndjson_items(body))
        first = body.lstrip()[:1]
        if first == b"[":
            return take_array(vedette, giver, body)
        return take_single(vedette, giver, body)


def take_array(vedette: Vedette, giver: Giver, body: bytes) -> Response[bytes]:
    try:
        signals = decoded(many, body)
    except msgspec.ValidationError:
        return take_batch(vedette, giver, array_items(body))
    require_size(len(signals))
    taken = vedette.intake.take(giver, signals)
    results = [
        result_of(index, signal, each)
        for index, (signal, each) in enumerate(zip(signals, taken, strict=True))
    ]
    return answer_batch(vedette, giver, results)


def take_batch(vedette: Vedette, giver: Giver, items: list[Item]) -> Response[bytes]:
    """Take the items that are signals; the others keep the problem that they have."""
    require_size(len(items))
    signals = [item.signal for item in items if item.signal is not None]
    taken = iter(vedette.intake.take(giver, signals) if signals else ())
    results = []
    for index, item in enumerate(items):
        if item.signal is None:
            assert item.problem is not None
            results.append(
                SignalResult(
                    index=index, status=TakenAs.REFUSED, problem=item.problem, line=item.line
                )
            )
        else:
            result = result_of(index, item.signal, next(taken), line=item.line)
            results.append(result)
    return answer_batch(vedette, giver, results)


def take_single(vedette: Vedette, giver: Giver, body: bytes) -> Response[bytes]:
    signal = decoded(one, body)
    (taken,) = vedette.intake.take(giver, [signal])
    if taken.refusal is not None:
        raise taken.refusal
    result = result_of(0, signal, taken)
    status_code = 201 if taken.status is TakenAs.ACCEPTED else 200
    envelope = Envelope(data=result, position=taken.position or 0)
    return Response(encode(envelope), status_code=status_code, media_type="application/json")


def answer_batch(vedette: Vedette, giver: Giver, results: list[SignalResult]) -> Response[bytes]:
    counts = dict.fromkeys(TakenAs, 0)
    reached = 0
    for result in results:
        counts[result.status] += 1
        if result.position is not None and result.position > reached:
            reached = result.position
    batch = BatchResult(
        accepted=counts[TakenAs.ACCEPTED],
        duplicates=counts[TakenAs.DUPLICATE],
        refused=counts[TakenAs.REFUSED],
        results=results,
    )
    position = reached or vedette.log.head(giver.tenant_id).position
    return Response(encode(Envelope(data=batch, position=position)), media_type="application/json")


def result_of(index: int, signal: Signal, taken: Taken, *, line: int | None = None) -> SignalResult:
    found = None if taken.refusal is None else in_batch(taken.refusal, index, line)
    return SignalResult(
        index=index,
        signal_id=signal.signal_id,
        status=taken.status,
        position=taken.position,
        late=taken.late,
        problem=found,
        line=line,
    )


def in_batch(refused: Refused, index: int, line: int | None) -> Problem:
    found = refusal(refused)
    if line is not None or found.field is None:
        return found
    return msgspec.structs.replace(found, field=f"$[{index}]{found.field.removeprefix('$')}")


def array_items(body: bytes) -> list[Item]:
    """Return the items of a JSON array in which at least one is not a signal."""
    raw = decoded(many_raw, body)
    require_size(len(raw))
    return [item_of(bytes(each), below=f"$[{index}]") for index, each in enumerate(raw)]


def ndjson_items(body: bytes) -> list[Item]:
    """Return the items of an NDJSON body, one a line; blank lines are none."""
    numbered = [(n, line) for n, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    require_size(len(numbered))
    return [item_of(line, below="$", line=n) for n, line in numbered]


def item_of(raw: bytes, *, below: str, line: int | None = None) -> Item:
    try:
        return Item(signal=decoded(one, raw), line=line)
    except msgspec.ValidationError as error:
        return Item(problem=invalid(error, Signal, below=below), line=line)
    except msgspec.DecodeError as error:
        return Item(problem=malformed(error), line=line)
    except Rejected as error:
        return Item(problem=error.problem, line=line)


def require_size(items: int) -> None:
    """Refuse a batch of no item or of too many.

    Raises:
        Rejected: the batch is of another size than one may be.
    """
    if items == 0:
        raise Rejected(422, "signals.none", "A batch has at least one signal.", field="$")
    if items > BATCH_SIGNALS_MAX:
        raise Rejected(
            413,
            "signals.too_many",
            f"A batch has up to {BATCH_SIGNALS_MAX} signals; this one has {items}.",
        )
