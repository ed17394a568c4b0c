"""What a partner sees of a student, by where its attempt stands: no more than the next step needs."""

from typing import NamedTuple

from services.referrals.rules.moves import AttemptState


class Sight(NamedTuple):
    """What is shown to the partner, and the sentence that says what is held back and why."""

    student: bool
    """Name, grade, the words of the school."""
    contacts: bool
    """Names and telephone numbers of the guardians."""
    held_back: str


_TO_DECIDE = Sight(
    True,
    False,
    "The guardians' names and telephone numbers are shown once you accept. "
    "The rest of the student's record stays with the school.",
)
_TO_SERVE = Sight(
    True,
    True,
    "You see what the family agreed to share for this need. The rest of the student's record stays with the school.",
)
_AFTER = Sight(
    False,
    False,
    "The referral is no longer with you, so the student's name and the school's words are not shown.",
)
_NOTHING = Sight(False, False, "The referral is not with you.")

_BY_STATE: dict[AttemptState, Sight] = {
    AttemptState.QUEUED: _NOTHING,
    AttemptState.SENT: _TO_DECIDE,
    AttemptState.ACKNOWLEDGED: _TO_DECIDE,
    AttemptState.WAITLISTED: _TO_DECIDE,
    AttemptState.ACCEPTED: _TO_SERVE,
    AttemptState.DECLINED: _AFTER,
    AttemptState.SKIPPED: _NOTHING,
    AttemptState.WITHDRAWN: _AFTER,
    AttemptState.COMPLETED: Sight(
        True, False, "The referral is complete, so the guardians' telephone numbers are not shown any more."
    ),
}


def sight(state: AttemptState) -> Sight:
    """What the partner of an attempt in this state sees."""
    return _BY_STATE[state]
