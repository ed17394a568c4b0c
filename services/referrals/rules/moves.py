"""Who may move what from where to where: one table, and the refusals that say why a move is closed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from shared.refusals import Kind, Refusal


class ReferralState(StrEnum):
    """Where a referral stands as a whole."""

    AWAITING_CONSENT = "awaiting_consent"
    OPEN = "open"
    WAITLISTED = "waitlisted"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    CONSENT_REFUSED = "consent_refused"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"


class AttemptState(StrEnum):
    """Where one attempt stands: the referral as one program sees it."""

    QUEUED = "queued"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    WAITLISTED = "waitlisted"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"


class Mover(StrEnum):
    """On whose behalf somebody moves a referral."""

    SCHOOL = "school"
    DISTRICT = "district"
    PARTNER = "partner"
    CALLER = "caller"
    """The school side for a partner that cannot answer here: it records what the partner said by telephone."""
    FAMILY = "family"
    SYSTEM = "system"


class Verb(StrEnum):
    """What can be done with a referral."""

    SUBMIT = "submit"
    GIVE_CONSENT = "give_consent"
    REFUSE_CONSENT = "refuse_consent"
    ASK_CONSENT = "ask_consent"
    SEND = "send"
    SKIP = "skip"
    RETURN = "return"
    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    WAITLIST = "waitlist"
    DECLINE = "decline"
    ADD_CHOICES = "add_choices"
    WITHDRAW = "withdraw"
    COMPLETE = "complete"


class Standing(NamedTuple):
    """Where a referral stands for the one who moves it.

    `attempt` is the partner's own attempt for a partner, the queued one for send and skip, and otherwise the
    one that is live (for who calls a partner, too); None where there is none.
    """

    referral: ReferralState | None
    attempt: AttemptState | None = None


class Rule(NamedTuple):
    """Who may use a verb, and where it leads from each standing in which it is open."""

    movers: frozenset[Mover]
    steps: Mapping[Standing, Standing]


class Decision(NamedTuple):
    """A move that is allowed: on whose behalf, and where it leads."""

    mover: Mover
    after: Standing


R, A = ReferralState, AttemptState

NOTHING = Standing(None)
WAITING = Standing(R.AWAITING_CONSENT)
BETWEEN = Standing(R.OPEN)
"""Agreed to, and no attempt is live: only inside a transaction that goes on to send or return it."""
QUEUED = Standing(R.OPEN, A.QUEUED)
SENT = Standing(R.OPEN, A.SENT)
SEEN = Standing(R.OPEN, A.ACKNOWLEDGED)
LISTED = Standing(R.WAITLISTED, A.WAITLISTED)
TAKEN = Standing(R.ACCEPTED, A.ACCEPTED)
RETURNED = Standing(R.RETURNED)

LIVE = frozenset({A.SENT, A.ACKNOWLEDGED, A.WAITLISTED, A.ACCEPTED})
"""Attempts that a partner has in hand; a referral has at most one."""
CLOSED = frozenset({R.CONSENT_REFUSED, R.WITHDRAWN, R.COMPLETED})
"""Referrals that have ended."""
ANSWERS = frozenset({Verb.ACCEPT, Verb.WAITLIST, Verb.DECLINE})

_ANSWERING = frozenset({Mover.PARTNER, Mover.CALLER})
_SCHOOL_SIDE = frozenset({Mover.SCHOOL, Mover.DISTRICT})
_WITH_FAMILY = _SCHOOL_SIDE | {Mover.FAMILY}
_SYSTEM = frozenset({Mover.SYSTEM})

MOVES: Mapping[Verb, Rule] = {
    Verb.SUBMIT: Rule(_SCHOOL_SIDE, {NOTHING: WAITING}),
    Verb.GIVE_CONSENT: Rule(_WITH_FAMILY, {WAITING: BETWEEN}),
    Verb.REFUSE_CONSENT: Rule(_WITH_FAMILY, {WAITING: Standing(R.CONSENT_REFUSED)}),
    Verb.ASK_CONSENT: Rule(_SYSTEM, {BETWEEN: WAITING}),
    Verb.SEND: Rule(_SYSTEM, {QUEUED: SENT}),
    Verb.SKIP: Rule(_SYSTEM, {QUEUED: Standing(R.OPEN, A.SKIPPED)}),
    Verb.RETURN: Rule(_SYSTEM, {BETWEEN: RETURNED}),
    Verb.ACKNOWLEDGE: Rule(_ANSWERING, {SENT: SEEN}),
    Verb.ACCEPT: Rule(_ANSWERING, {SENT: TAKEN, SEEN: TAKEN, LISTED: TAKEN}),
    Verb.WAITLIST: Rule(_ANSWERING, {SENT: LISTED, SEEN: LISTED}),
    Verb.DECLINE: Rule(_ANSWERING | _SYSTEM, {before: Standing(R.OPEN, A.DECLINED) for before in (SENT, SEEN, LISTED)}),
    Verb.ADD_CHOICES: Rule(_SCHOOL_SIDE, {RETURNED: BETWEEN}),
    Verb.WITHDRAW: Rule(
        _WITH_FAMILY | _SYSTEM,
        {WAITING: Standing(R.WITHDRAWN), RETURNED: Standing(R.WITHDRAWN)}
        | {before: Standing(R.WITHDRAWN, A.WITHDRAWN) for before in (SENT, SEEN, LISTED, TAKEN)},
    ),
    Verb.COMPLETE: Rule(_ANSWERING, {TAKEN: Standing(R.COMPLETED, A.COMPLETED)}),
}

_WHO = {
    Mover.SCHOOL: "the school",
    Mover.DISTRICT: "the district office",
    Mover.PARTNER: "the partner's people",
    Mover.CALLER: "who calls a partner that cannot answer here",
    Mover.FAMILY: "the family",
    Mover.SYSTEM: "the system",
}

_BECAME: Mapping[str, str] = {
    R.CONSENT_REFUSED: "the family did not agree",
    R.WITHDRAWN: "it was withdrawn",
    R.COMPLETED: "it is complete",
    A.ACKNOWLEDGED: "it was acknowledged",
    A.WAITLISTED: "the student is on the waiting list",
    A.ACCEPTED: "it was accepted",
    A.DECLINED: "it was declined",
}


def decide(verb: Verb, standings: Mapping[Mover, Standing]) -> Decision:
    """The move, for the first of the given movers who may make it; refuses what the table does not hold.

    FORBIDDEN where none of the movers may ever use the verb, CONFLICT where it is closed as things stand.
    """
    rule = MOVES[verb]
    movers = [mover for mover in Mover if mover in standings and mover in rule.movers]
    for mover in movers:
        if after := rule.steps.get(standings[mover]):
            return Decision(mover, after)
    if not movers:
        who = " or ".join(_WHO[mover] for mover in Mover if mover in rule.movers)
        raise Refusal(Kind.FORBIDDEN, "not_yours_to_move", f"Only {who} can do this.")
    code, words = why_not(verb, standings[movers[0]])
    raise Refusal(Kind.CONFLICT, code, words)


def can(verb: Verb, standings: Mapping[Mover, Standing]) -> bool:
    """Whether one of the movers may use the verb as things stand."""
    rule = MOVES[verb]
    return any(mover in rule.movers and standing in rule.steps for mover, standing in standings.items())


def why_not(verb: Verb, standing: Standing) -> tuple[str, str]:
    """Why a verb is closed in a standing: a code, and words for a person."""
    referral, attempt = standing
    if referral is None:
        return "no_referral", "There is no such referral."
    if referral in CLOSED:
        return "ended", f"This referral has ended: {_BECAME[referral]}."
    if verb is Verb.SUBMIT:
        return "already_submitted", "This referral was sent already."
    if verb in (Verb.GIVE_CONSENT, Verb.REFUSE_CONSENT):
        return "consent_answered", "The family has answered this already."
    return _why_not_while_open(verb, referral, attempt)


def _why_not_while_open(verb: Verb, referral: ReferralState, attempt: AttemptState | None) -> tuple[str, str]:
    if verb is Verb.ADD_CHOICES:
        return "not_returned", "Programs can be added when no choice is left."
    if verb is Verb.COMPLETE and attempt is not A.DECLINED:
        return "not_accepted", "You can say how it ended once you have accepted the referral."
    if attempt and attempt in _BECAME:
        return "already_answered", f"This referral has moved on: {_BECAME[attempt]}."
    if referral is R.AWAITING_CONSENT:
        return "consent_missing", "The family has not agreed yet."
    return "not_now", "This is not open as things stand."
