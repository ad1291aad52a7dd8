"""Task: something to be done at a site by a moment, besides tours."""

from __future__ import annotations

from typing import TypeAlias

from domain.kernel import Event, Identifier, Instant, ShortText


class TaskAssigned(Event, frozen=True, tag="task.assigned"):
    """A task got its content, the whole of it, for the first time or anew. A guard's signal tells that it is done."""

    task_id: Identifier
    site_id: Identifier
    name: ShortText
    due_at: Instant
    person_id: Identifier | None = None  # None: whoever is on shift


class TaskCancelled(Event, frozen=True, tag="task.cancelled"):
    """A task need not be done any more."""


TaskEvent: TypeAlias = TaskAssigned | TaskCancelled
