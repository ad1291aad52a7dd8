"""Working: what every door that hands commands on has in common."""

from domain.access import user_stream
from interfaces.http.credentials import Caller
from interfaces.http.envelope import Envelope, Reached
from interfaces.http.problems import Rejected
from interfaces.http.reading import NotFound
from interfaces.wiring import Vedette


def reached(vedette: Vedette, caller: Caller, position: int | None) -> Envelope[Reached]:
    """Return the answer to a command: where the log stands after it."""
    stands = vedette.log.head(caller.tenant_id).position if position is None else position
    return Envelope(data=Reached(position=position), position=stands)


def require_visible(
    vedette: Vedette, caller: Caller, stream_id: str, *, field: str | None = None
) -> None:
    """Refuse what is not there, and what is at a site that the caller may not see.

    The stream is asked, not a read model: what was opened a moment ago can be worked on now.

    Raises:
        NotFound: it is not there for this caller.
    """
    facts = vedette.log.read_stream(caller.tenant_id, stream_id)
    if not facts or not caller.principal.sees(getattr(facts[0].event, "site_id", None)):
        raise NotFound("There is no such thing here.", field=field)


def require_user(vedette: Vedette, caller: Caller, username: str, *, field: str) -> None:
    """Refuse a username that nobody has.

    Raises:
        Rejected: nobody was enrolled under this name.
    """
    stream = user_stream(username)
    if not vedette.log.first_positions(caller.tenant_id, [stream]):
        raise Rejected(422, "user.unknown", f"There is no user {username}.", field=field)


def require_site(caller: Caller, site_id: str | None, *, field: str | None = None) -> None:
    """Refuse to touch what is outside the caller's sites.

    Raises:
        NotFound: the site, or its absence, is not theirs.
    """
    if not caller.principal.sees(site_id):
        raise NotFound("There is no such thing here.", field=field)
