"""Problems: the one place where errors meet HTTP statuses, as RFC 9457 problem details."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec
import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec

from application.accepting import SignalRefused
from application.handling import VersionMismatch
from application.ports import LogUnavailable, NoSuchTenant, StreamMoved
from application.principals import InvalidCredentials
from application.wording import broken, worded
from domain.directory.time_zone import TimeZoneUnknown
from domain.kernel import Refused, Senseless, Unknown
from domain.ticket.refusals import WaitingUntilIsNoDate, WaitingUntilIsPast, WaitingUntilNeedsZone
from interfaces.http.correlation import correlation_of
from interfaces.http.limits import BODY_BYTES_MAX, TooManyRequests
from projections.views import MalformedCursor, ReadModelBehind

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1  # where the database does not answer

AnyRequest: TypeAlias = Request[Any, Any, Any]

# The nearest ancestor decides.
REFUSAL_STATUSES: Mapping[type[Refused], int] = {
    SignalRefused: 422,
    Senseless: 422,
    TimeZoneUnknown: 422,
    WaitingUntilIsNoDate: 422,
    WaitingUntilIsPast: 422,
    WaitingUntilNeedsZone: 422,
    Unknown: 404,
    Refused: 409,
}
# What the router and the framework say on their own.
FRAMEWORK_CODES = {
    400: "request.malformed",
    404: "route.unknown",
    405: "method.not_allowed",
    413: "request.too_large",
    415: "request.media_type_unknown",
}

NO_DATABASE = (
    503,
    "database.unavailable",
    "The database does not answer; try again shortly.",
    {"Retry-After": str(RETRY_AFTER_S)},
)
# Errors whose every instance says the same to the client.
FIXED: Mapping[type, tuple[int, str, str, Mapping[str, str]]] = {
    StreamMoved: (
        409,
        "stream.moved",
        "Somebody else was faster; look again and decide afresh.",
        {},
    ),
    InvalidCredentials: (
        401,
        "credentials.invalid",
        "Nobody is let in on these credentials.",
        {"WWW-Authenticate": "Bearer"},
    ),
    NoSuchTenant: (404, "tenant.unknown", "There is no such tenant.", {}),
    LogUnavailable: NO_DATABASE,
    psycopg.OperationalError: NO_DATABASE,
}

_journal = structlog.get_logger(__name__)


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong, in the words of RFC 9457; `code` is stable, `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None  # JSON path into the body, or name of the parameter, to blame
    correlation_id: str | None = None  # where only our log can tell more


class Rejected(Exception):
    """A request that a door turns away by itself, before any rule of the domain was asked."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = problem(status, code, detail, field)
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, found: Problem) -> "Rejected":
        """Return what turns a request away with a problem that is known already."""
        return cls(found.status, found.code, found.detail, field=found.field)


def problem(status: int, code: str, detail: str, field: str | None = None) -> Problem:
    """Return the problem of a code; its title is the code in words, so it never varies."""
    title = code.replace(".", ": ").replace("_", " ").capitalize()
    return Problem(
        type=f"urn:vedette:problem:{code}",
        title=title,
        status=status,
        detail=detail or title,
        code=code,
        field=field,
    )


def refusal(refused: Refused) -> Problem:
    """Return the problem that a rule of the domain is at the door."""
    status = next(
        REFUSAL_STATUSES[kind] for kind in type(refused).mro() if kind in REFUSAL_STATUSES
    )
    return problem(status, refused.code, str(refused), refused.field)


NAMED = re.compile(r"(?:missing required|contains unknown) field `(?P<name>[^`]*)`")
MISSING = re.compile(r"^Missing required \w+ parameter '(?P<name>[^']*)'")


def invalid(error: msgspec.ValidationError, kind: Any = None, *, below: str = "$") -> Problem:
    """Return the problem of a body that breaks a rule, with the JSON path of the field to blame.

    `kind` is the type that was wanted; with it the values are named that would have been right.
    """
    path, rule = broken(error, kind)
    if named := NAMED.search(rule):
        path = f"{path}.{named['name']}"
    return problem(422, "request.invalid", f"{rule}.", below + path.removeprefix("$"))


def malformed(error: msgspec.DecodeError) -> Problem:
    """Return the problem of a body that is not JSON at all."""
    return problem(400, "request.malformed", f"The body is not JSON: {error}.")


