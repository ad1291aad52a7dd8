"""`vedette log`: read a tenant's log, follow its tail, and verify that nobody changed it."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Iterator

import msgspec
from cyclopts import App

from application.ports import Head
from application.verification import Verdict
from domain.catalogue import AnyRecorded, tag_of
from interfaces import wiring
from interfaces.cli.answering import JsonOption, TenantOption, opened
from interfaces.cli.failing import CommandFailed
from interfaces.wiring import Vedette

FACTS_PER_READ = 1_000
POLL_S = 0.25
REMEMBERED = re.compile(r"(\d{1,18}):([0-9a-f]{64})")

app = App(name="log", help="Read, follow and verify a tenant's log.")


@app.command
def show(
    *positions: int,
    tenant: TenantOption,
    stream: str | None = None,
    story: int | None = None,
    as_json: JsonOption = False,
) -> None:
    """Show facts: those at the positions, those of a stream, or a whole story.

    Parameters
    ----------
    positions
        Where the facts stand in the tenant's log.
    stream
        Show this stream, such as ticket-… or signal-….
    story
        Show everything that the same request or signal led to as the fact at this position.
    """
    if (bool(positions) + (stream is not None) + (story is not None)) != 1:
        raise CommandFailed("Name positions, or a stream, or the position of a story.")
    with opened(tenant) as vedette:
        if stream is not None:
            facts = vedette.log.read_stream(tenant, stream)
            if not facts:
                raise CommandFailed(f"There is no stream {stream!r} in the log of {tenant}.")
        elif story is not None:
            facts = list(story_of(vedette, tenant, fact_at(vedette, tenant, story)))
        else:
            facts = [fact_at(vedette, tenant, position) for position in positions]
    tell(facts, as_json=as_json)


@app.command
def tail(
    *,
    tenant: TenantOption,
    after: int | None = None,
    lines: int = 10,
    follow: bool = True,
    as_json: JsonOption = False,
) -> None:
    """Show the newest facts, and go on with those that come. Ctrl-C ends it.

    Parameters
    ----------
    after
        Begin behind this position.
    lines
        Begin so many facts before the end, unless `--after` is given.
    follow
        With `--no-follow`: end where the log ends now.
    """
    with opened(tenant) as vedette:
        position = max(vedette.log.head(tenant).position - lines, 0) if after is None else after
        while True:
            facts = vedette.log.read(tenant, position, FACTS_PER_READ)
            tell(facts, as_json=as_json)
            if facts:
                position = facts[-1].position
            elif follow:
                time.sleep(POLL_S)
            else:
                return


@app.command
def verify(
    *, tenant: str | None = None, remembered: str | None = None, as_json: JsonOption = False
) -> int:
    """Recompute the chain of a tenant's log, or of all, and name the first bad position.

    The answer names the head: position and hash. Write it down where nobody can change it; given
    back with `--remembered`, it proves that no tail was cut off or written anew since.

    Parameters
    ----------
    tenant
        Only this tenant's log.
    remembered
        A head from an earlier verification, as POSITION:HASH.
    """
    head = None if remembered is None else parsed(remembered)
    if head is not None and tenant is None:
        raise CommandFailed("A remembered head belongs to one tenant; name it with --tenant.")
    with opened(tenant) as vedette:
        verifier = wiring.verifier(vedette)
        tenants = vedette.log.tenants() if tenant is None else [tenant]
        verdicts = []
        for name in tenants:
            verdict = verifier.verify(name, head)
            verdicts.append(verdict)
            if not as_json:
                say(verdict)
    if as_json:
        print(msgspec.json.encode([plainly(verdict) for verdict in verdicts]).decode())
    return 1 if any(verdict.fault is not None for verdict in verdicts) else 0


def fact_at(vedette: Vedette, tenant: str, position: int) -> AnyRecorded:
    facts = vedette.log.read(tenant, position - 1, 1) if position > 0 else []
    if not facts:
        raise CommandFailed(f"There is no position {position} in the log of {tenant}.")
    return facts[0]


def story_of(vedette: Vedette, tenant: str, fact: AnyRecorded) -> Iterator[AnyRecorded]:
    """Yield what bears the fact's correlation id, from the beginning of the story to its end."""
    first = fact
    while first.caused_by is not None:
        cause = fact_at(vedette, tenant, first.caused_by)
        if cause.correlation_id != fact.correlation_id:
            break
        first = cause
    position = first.position - 1
    while facts := vedette.log.read(tenant, position, FACTS_PER_READ):
        yield from (each for each in facts if each.correlation_id == fact.correlation_id)
        position = facts[-1].position


def parsed(remembered: str) -> Head:
    found = REMEMBERED.fullmatch(remembered.strip().lower())
    if found is None:
        raise CommandFailed("A remembered head is POSITION:HASH, with 64 hexadecimal digits.")
    return Head(int(found[1]), bytes.fromhex(found[2]), None)


def tell(facts: Iterable[AnyRecorded], *, as_json: bool) -> None:
    """Print facts, one line each for scripts, three for people."""
    for fact in facts:
        if as_json:
            print(msgspec.json.encode(fact).decode())
            continue
        because = "" if fact.caused_by is None else f"  because of {fact.caused_by}"
        data = msgspec.to_builtins(fact.event)
        del data["type"]
        print(
            f"{fact.position:>8}  {fact.recorded_at:%Y-%m-%d %H:%M:%S.%f}Z"
            f"  {tag_of(fact.event)}{because}\n"
            f"          {fact.stream_id} version {fact.version}, by {fact.actor}\n"
            f"          {msgspec.json.encode(data).decode()}"
        )
    sys.stdout.flush()


def say(verdict: Verdict) -> None:
    head = f"{verdict.head.position}:{verdict.head.hash.hex()}"
    if verdict.fault is None:
        print(f"{verdict.tenant_id}: {verdict.events} facts are right; remember {head}")
    else:
        fault = verdict.fault
        print(f"{verdict.tenant_id}: position {fault.position} is wrong. {fault.reason}")
        print(f"  What comes before is right: {verdict.events} facts, up to {head}")


def plainly(verdict: Verdict) -> dict[str, object]:
    """Return a verdict for scripts, its hash in the digits that `--remembered` takes."""
    return {
        "tenant_id": verdict.tenant_id,
        "events": verdict.events,
        "remember": f"{verdict.head.position}:{verdict.head.hash.hex()}",
        "fault": verdict.fault,
    }
