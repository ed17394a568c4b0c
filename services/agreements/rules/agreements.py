"""The life of an agreement: who may move it from where to where, as one table, and what the calendar does to it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal


class AgreementState(StrEnum):
    """Where an agreement stands as a whole."""

    DRAFT = "draft"
    SIGNING = "signing"
    UPCOMING = "upcoming"
    """Signed by both; its first day has not come."""
    ACTIVE = "active"
    RENEWAL_DUE = "renewal_due"
    """In force, and near enough to its end that somebody must decide."""
    EXPIRED = "expired"
    TERMINATED = "terminated"
    DISCARDED = "discarded"
    """Given up before both had signed."""


class EditionState(StrEnum):
    """Where one text of an agreement stands: the first one, or an amendment."""

    DRAFT = "draft"
    SIGNING = "signing"
    HOLDS = "holds"
    REPLACED = "replaced"
    DISCARDED = "discarded"


class Side(StrEnum):
    """The two who agree; the district office acts on the school's side."""

    SCHOOL = "school"
    PARTNER = "partner"

    @property
    def other(self) -> "Side":
        """Whom this side agrees with."""
        return Side.PARTNER if self is Side.SCHOOL else Side.SCHOOL


class Mover(StrEnum):
    """On whose behalf somebody moves an agreement."""

    SCHOOL = "school"
    DISTRICT = "district"
    PARTNER = "partner"
    SYSTEM = "system"


class Verb(StrEnum):
    """What can be done with an agreement."""

    START = "start"
    EDIT = "edit"
    COMMENT = "comment"
    SEND = "send"
    TAKE_BACK = "take_back"
    SIGN = "sign"
    CONCLUDE = "conclude"
    DISCARD = "discard"
    AMEND = "amend"
    RENEW = "renew"
    TERMINATE = "terminate"
    MEASURE = "measure"
    REPLACE_CONTACT = "replace_contact"
    BEGIN = "begin"
    FALL_DUE = "fall_due"
    PROLONG = "prolong"
    EXPIRE = "expire"


class Standing(NamedTuple):
    """Where an agreement stands, and where its amendment does: drafted, being signed, or None."""

    agreement: AgreementState | None
    amendment: EditionState | None = None


class Rule(NamedTuple):
    """Who may use a verb, and where it leads from each standing in which it is open."""

    movers: frozenset[Mover]
    steps: Mapping[Standing, Standing]


S, E = AgreementState, EditionState

NOTHING, DRAFT, SIGNING = Standing(None), Standing(S.DRAFT), Standing(S.SIGNING)
UPCOMING, ACTIVE, DUE, EXPIRED = map(Standing, (S.UPCOMING, S.ACTIVE, S.RENEWAL_DUE, S.EXPIRED))
TERMINATED, DISCARDED = Standing(S.TERMINATED), Standing(S.DISCARDED)

SIGNED = frozenset({S.UPCOMING, S.ACTIVE, S.RENEWAL_DUE})
"""Both have signed, and it has not ended."""
IN_FORCE = frozenset({S.ACTIVE, S.RENEWAL_DUE})
"""It holds today: programs may be referred to."""
ENDED = frozenset({S.EXPIRED, S.TERMINATED, S.DISCARDED})
GIVEN_UP = frozenset({S.TERMINATED, S.DISCARDED})
"""What was to renew another agreement no longer does: that one can be renewed again."""

_SETTLED = tuple(map(Standing, sorted(SIGNED)))
_AMENDING = tuple(Standing(state, E.DRAFT) for state in sorted(SIGNED))
_RESIGNING = tuple(Standing(state, E.SIGNING) for state in sorted(SIGNED))
_LIVE = (*_SETTLED, *_AMENDING, *_RESIGNING)
_BOTH = frozenset({Mover.SCHOOL, Mover.DISTRICT, Mover.PARTNER})
_SYSTEM = frozenset({Mover.SYSTEM})