def problem_of(error: Exception, parameters: Any = None) -> tuple[Problem, dict[str, str]]:
    """Return the problem that an error is to the client, and the headers that go with it.

    `parameters` is the type of all that the route takes, where there is one.
    """
    if fixed := next((FIXED[kind] for kind in type(error).mro() if kind in FIXED), None):
        status, code, detail, headers = fixed
        return problem(status, code, detail), dict(headers)
    match error:
        case Rejected():
            return error.problem, error.headers
        case Refused():
            return refusal(error), {}
        case VersionMismatch():
            return problem(412, "version.mismatch", str(error)), {}
        case TooManyRequests(retry_after_s=seconds):
            return problem(429, "rate.exceeded", str(error)), {"Retry-After": str(seconds)}
        case msgspec.ValidationError():
            return invalid(error), {}
        case msgspec.DecodeError():
            return malformed(error), {}
        case MalformedCursor():
            return problem(400, "cursor.malformed", str(error), "cursor"), {}
        case ReadModelBehind():
            return problem(504, "read_model.behind", str(error), "wait_for"), {}
        case ValidationException():
            return wrong_parameters(error, parameters), {}
        case HTTPException(status_code=status) if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return framework_problem(error), dict(error.headers or {})
        case _:
            return problem(
                500, "internal", "Something is wrong with Vedette; its log says more."
            ), {}


def wrong_parameters(error: ValidationException, parameters: Any) -> Problem:
    """Return the problem of query, path or header parameters that break their rules."""
    extra: list[Any] = error.extra if isinstance(error.extra, list) else []
    first: dict[str, str] = extra[0] if extra else {}
    if missing := MISSING.match(error.detail):
        name = missing["name"]
        return problem(400, "request.invalid", f"{name}: Must be given.", name)
    if not first:
        return problem(400, "request.invalid", error.detail)
    name = first["key"]
    rule = worded(first["message"], f"$.{name}", parameters)
    if name == "data":  # the framework found no body at all
        return problem(400, "request.malformed", "A JSON body is wanted.")
    if first.get("source") == "path":
        return problem(404, "route.unknown", f"{name}: {rule}.", name)
    return problem(400, "request.invalid", f"{name}: {rule}.", name)


def framework_problem(error: HTTPException) -> Problem:
    status = error.status_code
    code = FRAMEWORK_CODES.get(status, "request.refused")
    details = {
        404: "There is nothing at this address.",
        405: "This address does not take that method.",
        413: f"A body may have up to {BODY_BYTES_MAX} bytes.",
    }
    return problem(status, code, details.get(status) or error.detail)


def answer_with_problem(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Answer any error; what is our own fault goes to the log, and not to the client."""
    handler = request.scope.get("route_handler")
    found, headers = problem_of(error, getattr(handler, "signature_model", None))
    if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        correlation_id = str(correlation_of(request.scope))
        found = msgspec.structs.replace(found, correlation_id=correlation_id)
        _journal.error(
            "request_failed",
            method=request.method,
            path=request.scope.get("path_template") or request.url.path,
            code=found.code,
            correlation_id=correlation_id,
            exc_info=error if found.status == HTTPStatus.INTERNAL_SERVER_ERROR else None,
            error=None if found.status == HTTPStatus.INTERNAL_SERVER_ERROR else str(error),
        )
    return Response(
        msgspec.json.encode(found),
        status_code=found.status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


DESCRIPTIONS = {
    400: "The request cannot be read, or a parameter breaks its rule.",
    401: "There is no credential, or nobody is let in on it.",
    403: "The credential does not carry the capability that this route asks for.",
    404: "There is no such thing in this tenant, or none that this credential may see.",
    409: "A rule refuses it, or somebody else was faster.",
    412: "It does not stand at the version of If-Match.",
    413: "More than one request may carry.",
    422: "The body breaks a rule; `field` says which field.",
    429: "Too many requests; Retry-After says when to go on.",
    500: "Our fault; our log says more under the correlation id.",
    503: "The database does not answer.",
    504: "The read model did not reach `wait_for` in time.",
}


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Declare the problems of a route, so that its documentation tells the truth."""
    return {
        status: ResponseSpec(
            Problem,
            generate_examples=False,
            description=DESCRIPTIONS[status],
            media_type=MEDIA_TYPE,
        )
        for status in sorted(statuses)
    }


OF_EVERY_DOOR = (400, 401, 403, 429, 500, 503)
OF_LISTS = problems(*OF_EVERY_DOOR, 404, 504)
OF_COMMANDS = problems(*OF_EVERY_DOOR, 404, 409, 412, 413, 422)
OF_WRITES = problems(*OF_EVERY_DOOR, 404, 409, 413, 422)
