"""Time zones: names of the IANA database, checked before they stand in a fact."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from domain.kernel import END, Refused

#: A name of the IANA time zone database, such as Europe/London.
TimeZoneName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+" + END)
]

#: Names in many copies of the database that say no place, or mean another zone on every machine:
#: two processes would judge one attendance by different clocks.
NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})
COPIES = ("posix/", "right/")  # the whole database again, and once more with leap seconds


class TimeZoneUnknown(Refused):
    """The name is not in the IANA time zone database."""

    code = "time_zone.unknown"


@lru_cache(maxsize=1_024)
def zone_named(name: str) -> ZoneInfo:
    """Return a zone of the database. ZoneInfo itself remembers only eight that nobody holds, and a
    tenant with sites in more of them would read files for every signal."""
    return ZoneInfo(name)


def require_time_zone(name: str) -> None:
    """Refuse a name that is not in the IANA time zone database.

    The database of this machine is asked when a wish is decided, never when a fact is replayed: a
    zone that the database drops one day leaves the past readable.

    Raises:
        TimeZoneUnknown: the database does not know the name, or not as a place's zone.
    """
    unknown = TimeZoneUnknown(
        f"{name!r} is not a time zone; use a name like Europe/London.", field="$.time_zone"
    )
    if name in NO_PLACES or name.startswith(COPIES):
        raise unknown
    try:
        ZoneInfo(name)
    # An OSError tells of a folder, such as Europe; a ValueError of a path out of the database.
    except (KeyError, ValueError, OSError) as error:
        raise unknown from error
