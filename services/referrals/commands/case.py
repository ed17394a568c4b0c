"""A referral in hand: loaded and locked, moved by the table, and told of."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic_core import to_json
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Attempt, Consent, Entry, Person, Program, Referral
from services.referrals.records import to_call
from services.referrals.rules import (
    CLOSED,
    LIVE,
    AttemptState,
    BusinessCalendar,
    Decision,
    Due,
    Mover,
    Standing,
    Verb,
    decide,
)
from services.referrals.scope import live_of, not_found, own_of, standings
from shared.events import referrals as facts
from shared.events.referrals import ReferralFact
from shared.identity import Actor, system
from shared.messaging.outbox import INSERT_FACTS, emit_with
from shared.refusals import Kind, Refusal
from shared.web.words import exact

SYSTEM = system("referrals")
NO_DEADLINES = BusinessCalendar(ZoneInfo("UTC"))
"""For what sets no deadline and so needs no district's calendar: a withdrawal, a note."""

DID: dict[Verb, type[facts.ReferralFact]] = {
    Verb.GIVE_CONSENT: facts.ConsentGiven,
    Verb.REFUSE_CONSENT: facts.ConsentRefused,
    Verb.ACKNOWLEDGE: facts.ReferralAcknowledged,
    Verb.ACCEPT: facts.ReferralAccepted,
    Verb.WAITLIST: facts.ReferralWaitlisted,
    Verb.DECLINE: facts.ReferralDeclined,
    Verb.ADD_CHOICES: facts.ChoicesAdded,
    Verb.WITHDRAW: facts.ReferralWithdrawn,
    Verb.COMPLETE: facts.ReferralCompleted,
}
"""The fact that stands for a person's move in the timeline."""

_IN_WORDS = {
    Verb.GIVE_CONSENT: "recorded that the family agrees",
    Verb.REFUSE_CONSENT: "recorded that the family does not agree",
    Verb.ACKNOWLEDGE: "acknowledged this referral",
    Verb.ACCEPT: "accepted this referral",
    Verb.WAITLIST: "put the student on the waiting list",
    Verb.DECLINE: "declined this referral",
    Verb.ADD_CHOICES: "added programs",
    Verb.WITHDRAW: "withdrew this referral",
    Verb.COMPLETE: "completed this referral",
}
BY_WHOM = {DID[verb].type: words for verb, words in _IN_WORDS.items()}


class _Told(NamedTuple):
    """A fact, who made it true, the version that the referral had then, and words for the timeline."""

    fact: ReferralFact
    actor: Actor
    version: int
    words: str


@dataclass(slots=True)
class Case:
    """A referral with its attempts, first choice first, locked; and who has it in hand when."""

    referral: Referral
    attempts: list[Attempt]
    actor: Actor
    now: datetime
    calendar: BusinessCalendar
    by_phone: bool = False
    """The partner that has it in hand cannot answer here."""
    mover: Mover | None = None
    """On whose behalf the actor moves it, once that is decided."""
    consent: Consent | None = None
    """The consent to go by, where it is in hand already."""
    told: list[_Told] = field(default_factory=list)
    """What `publish` is to publish and to keep."""
    due: list[dict[str, Any]] = field(default_factory=list)
    """Reminders that `publish` is to plan."""

    @property
    def live(self) -> Attempt | None:
        """The attempt that a partner has in hand."""
        return live_of(self.attempts)

    @property
    def queued(self) -> list[Attempt]:
        """Choices whose turn has not come."""
        return [attempt for attempt in self.attempts if attempt.state is AttemptState.QUEUED]

    def about(self) -> dict[str, Any]:
        """What every fact about this referral says."""
        r = self.referral
        return {
            "referral_id": r.id,
            "student_id": r.student_id,
            "school_id": r.school_id,
            "referrer_id": r.referrer_id,
        }

    def about_attempt(self, attempt: Attempt) -> dict[str, Any]:
        """What every fact about one attempt says."""
        return self.about() | {
            "attempt_id": attempt.id,
            "program_id": attempt.program_id,
            "organization_id": attempt.organization_id,
        }

    @property
    def standings(self) -> dict[Mover, Standing]:
        """Where the referral stands for each part that the actor plays in it."""
        return standings(self.referral, self.attempts, self.actor, by_phone=self.by_phone)

    def own(self, decision: Decision) -> Attempt:
        """The attempt that the actor, a partner or who called one, moves."""
        attempt = own_of(self.attempts, self.actor) if decision.mover is Mover.PARTNER else self.live
        assert attempt is not None
        return attempt

    def stand(self, after: Standing, attempt: Attempt | None = None) -> None:
        """Put the referral, and the attempt that was moved, where a decision leads."""
        assert after.referral is not None
        self.referral.state, self.referral.changed_at = after.referral, self.now
        if after.referral in CLOSED:
            self.referral.closed_at = self.now
        if attempt is not None and after.attempt is not None:
            attempt.state = after.attempt
            self.referral.attempt_id = attempt.id
            attempt.closed_at = None if after.attempt in LIVE else self.now

    def queue(self, programs: Iterable[Program]) -> list[Attempt]:
        """Further choices, behind those that are there."""
        first = len(self.attempts)
        fresh = [
            Attempt(
                referral_id=self.referral.id,
                position=place,
                program_id=program.id,
                organization_id=program.organization_id,
            )
            for place, program in enumerate(programs, start=first)
        ]
        self.attempts += fresh
        return fresh


