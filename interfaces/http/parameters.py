"""Parameters that many routes share, and the request that decodes bodies straight into commands."""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import (
    BodyKwarg,
    HeaderParameter,
    PathParameter,
    QueryParameter,
    SkipValidation,
)

from domain.kernel import END, Instant
from domain.moments import NEWEST, OLDEST
from interfaces.http.credentials import Caller
from interfaces.http.limits import WAIT_FOR_STEP_FIRST_S, WAIT_FOR_STEP_LONGEST_S
from interfaces.http.problems import Rejected, invalid
from interfaces.wiring import Vedette
from projections.views import (
    PAGE_ROWS_MAX,
    WAIT_FOR_S_MAX,
    ReadModelBehind,
    Views,
)

T = TypeVar("T")

IDENTIFIER_PATTERN = r"^[A-Za-z0-9._:-]+" + END
POSITION_MAX = 2**63 - 1

TheCaller: TypeAlias = NamedDependency[SkipValidation[Caller]]
TheVedette: TypeAlias = NamedDependency[SkipValidation[Vedette]]
IdentifierFilter: TypeAlias = Annotated[
    str | None, QueryParameter(min_length=1, max_length=64, pattern=IDENTIFIER_PATTERN)
]
IdentifierPath: TypeAlias = Annotated[
    str, PathParameter(min_length=1, max_length=64, pattern=IDENTIFIER_PATTERN)
]
LimitParameter: TypeAlias = Annotated[
    int, QueryParameter(ge=1, le=PAGE_ROWS_MAX, description="Rows on one page.")
]
CursorParameter: TypeAlias = Annotated[
    str | None,
    QueryParameter(max_length=1_000, description="`next_cursor` of the page before."),
]
WaitForParameter: TypeAlias = Annotated[
    int | None,
    QueryParameter(
        ge=0,
        le=POSITION_MAX,
        description=(
            "A position, as a command answered it: the answer stands on it or on a later one. "
            f"Waits {WAIT_FOR_S_MAX:.0f} s at most."
        ),
    ),
]
# Texts, so that what is no moment is refused under the parameter's own name.
FromParameter: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="from",
        max_length=64,
        format="date-time",
        description="A moment with its zone; what ends later is listed.",
    ),
]
ToParameter: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="to",
        max_length=64,
        format="date-time",
        description="A moment with its zone; what starts earlier is listed.",
    ),
]
IfMatchParameter: TypeAlias = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        description="The version that the command is meant for; another one is answered 412.",
        pattern=r'^((W/)?"\d{1,18}"|\d{1,18}|\*)$',
    ),
]


def body(example: dict[str, Any]) -> BodyKwarg:
    """Declare a JSON body, with an example for the documentation."""
    return BodyKwarg(media_type="application/json", examples=[Example("Example", value=example)])


def version_of(if_match: str | None) -> int | None:
    """Return the version that an If-Match header names, or None where any will do."""
    if if_match is None or if_match == "*":
        return None
    return int(if_match.removeprefix("W/").strip('"'))


def moments(field: str, name: str, text: str | None) -> dict[str, datetime]:
    """Return the bound of a row's field that a parameter sets, none where it is not given.

    Raises:
        Rejected: it is no moment, has no zone, or lies where nothing is kept.
    """
    if text is None:
        return {}
    try:
        # A plus sign that nobody encoded has come as a space.
        moment: datetime = msgspec.convert(text.replace(" ", "+"), Instant)
    except msgspec.ValidationError as error:
        detail = f"{name} must be a moment with its zone, such as 2026-11-22T08:00:00Z."
        raise Rejected(400, "request.invalid", detail, field=name) from error
    if not OLDEST <= moment < NEWEST:
        span = f"from {OLDEST:%Y-%m-%d} on and before {NEWEST:%Y-%m-%d}"
        raise Rejected(400, "request.invalid", f"{name} must be {span}.", field=name)
    return {field: moment}


def require_order(since: Mapping[str, datetime], until: Mapping[str, datetime]) -> None:
    """Refuse a span that ends before it begins: it would hold nothing, and look as if nothing were there.

    Raises:
        Rejected: `from` is after `to`.
    """
    for begins in since.values():
        for ends in until.values():
            if begins > ends:
                raise Rejected(400, "request.invalid", "from must not be after to.", field="from")


class CommandRequest(Request[Any, Any, Any]):
    """A request whose JSON body is decoded strictly into the type that its handler takes.

    The framework would decode into plain values first and convert those leniently: "51.5" would
    pass for a number, and the path of the field to blame would be lost.
    """

    async def body(self) -> bytes:
        """Return the body; a command without fields may leave it out."""
        content = await super().body()
        field = self.route_handler.parsed_data_field
        if content or field is None or not is_without_fields(field.annotation):
            return content
        return b"{}"

    async def json(self) -> Any:
        """Return the body in the type of the handler's `data`.

        Raises:
            Rejected: it breaks a rule of the type.
            msgspec.DecodeError: it is not JSON.
        """
        content = await self.body()
        field = self.route_handler.parsed_data_field
        assert field is not None, "Only a handler that takes a body asks for one."
        try:
            return decoded(msgspec.json.Decoder(field.annotation), content)
        except msgspec.ValidationError as error:
            raise Rejected.of(invalid(error, field.annotation)) from error


def is_without_fields(kind: Any) -> bool:
    """Return whether a type is a Struct that has nothing to say but its name."""
    is_struct = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    return is_struct and not msgspec.structs.fields(kind)


def decoded(decoder: msgspec.json.Decoder[T], content: bytes) -> T:
    """Return what a body says.

    Raises:
        Rejected: it is not UTF-8, or nested too deeply to be meant well.
        msgspec.ValidationError: it breaks a rule of the type.
        msgspec.DecodeError: it is not JSON.
    """
    try:
        return decoder.decode(content)
    except UnicodeDecodeError as error:
        raise Rejected(400, "request.malformed", "The body is not UTF-8.") from error
    except RecursionError as error:
        raise Rejected(400, "request.malformed", "The body is nested too deeply.") from error


async def wait_until(views: Views, projection: str, tenant_id: str, position: int | None) -> None:
    """Wait until a read model has reached a position, without holding a thread meanwhile.

    Raises:
        ReadModelBehind: it had not after WAIT_FOR_S_MAX seconds.
    """
    if position is None:
        return
    deadline = time.monotonic() + WAIT_FOR_S_MAX
    step_s = WAIT_FOR_STEP_FIRST_S
    while await sync_to_thread(views.reached, projection, tenant_id) < position:
        if time.monotonic() + step_s > deadline:
            raise ReadModelBehind(projection, position)
        await asyncio.sleep(step_s)
        step_s = min(step_s * 1.5, WAIT_FOR_STEP_LONGEST_S)
