"""Holders: users and keys as lists, for whoever manages them. No answer holds a secret or its hash.

The doors in `access.py`, where something is done to them, stand on these: an address has one controller.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Controller, get
from litestar.concurrency import sync_to_thread
from litestar.params import FromQuery

from domain.access import Capability, Role, key_stream, user_stream
from interfaces import wiring
from interfaces.http.credentials import needs, require_every_site
from interfaces.http.envelope import Envelope, Items
from interfaces.http.parameters import (
    CursorParameter,
    IdentifierFilter,
    IdentifierPath,
    LimitParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
)
from interfaces.http.problems import OF_LISTS
from interfaces.http.reading import (
    TimelineEntry,
    filters,
    page_of,
    story_of,
    timeline_of,
    visible_row,
)
from projections.access import (
    KEYS,
    USERS,
    KeyShown,
    KeyStatus,
    UserRow,
    UserStatus,
    key_shown,
)
from projections.views import PAGE_ROWS_DEFAULT

MANAGE = needs(Capability.ACCESS_MANAGE)
MOMENT = timedelta(microseconds=1)


class UserStory(UserRow, frozen=True, kw_only=True):
    """A user and everything that was decided about it, oldest first."""

    timeline: list[TimelineEntry]


class KeyStory(KeyShown, frozen=True, kw_only=True):
    """A key and everything that was decided about it, oldest first."""

    timeline: list[TimelineEntry]


class UserReading(Controller):
    path = "/api/v2/noc/access/users"
    guards = (require_every_site,)
    tags = ("Access",)

    @get("/", opt=MANAGE, responses=OF_LISTS, summary="List users")
    async def list_users(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[UserStatus | None] = None,
        role: FromQuery[Role | None] = None,
        person_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[UserRow]]:
        """List users, suspended ones as well, who was enrolled last first."""
        return await page_of(
            vedette,
            USERS,
            caller,
            filters(status=status, person_id=person_id),
            holding=filters(roles=role),
            limit=limit,
            cursor=cursor,
            wait_for=wait_for,
        )

    @get("/{username:str}/", opt=MANAGE, responses=OF_LISTS, summary="One user")
    async def one_user(
        self,
        *,
        username: IdentifierPath,
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[UserStory]:
        """Show a user and its timeline: what was decided, when and by whom."""
        stream = user_stream(username)
        return await story_of(vedette, USERS, caller, stream, UserStory, wait_for=wait_for)


class KeyReading(Controller):
    path = "/api/v2/noc/access/keys"
    guards = (require_every_site,)
    tags = ("Access",)

    @get("/", opt=MANAGE, responses=OF_LISTS, summary="List keys")
    async def list_keys(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[KeyStatus | None] = None,
        role: FromQuery[Role | None] = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[KeyShown]]:
        """List keys, expired and revoked ones as well, the last issued first. Their texts are kept nowhere."""
        now = wiring.now()
        page = await page_of(
            vedette,
            KEYS,
            caller,
            holding=filters(roles=role),
            limit=limit,
            cursor=cursor,
            wait_for=wait_for,
            **standing(status, now),
        )
        shown = [key_shown(row, now) for row in page.data.items]
        return Envelope(
            data=Items(items=shown, next_cursor=page.data.next_cursor), position=page.position
        )

    @get("/{key_id:str}/", opt=MANAGE, responses=OF_LISTS, summary="One key")
    async def one_key(
        self,
        *,
        key_id: IdentifierPath,
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[KeyStory]:
        """Show a key and its timeline: what was decided, when and by whom."""
        found = await visible_row(vedette, KEYS, caller, key_id, wait_for=wait_for)
        timeline = await sync_to_thread(timeline_of, vedette, caller, key_stream(key_id))
        shown = key_shown(found.row, wiring.now())
        story = KeyStory(**msgspec.structs.asdict(shown), timeline=timeline)
        return Envelope(data=story, position=found.position)


def standing(status: KeyStatus | None, now: datetime) -> dict[str, Any]:
    """Return the filters and bounds of the keys that stand so at a moment."""
    match status:
        case None:
            return {"equal": {}}
        case KeyStatus.REVOKED:
            return {"equal": {"revoked": "true"}}
        case KeyStatus.VALID:
            return {"equal": {"revoked": "false"}, "above": {"expires_at": now}}
        case KeyStatus.EXPIRED:
            # One that expires at this very moment opens nothing any more.
            return {"equal": {"revoked": "false"}, "below": {"expires_at": now + MOMENT}}
