"""What was agreed at a meeting: a task with an owner and a date, and how it ends."""

from datetime import date
from enum import StrEnum

from services.agreements.rules.meetings import LONGEST
from services.agreements.words import line
from shared.refusals import Kind, Refusal


class TaskStatus(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class TaskVerb(StrEnum):
    """What can be done with a task."""

    CHANGE = "change"
    FINISH = "finish"
    DROP = "drop"
    REOPEN = "reopen"


TASK_MOVES: dict[tuple[TaskStatus, TaskVerb], TaskStatus] = {
    (TaskStatus.OPEN, TaskVerb.CHANGE): TaskStatus.OPEN,
    (TaskStatus.OPEN, TaskVerb.FINISH): TaskStatus.DONE,
    (TaskStatus.OPEN, TaskVerb.DROP): TaskStatus.DROPPED,
    (TaskStatus.DONE, TaskVerb.REOPEN): TaskStatus.OPEN,
    (TaskStatus.DROPPED, TaskVerb.REOPEN): TaskStatus.OPEN,
}
"""Every allowed move; what is not here is refused."""


def task_moved(status: TaskStatus, verb: TaskVerb) -> TaskStatus:
    """The status after a move; refuses what cannot be done as things stand."""
    after = TASK_MOVES.get((status, verb))
    if after is None:
        raise Refusal(Kind.CONFLICT, "task_move_not_possible", f"This task is {status}. Look at it again.")
    return after


def valid_task(words: str, due_on: str) -> tuple[str, date]:
    """What is to be done and until when, checked; refuses with what is wrong per field."""
    what, wrong = line(words), {}
    if not what:
        wrong["what"] = "Enter what is to be done."
    elif len(what) > LONGEST["task"]:
        wrong["what"] = f"Shorten this to at most {LONGEST['task']} characters."
    try:
        on = date.fromisoformat(line(due_on))
    except ValueError:
        on = date.min
        wrong["on"] = "Enter until when, such as 2026-12-01."
    if wrong:
        raise Refusal(Kind.INVALID, "task_invalid", "The task was not saved. Check what is marked.", fields=wrong)
    return what, on