def _stays(*standings: Standing) -> dict[Standing, Standing]:
    return {standing: standing for standing in standings}


def _amendments(before: Iterable[Standing], after: EditionState | None) -> dict[Standing, Standing]:
    return {standing: Standing(standing.agreement, after) for standing in before}


def _turns(before: Iterable[AgreementState], after: AgreementState) -> dict[Standing, Standing]:
    """The agreement moves on by itself; an amendment that is under way stays as it is."""
    return {
        Standing(state, amendment): Standing(after, amendment)
        for state in before
        for amendment in (None, E.DRAFT, E.SIGNING)
    }


MOVES: Mapping[Verb, Rule] = {
    Verb.START: Rule(_BOTH, {NOTHING: DRAFT}),
    Verb.EDIT: Rule(_BOTH, _stays(DRAFT, *_AMENDING)),
    Verb.COMMENT: Rule(_BOTH, _stays(DRAFT, SIGNING, *_LIVE)),
    Verb.SEND: Rule(_BOTH, {DRAFT: SIGNING} | _amendments(_AMENDING, E.SIGNING)),
    Verb.TAKE_BACK: Rule(_BOTH, {SIGNING: DRAFT} | _amendments(_RESIGNING, E.DRAFT)),
    Verb.SIGN: Rule(_BOTH, _stays(SIGNING, *_RESIGNING)),
    Verb.CONCLUDE: Rule(_SYSTEM, {SIGNING: UPCOMING} | _amendments(_RESIGNING, None)),
    Verb.DISCARD: Rule(_BOTH, {DRAFT: DISCARDED} | _amendments(_AMENDING, None)),
    Verb.AMEND: Rule(_BOTH, _amendments(_SETTLED, E.DRAFT)),
    Verb.RENEW: Rule(_BOTH, _stays(*_LIVE, EXPIRED)),
    Verb.TERMINATE: Rule(_BOTH, dict.fromkeys(_LIVE, TERMINATED)),
    Verb.MEASURE: Rule(_BOTH, _stays(*_LIVE, EXPIRED)),
    Verb.REPLACE_CONTACT: Rule(_BOTH | _SYSTEM, _stays(DRAFT, SIGNING, *_LIVE)),
    Verb.BEGIN: Rule(_SYSTEM, _turns((S.UPCOMING,), S.ACTIVE)),
    Verb.FALL_DUE: Rule(_SYSTEM, _turns((S.ACTIVE,), S.RENEWAL_DUE)),
    Verb.PROLONG: Rule(_SYSTEM, _turns((S.RENEWAL_DUE,), S.ACTIVE)),
    Verb.EXPIRE: Rule(_SYSTEM, dict.fromkeys(_LIVE, EXPIRED)),
}
"""Every allowed move; what is not here is refused."""


class Term(NamedTuple):
    """From which day to which (both included) an agreement runs, and how long before the end somebody must decide."""

    starts_on: date
    ends_on: date
    notice_days: int

    @property
    def due_on(self) -> date:
        """The first day on which renewal is due; never before the first day of all."""
        return max(self.ends_on - timedelta(days=self.notice_days), self.starts_on)


