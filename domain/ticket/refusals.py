"""Why a wish about a ticket is refused."""

from __future__ import annotations

from domain.kernel import Refused, Unknown


class TicketUnknown(Unknown):
    """No ticket was opened under this id."""

    code = "ticket.unknown"


class TicketIsOver(Refused):
    """The ticket is resolved, closed, cancelled or merged."""

    code = "ticket.over"


class TicketIsNotAssigned(Refused):
    """Nobody has the ticket yet."""

    code = "ticket.not_assigned"


class TicketIsNotStarted(Refused):
    """Nobody works on the ticket yet."""

    code = "ticket.not_started"


class TicketIsOnHold(Refused):
    """The ticket waits for something outside."""

    code = "ticket.on_hold"


class TicketIsNotOnHold(Refused):
    """The ticket does not wait."""

    code = "ticket.not_on_hold"


class TicketIsNotResolved(Refused):
    """The work is not done."""

    code = "ticket.not_resolved"


class TargetIsReached(Refused):
    """The ticket was taken on in time, or late; its target needs no clock any more."""

    code = "ticket.target_reached"


class TicketIsTheSame(Refused):
    """A ticket can neither be linked to itself nor merged into itself."""

    code = "ticket.same"


class WaitingUntilNeedsZone(Refused):
    """A moment without a time zone would mean something else on every machine."""

    code = "ticket.waiting_until_without_zone"


class WaitingUntilIsPast(Refused):
    """A hold until a moment that is over would end before it began."""

    code = "ticket.waiting_until_past"


class WaitingUntilIsNoDate(Refused):
    """A moment so far off that read models could not hold it in every time zone."""

    code = "ticket.waiting_until_out_of_range"
