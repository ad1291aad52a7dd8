"""Service levels, rules of assignment, the escalation address, and the record of mail."""

from typing import Annotated

import msgspec
from litestar import Controller, get, put
from litestar.params import FromPath, FromQuery, SkipValidation

from application.handling import handle, standing
from domain.access import Capability
from domain.assignment import (
    ASSIGNMENT_RULES,
    ASSIGNMENT_STREAM,
    AssignmentRule,
    AssignTo,
    LayDownAssignmentRules,
)
from domain.mail import (
    ESCALATION_ADDRESS,
    ESCALATION_ADDRESS_STREAM,
    GiveEscalationAddress,
    MailKind,
)
from domain.service_level.facts import Hours, TargetS
from domain.service_level.levels import (
    SERVICE_LEVELS,
    SERVICE_LEVELS_STREAM,
    Levels,
    SetServiceLevel,
)
from domain.ticket import Priority
from interfaces.http.credentials import needs, require_every_site
from interfaces.http.envelope import Envelope, Items, Reached
from interfaces.http.parameters import (
    CursorParameter,
    LimitParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
    body,
)
from interfaces.http.problems import OF_LISTS, OF_WRITES
from interfaces.http.reading import filters, page_of
from interfaces.http.working import reached, require_registered, require_user
from projections.mails import MAILS, MailRow, MailState
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.TICKETS_VIEW)
MANAGE = needs(Capability.SERVICE_LEVELS_MANAGE)


class LevelContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How soon tickets of a priority are to be taken on and done."""

    acknowledge_s: TargetS
    resolve_s: TargetS
    hours: Hours = Hours.ALWAYS


class LevelShown(LevelContent, frozen=True, kw_only=True):
    """The service level of a priority as it stands."""

    priority: Priority


class RulesShown(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of assignment; the first that fits decides."""

    rules: tuple[AssignmentRule, ...]


class AddressShown(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail about escalated and critical tickets goes; null means nowhere."""

    email: str | None


class ServiceLevelController(Controller):
    path = "/api/v2/noc/service-levels"
    tags = ("Service levels",)

    @get("/", opt=VIEW, responses=OF_LISTS, sync_to_thread=True)
    def list_levels(self, *, caller: TheCaller, vedette: TheVedette) -> Envelope[list[LevelShown]]:
        """List the service level of each priority, the most pressing first."""
        levels = standing(vedette.log, caller.tenant_id, SERVICE_LEVELS, SERVICE_LEVELS_STREAM)
        return Envelope(data=shown(levels), position=vedette.log.head(caller.tenant_id).position)

    @put(
        "/{priority:str}/",
        opt=MANAGE,
        guards=[require_every_site],
        responses=OF_WRITES,
        sync_to_thread=True,
    )
    def set_level(
        self,
        *,
        priority: FromPath[Priority],
        data: Annotated[
            SkipValidation[LevelContent],
            body({"acknowledge_s": 3600, "resolve_s": 86400, "hours": "BUSINESS"}),
        ],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Choose how soon tickets of a priority are to be taken on and done. It holds for tickets
        that are opened, reopened, re-prioritised or escalated from here on. NORMAL and LOW may
        count business hours: Monday to Friday, 08:00 to 18:00 on the site's wall."""
        wish = SetServiceLevel(priority=priority, **msgspec.structs.asdict(data))
        position = handle(
            vedette.log,
            caller.tenant_id,
            SERVICE_LEVELS,
            SERVICE_LEVELS_STREAM,
            wish,
            caller.cause(),
        )
        return reached(vedette, caller, position)


class AssignmentRuleController(Controller):
    path = "/api/v2/noc/assignment-rules"
    tags = ("Service levels",)

    @get("/", opt=VIEW, responses=OF_LISTS, sync_to_thread=True)
    def list_rules(self, *, caller: TheCaller, vedette: TheVedette) -> Envelope[RulesShown]:
        """List the rules of assignment in their order."""
        rules = standing(vedette.log, caller.tenant_id, ASSIGNMENT_RULES, ASSIGNMENT_STREAM).rules
        position = vedette.log.head(caller.tenant_id).position
        return Envelope(data=RulesShown(rules=rules), position=position)

    @put("/", opt=MANAGE, guards=[require_every_site], responses=OF_WRITES, sync_to_thread=True)
    def lay_down(
        self,
        *,
        data: Annotated[
            SkipValidation[LayDownAssignmentRules],
            body(
                {
                    "rules": [
                        {"assign_to": "user", "username": "ada", "severity": "CRITICAL"},
                        {"assign_to": "on_duty_supervisor", "site_id": "S-01"},
                        {"assign_to": "security_manager"},
                    ]
                }
            ),
        ],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Replace the rules of assignment. They are asked for tickets that are opened without an
        assignee, and by whoever presses "assign by rule"; the first that fits decides."""
        for place, rule in enumerate(data.rules):
            if rule.assign_to is AssignTo.USER and rule.username is not None:
                field = f"$.rules[{place}].username"
                require_user(vedette, caller, rule.username, field=field)
            require_registered(vedette, caller, rule.site_id, field=f"$.rules[{place}].site_id")
        position = handle(
            vedette.log,
            caller.tenant_id,
            ASSIGNMENT_RULES,
            ASSIGNMENT_STREAM,
            data,
            caller.cause(),
        )
        return reached(vedette, caller, position)


class MailController(Controller):
    path = "/api/v2/noc/mails"
    tags = ("Service levels",)

    @get(
        "/",
        opt=needs(Capability.OPERATIONS_VIEW),
        guards=[require_every_site],
        responses=OF_LISTS,
    )
    async def list_mails(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[MailState | None] = None,
        kind: FromQuery[MailKind | None] = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[MailRow]]:
        """List the mail that was asked for, newest first: to whom, about what, and what became of
        it after how many attempts."""
        equal = filters(state=status, kind=kind)
        return await page_of(
            vedette, MAILS, caller, equal, limit=limit, cursor=cursor, wait_for=wait_for
        )

    @get("/escalation-address/", opt=VIEW, responses=OF_LISTS, sync_to_thread=True)
    def address(self, *, caller: TheCaller, vedette: TheVedette) -> Envelope[AddressShown]:
        """Show where mail about escalated and critical tickets goes."""
        known = standing(
            vedette.log, caller.tenant_id, ESCALATION_ADDRESS, ESCALATION_ADDRESS_STREAM
        )
        position = vedette.log.head(caller.tenant_id).position
        return Envelope(data=AddressShown(email=known.email), position=position)

    @put(
        "/escalation-address/",
        opt=MANAGE,
        guards=[require_every_site],
        responses=OF_WRITES,
        sync_to_thread=True,
    )
    def give_address(
        self,
        *,
        data: Annotated[SkipValidation[GiveEscalationAddress], body({"email": "noc@example.org"})],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Say where mail about escalated and critical tickets goes; null means nowhere."""
        position = handle(
            vedette.log,
            caller.tenant_id,
            ESCALATION_ADDRESS,
            ESCALATION_ADDRESS_STREAM,
            data,
            caller.cause(),
        )
        return reached(vedette, caller, position)


def shown(levels: Levels) -> list[LevelShown]:
    """Return the service level of each priority, the most pressing first."""
    return [LevelShown(**msgspec.structs.asdict(level)) for level in levels.all()]