def later(day: date, years: int) -> date:
    """The same day some years later; February 29 becomes the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def next_turn(state: AgreementState, term: Term, today: date) -> Verb | None:
    """What the calendar does to a signed agreement next; None where it stands as the day says."""
    if state not in SIGNED:
        return None
    if today > term.ends_on:
        return Verb.EXPIRE
    if state is S.UPCOMING:
        return Verb.BEGIN if today >= term.starts_on else None
    if state is S.ACTIVE:
        return Verb.FALL_DUE if today >= term.due_on else None
    return Verb.PROLONG if today < term.due_on else None


def mover_of(actor: Actor, school_id: UUID | None, organization_id: UUID) -> Mover | None:
    """On whose behalf somebody moves an agreement of these two; None: it is none of theirs to move."""
    if actor.is_district:
        return Mover.DISTRICT
    if school_id is not None and school_id in actor.school_ids:
        return Mover.SCHOOL
    return Mover.PARTNER if organization_id in actor.organization_ids else None


def side_of(mover: Mover) -> Side:
    """The side for which somebody acts."""
    return Side.PARTNER if mover is Mover.PARTNER else Side.SCHOOL


def may_see(actor: Actor, school_id: UUID | None, school_ids: Collection[UUID], organization_id: UUID) -> bool:
    """Whether somebody may read an agreement: who may move it, and whoever works at a school that it covers.

    Without schools it covers every one.
    """
    covered = bool(actor.school_ids) if not school_ids else not actor.school_ids.isdisjoint(school_ids)
    return covered or mover_of(actor, school_id, organization_id) is not None


def decide(verb: Verb, standing: Standing, mover: Mover) -> Standing:
    """Where a move leads; refuses (403) who never may, and (409) what is closed as things stand."""
    rule = MOVES[verb]
    if mover not in rule.movers:
        raise Refusal(Kind.FORBIDDEN, "not_yours_to_move", "The system does this by itself, when its day comes.")
    if standing not in rule.steps:
        raise Refusal(Kind.CONFLICT, "move_not_possible", why_closed(verb, standing))
    return rule.steps[standing]


def is_open(verb: Verb, standing: Standing) -> bool:
    """Whether people can make this move as things stand."""
    return bool(MOVES[verb].movers & _BOTH) and standing in MOVES[verb].steps


def why_closed(verb: Verb, standing: Standing) -> str:
    """Why a move is not possible now, and what is instead."""
    return f"This agreement {_AS_IT_IS[standing.agreement]}, so it cannot be {_DONE[verb]} now. {_INSTEAD[verb]}"


_AS_IT_IS: dict[AgreementState | None, str] = {
    None: "has not been started",
    S.DRAFT: "is a draft",
    S.SIGNING: "waits for signatures",
    S.UPCOMING: "is signed and begins later",
    S.ACTIVE: "is in force",
    S.RENEWAL_DUE: "is in force and due for renewal",
    S.EXPIRED: "has expired",
    S.TERMINATED: "was ended early",
    S.DISCARDED: "was discarded",
}
_DONE = {
    Verb.START: "started",
    Verb.EDIT: "changed",
    Verb.COMMENT: "commented on",
    Verb.SEND: "sent for signature",
    Verb.TAKE_BACK: "taken back to the draft",
    Verb.SIGN: "signed",
    Verb.CONCLUDE: "concluded",
    Verb.DISCARD: "discarded",
    Verb.AMEND: "amended",
    Verb.RENEW: "renewed",
    Verb.TERMINATE: "ended early",
    Verb.MEASURE: "measured",
    Verb.REPLACE_CONTACT: "given another contact",
    Verb.BEGIN: "begun",
    Verb.FALL_DUE: "made due for renewal",
    Verb.PROLONG: "prolonged",
    Verb.EXPIRE: "expired",
}
_LOOK = "Look at it again."
_INSTEAD = dict.fromkeys(Verb, _LOOK) | {
    Verb.EDIT: "While it waits for signatures take it back to the draft; once it is signed start an amendment.",
    Verb.SEND: "Only a draft can be sent; finish or discard what is under way first.",
    Verb.SIGN: "It can be signed once it was sent for signature.",
    Verb.DISCARD: "Only a draft can be discarded: take it back first, or end a signed agreement early.",
    Verb.AMEND: "Only a signed agreement is amended, one amendment at a time.",
    Verb.RENEW: "Only a signed agreement can be renewed. Start a new one.",
    Verb.TERMINATE: "Only a signed agreement can be ended early.",
    Verb.MEASURE: "Goals are measured once the agreement is signed.",
}
