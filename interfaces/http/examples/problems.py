"""The problems: what a status looks like at a door, made by the very errors that are raised there."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.exceptions import HTTPException
from msgspec.structs import replace

from application.handling import VersionMismatch
from application.ports import LogUnavailable, StreamMoved
from application.principals import InvalidCredentials
from domain.access.api_key import ApiKeyIsTaken
from domain.alert.lifecycle import AlertIsOver
from domain.directory.device import DeviceKindIsFixed
from domain.finding.finding import FindingIsOver
from domain.incident.lifecycle import IncidentIsOver
from domain.kernel import Refused
from domain.ticket.refusals import TicketIsOver
from domain.tuning.threshold import NothingToRevert
from interfaces.http.credentials import lacking
from interfaces.http.examples.fraud import TICKET
from interfaces.http.examples.story import named
from interfaces.http.limits import READINGS, TooManyRequests
from interfaces.http.problems import Problem, invalid, problem_of
from interfaces.http.reading import NotFound
from projections.ticket_board import TICKET_BOARD
from projections.views import MalformedCursor, ReadModelBehind

#: What every door may answer.
EVERYWHERE: tuple[Exception, ...] = (
    InvalidCredentials(),
    NotFound("There is no such thing here."),
    VersionMismatch(f"ticket-{TICKET}", 3, 4),
    HTTPException(status_code=413),
    TooManyRequests(READINGS, 2),
    Exception(),
    LogUnavailable(),
    ReadModelBehind(TICKET_BOARD.name, 54),
)
#: The rules that commands meet most, by the tag of their doors.
REFUSALS: Mapping[str, Refused] = {
    "Access": ApiKeyIsTaken("This id was given to a key before; issue a new one."),
    "Alerts": AlertIsOver("The alert is resolved; reopen it first."),
    "Baselines": NothingToRevert("No tuning of phone_interactions can be taken back."),
    "Directory": DeviceKindIsFixed("A device cannot become another kind of device."),
    "Findings": FindingIsOver("The finding is resolved or withdrawn."),
    "Incidents": IncidentIsOver("The incident is RESOLVED."),
    "Tickets": TicketIsOver("The ticket is CLOSED; reopen it first."),
}


def problems_of(status: int, tag: str, wanted: Any, body: Any) -> dict[str, Problem]:
    """Return what a status may mean at a door, by name.

    `tag` is its family, `wanted` what it asks of its callers, and `body` the type that it takes.
    """
    errors = [*EVERYWHERE, *([REFUSALS[tag]] if tag in REFUSALS else [])]
    if body is None:
        errors.append(MalformedCursor("This is no cursor of this list."))
    else:
        errors += [StreamMoved("", 4), not_json()]
    shown = {each.code: each for each in map(answered, errors) if each.status == status}
    if status == HTTPStatus.FORBIDDEN:
        shown[f"capability.missing.{wanted.replace(':', '.')}"] = lacking(wanted).problem
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        broken = invalid(misfit(body), body)
        shown[f"{broken.code}.{str(broken.field).removeprefix('$.')}"] = broken
    return shown


def answered(error: Exception) -> Problem:
    """Return the problem that an error is to the client; what is our own fault can be looked up."""
    found, _ = problem_of(error)
    if found.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return found
    return replace(found, correlation_id=str(named("call")))


def not_json() -> msgspec.DecodeError:
    """Return what is wrong with a body that is cut off."""
    try:
        msgspec.json.decode(b"{")
    except msgspec.DecodeError as error:
        return error
    raise AssertionError("Half an object is no JSON.")


def misfit(body: Any) -> msgspec.ValidationError:
    """Return what is wrong with a body that lacks a field, or has one that there is not."""
    for wrong in (b"{}", b'{"unheard_of": 1}'):
        try:
            msgspec.json.decode(wrong, type=body)
        except msgspec.ValidationError as error:
            return error
    raise AssertionError(f"{body} takes anything.")
