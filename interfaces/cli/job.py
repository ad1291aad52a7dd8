"""`vedette job`: long work asked for, and what became of it."""

from __future__ import annotations

import msgspec
from cyclopts import App

from application.jobs import JobStanding, jobs_of, request_verification
from domain.catalogue import AnyRecorded, tag_of
from domain.operations import VerificationFailed, VerificationPassed, VerificationRequested
from interfaces.cli.answering import JsonOption, TenantOption, by_hand, opened, show
from interfaces.wiring import Vedette

FACTS_PER_READ = 5_000
TYPES = [tag_of(fact) for fact in (VerificationRequested, VerificationPassed, VerificationFailed)]

app = App(name="job", help="Ask for long work, and see what became of it.")


@app.command
def verify(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Ask a worker to verify the tenant's whole chain; `vedette job list` shows the answer."""
    with opened(tenant) as vedette:
        job_id, position = request_verification(vedette.log, tenant, by_hand())
    if as_json:
        print(msgspec.json.encode({"job_id": job_id, "position": position}).decode())
    else:
        print(f"Verification {job_id} is requested (position {position}).")


@app.command(name="list")
def list_(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """List a tenant's jobs, newest first, with their answers."""
    with opened(tenant) as vedette:
        jobs = jobs_in(vedette, tenant)
    columns = ["job_id", "job", "state", "requested_by", "requested_at", "answered_at", "outcome"]
    show(jobs, columns, as_json=as_json)


def jobs_in(vedette: Vedette, tenant: str) -> list[JobStanding]:
    """Return every job that the tenant's log tells of."""
    head = vedette.log.head(tenant).position
    story: list[AnyRecorded] = []
    reached = 0
    while reached < head:
        facts, reached = vedette.log.read_types(tenant, reached, TYPES, FACTS_PER_READ)
        story += facts
    return jobs_of(story)
