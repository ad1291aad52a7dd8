"""Task: something to be done at a site by a moment, besides tours.

A task that was cancelled may be assigned again.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec.structs import asdict, replace

from domain.kernel import Command, Decider, Event, Identifier, Instant, ShortText, Unknown
from domain.moments import require_in_range


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


class AssignTask(Command, frozen=True):
    """Assign a task, or bring it up to this content."""

    task_id: Identifier
    site_id: Identifier
    name: ShortText
    due_at: Instant
    person_id: Identifier | None = None


class CancelTask(Command, frozen=True):
    """Let a task not be done any more."""


TaskCommand: TypeAlias = AssignTask | CancelTask


class TaskUnknown(Unknown):
    """Nobody assigned a task under this id."""

    code = "task.unknown"


class Task(msgspec.Struct, frozen=True):
    """What the next decision needs to know: the content that stands, and whether it still does."""

    content: TaskAssigned | None = None
    cancelled: bool = False


def decide(task: Task, command: TaskCommand) -> list[TaskEvent]:
    """Answer with the new content, or with nothing where it stands already.

    Raises:
        TaskUnknown: there is no task to cancel.
        MomentOutOfRange: it is due in a time that the log does not keep.
    """
    if isinstance(command, CancelTask):
        if task.content is None:
            raise TaskUnknown("There is no task of this id.")
        return [] if task.cancelled else [TaskCancelled()]
    require_in_range("due_at", command.due_at)
    wanted = TaskAssigned(**asdict(command))
    return [] if wanted == task.content and not task.cancelled else [wanted]


def evolve(task: Task, event: TaskEvent) -> Task:
    """Fold one fact into the state."""
    return Task(event) if isinstance(event, TaskAssigned) else replace(task, cancelled=True)


TASK = Decider(initial=Task(), decide=decide, evolve=evolve)


def task_stream(task_id: str) -> str:
    """Return the stream that tells a task's story."""
    return f"task-{task_id}"