async def fetch(
    session: AsyncSession, referral_id: UUID, *, actor: Actor, now: datetime, calendar: BusinessCalendar
) -> Case | None:
    """The referral, locked, whoever asks; None where there is none."""
    query = select(Referral).where(Referral.id == referral_id).with_for_update()
    referral = (await session.exec(query)).one_or_none()
    if referral is None:
        return None
    found = await session.exec(
        select(Attempt).where(Attempt.referral_id == referral_id).order_by(col(Attempt.position))
    )
    attempts = list(found)
    by_phone = await to_call(session, live_of(attempts))
    return Case(referral, attempts, actor, now, calendar, by_phone)


async def load(
    session: AsyncSession, referral_id: UUID, *, actor: Actor, now: datetime, calendar: BusinessCalendar
) -> Case:
    """The referral, locked; as if it did not exist where it is none of the actor's."""
    case = await fetch(session, referral_id, actor=actor, now=now, calendar=calendar)
    if case is None or not case.standings:
        raise not_found("referral", referral_id, actor)
    return case


async def begin(session: AsyncSession, case: Case, verb: Verb, version: int | None) -> Decision | None:
    """The decision; None where this very move was made before (a replayed form).

    `version` is what the page showed; None where nobody looked. A move that came too late is refused with
    who moved it and when.
    """
    if version is not None and version != case.referral.version:
        if await _was_this(session, case, verb, version):
            return None
        raise await _too_late(session, case, "changed_meanwhile", "This referral has changed since.")
    try:
        decision = decide(verb, case.standings)
    except Refusal as refusal:
        if refusal.kind is not Kind.CONFLICT:
            raise
        raise await _too_late(session, case, refusal.code, refusal.message) from None
    case.referral.version += 1
    case.mover = decision.mover
    return decision


async def _was_this(session: AsyncSession, case: Case, verb: Verb, version: int) -> bool:
    found = await session.exec(
        select(Entry.id).where(
            Entry.referral_id == case.referral.id,
            Entry.version == version + 1,
            Entry.actor_id == case.actor.person_id,
            Entry.type == DID[verb].type,
        )
    )
    return found.first() is not None


async def _too_late(session: AsyncSession, case: Case, code: str, words: str) -> Refusal:
    """The refusal, with who did what when."""
    found = await session.exec(
        select(Entry, Person)
        .join(Person, col(Person.id) == col(Entry.actor_id))
        .where(Entry.referral_id == case.referral.id, col(Entry.type).in_(BY_WHOM))
        .order_by(col(Entry.id).desc())
        .limit(1)
    )
    if row := found.first():
        entry, person = row
        words += f" {person.name} {BY_WHOM[entry.type]}: {exact(entry.at, case.calendar.zone)}."
    return Refusal(Kind.CONFLICT, code, f"{words} Nothing of yours was changed: look at the newest state.")


def tell(case: Case, fact: ReferralFact, *, actor: Actor | None = None, words: str = "") -> None:
    """Have `publish` publish a fact and keep it in the timeline; `words` stay here.

    `actor`: who did it, where it is not the one who has the case in hand.
    """
    case.told.append(_Told(fact, actor or case.actor, case.referral.version, words))


def remind(case: Case, dues: Iterable[Due], attempt: Attempt | None = None) -> None:
    """Have `publish` plan reminders: of an answer to this attempt, or of the family's."""
    case.due += reminders(dues, case.referral.id, attempt.id if attempt else None)


def reminders(dues: Iterable[Due], referral_id: UUID, attempt_id: UUID | None) -> list[dict[str, Any]]:
    """The rows that `PLAN` takes as JSON."""
    thing = {"referral_id": referral_id, "attempt_id": attempt_id, "thing_id": attempt_id or referral_id}
    return [thing | {"kind": due.reminder, "due_at": due.at, "until": due.until} for due in dues]


PLAN = """
    INSERT INTO reminder (referral_id, attempt_id, thing_id, kind, due_at, until)
    SELECT * FROM jsonb_to_recordset(CAST(:reminders AS jsonb)) AS reminder (
        referral_id uuid, attempt_id uuid, thing_id uuid, kind text, due_at timestamptz, until timestamptz)
    ON CONFLICT DO NOTHING
"""

_PUBLISH = text(f"""
    WITH noted AS (
        INSERT INTO entry (referral_id, version, at, actor_id, type, attempt_id, data, words)
        SELECT * FROM jsonb_to_recordset(CAST(:entries AS jsonb)) AS entry (
            referral_id uuid, version int, at timestamptz, actor_id uuid, type text, attempt_id uuid, data jsonb,
            words text)
    ), planned AS ({PLAN})
    {INSERT_FACTS}
""")  # noqa: S608
"""All in one statement: whoever waits for an answer waits for it."""


async def publish(session: AsyncSession, case: Case) -> Referral:
    """The end of every move: write the case, its lines in the timeline, its reminders, and the facts of the outbox."""
    await session.flush()
    if case.told:
        await emit_with(
            session,
            _PUBLISH,
            [([told.fact], told.actor) for told in case.told],
            now=case.now,
            entries=to_json([_entry(case, told) for told in case.told]).decode(),
            reminders=to_json(case.due).decode(),
        )
    case.told, case.due = [], []
    return case.referral


def _entry(case: Case, told: _Told) -> dict[str, Any]:
    fact, actor = told.fact, told.actor
    common = ReferralFact.model_fields.keys()
    by_phone = {"by_phone": True} if case.mover is Mover.CALLER and actor is case.actor else {}
    return {
        "referral_id": case.referral.id,
        "version": told.version,
        "at": case.now,
        "actor_id": actor.person_id,
        "type": fact.type,
        "attempt_id": getattr(fact, "attempt_id", None),
        "data": {key: value for key, value in fact.data().items() if key not in common} | by_phone,
        "words": told.words,
    }
