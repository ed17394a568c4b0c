"""One referral, with all that the reader may see of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import col
from sqlmodel import select as select_all
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Attempt, Consent, Entry, Message, Person, Program, Referral, School
from services.referrals.queries.lines import is_late
from services.referrals.queries.shapes import AttemptShape, ConsentShape, GuardianShape, MoveShape, ReferralDetail
from services.referrals.queries.students import ConsentGuardian, as_consent, guardians_of
from services.referrals.queries.telling import Names, timeline
from services.referrals.records import to_call
from services.referrals.rules import MOVES, AttemptState, Mover, Sight, Standing, Verb, sight, why_not
from services.referrals.scope import UNSEEN, live_of, not_found, own_of, standings
from shared.identity import Actor

ALL = Sight(True, True, "")
FAMILY = Sight(True, False, "")
OFFERED = (
    Verb.GIVE_CONSENT,
    Verb.REFUSE_CONSENT,
    Verb.ACKNOWLEDGE,
    Verb.ACCEPT,
    Verb.WAITLIST,
    Verb.DECLINE,
    Verb.ADD_CHOICES,
    Verb.COMPLETE,
    Verb.WITHDRAW,
)
"""What pages show as buttons, in this order."""


_ABOUT = (
    select(Referral, Person, School, Consent, ConsentGuardian)
    .outerjoin(Person, col(Person.id) == col(Referral.student_id))
    .outerjoin(School, col(School.id) == col(Referral.school_id))
    .outerjoin(Consent, col(Consent.id) == col(Referral.consent_id))
    .outerjoin(ConsentGuardian, col(ConsentGuardian.id) == col(Consent.guardian_id))
    .where(col(Referral.id) == bindparam("id"))
)
_ATTEMPTS = (
    select(Attempt, Program)
    .outerjoin(Program, col(Program.id) == col(Attempt.program_id))
    .where(col(Attempt.referral_id) == bindparam("id"))
    .order_by(col(Attempt.position))
)


class _About(NamedTuple):
    """A referral and what stands beside it in one row."""

    referral: Referral
    student: Person | None
    school: School | None
    consent: Consent | None
    consent_guardian: Person | None


async def referral_detail(session: AsyncSession, referral_id: UUID, *, actor: Actor, now: datetime) -> ReferralDetail:
    """A referral as the actor may see it; as if it did not exist where it is none of the actor's."""
    row = (await session.execute(_ABOUT, {"id": referral_id})).one_or_none()
    attempts = [(attempt, program) for attempt, program in await session.execute(_ATTEMPTS, {"id": referral_id})]
    alone = [attempt for attempt, _ in attempts]
    by_phone = await to_call(session, live_of(alone))
    plays = standings(row[0], alone, actor, by_phone=by_phone) if row else {}
    if row is None or not plays:
        raise not_found("referral", referral_id, actor)
    return await _Reading(session, _About(*row), attempts, plays, actor, now, by_phone=by_phone).detail()


class _Reading:
    """One referral, read with one person's eyes."""

    def __init__(
        self,
        session: AsyncSession,
        about: _About,
        attempts: list[tuple[Attempt, Program | None]],
        plays: dict[Mover, Standing],
        actor: Actor,
        now: datetime,
        *,
        by_phone: bool,
    ) -> None:
        self.session, self.about, self.referral, self.plays = session, about, about.referral, plays
        self.actor, self.now, self.by_phone = actor, now, by_phone
        outside = not plays.keys() & {Mover.SCHOOL, Mover.DISTRICT}
        # Somebody may be both: a partner's employee whose own child it is.
        self.as_partner, self.as_family = outside and Mover.PARTNER in plays, outside and Mover.FAMILY in plays
        own = own_of([attempt for attempt, _ in attempts], actor)
        self.sight = _sight(own.state if self.as_partner and own else None, as_family=self.as_family)
        self.current = own.id if self.as_partner and own else about.referral.attempt_id
        self.attempts = [one for one in attempts if not self.as_partner or self._ours(one[0])]

    def _ours(self, attempt: Attempt) -> bool:
        return attempt.organization_id in self.actor.organization_ids and attempt.state not in UNSEEN

    async def detail(self) -> ReferralDetail:
        entries, messages = await self._entries(), await self._messages()
        guardian_ids = self.about.student.guardian_ids if self.about.student else []
        known = await guardians_of(self.session, self._named(entries, messages) | set(guardian_ids))
        guardians = [known[id] for id in guardian_ids if id in known]
        names = Names({id: person.name for id, person in known.items()}, self._programs())
        return ReferralDetail(
            **self._line(names),
            words=self.referral.words if self.sight.student else "",
            guardians=tuple(guardians) if self.sight.contacts else (),
            languages=_languages(guardians) if self.sight.student else (),
            consent=self._consent(),
            attempts=tuple(self._attempt(attempt, program, names) for attempt, program in self.attempts),
            timeline=timeline(entries, messages, names),
            moves=tuple(self._moves()),
            held_back=self.sight.held_back,
            to_call=self.by_phone,
        )

    def _line(self, names: Names) -> dict[str, Any]:
        referral, school = self.referral, self.about.school
        shown = self.about.student if self.sight.student else None
        attempt, program = next(((a, p) for a, p in self.attempts if a.id == self.current), (None, None))
        return {
            "id": referral.id,
            "version": referral.version,
            "student_id": shown.id if shown else None,
            "student": shown.name if shown else "A student",
            "grade": shown.grade if shown else None,
            "school_id": referral.school_id,
            "school": school.name if school else "",
            "need": referral.need,
            "urgency": referral.urgency,
            "state": referral.state,
            "referrer": names.person(referral.referrer_id),
            "submitted_at": referral.submitted_at,
            "changed_at": referral.changed_at,
            "attempt_id": self.current,
            "attempt_state": attempt.state if attempt else None,
            "program": program.name if program else "",
            "organization": program.organization_name if program else "",
            "answer_by": attempt.answer_by if attempt else None,
            "overdue": is_late(attempt, self.now) if attempt else False,
        }

    async def _entries(self) -> Sequence[Entry]:
        found = await self.session.exec(
            select_all(Entry).where(Entry.referral_id == self.referral.id).order_by(col(Entry.id))
        )
        ours = {attempt.id for attempt, _ in self.attempts}
        return [entry for entry in found if not self.as_partner or entry.attempt_id in ours]

    async def _messages(self) -> Sequence[Message]:
        if self.as_partner:
            return []
        found = await self.session.exec(select_all(Message).where(Message.referral_id == self.referral.id))
        return [m for m in found if not self.as_family or m.recipient_id == self.actor.person_id]

    def _named(self, entries: Sequence[Entry], messages: Sequence[Message]) -> set[UUID]:
        wanted = {self.referral.referrer_id}
        wanted |= {entry.actor_id for entry in entries if entry.actor_id}
        wanted |= {message.recipient_id for message in messages}
        return wanted | {attempt.answered_by for attempt, _ in self.attempts if attempt.answered_by}

    def _programs(self) -> dict[UUID, str]:
        return {p.id: f"{p.name}, {p.organization_name}" for _, p in self.attempts if p}

    def _consent(self) -> ConsentShape | None:
        if self.about.consent is None:
            return None
        consent = as_consent(self.about.consent, self.about.consent_guardian)
        return consent if self.sight.contacts else consent.model_copy(update={"who": ""})

    def _attempt(self, attempt: Attempt, program: Program | None, names: Names) -> AttemptShape:
        return AttemptShape(
            id=attempt.id,
            program_id=attempt.program_id,
            program=program.name if program else "A program",
            organization_id=attempt.organization_id,
            organization=program.organization_name if program else "",
            schedule=program.schedule if program else "",
            site=program.site if program else "",
            contact_name=program.contact_name if program else "",
            contact_phone=program.contact_phone if program else None,
            contact_email=program.contact_email if program else None,
            state=attempt.state,
            sent_at=attempt.sent_at,
            answer_by=attempt.answer_by,
            answered_at=attempt.answered_at,
            answered_by=names.person(attempt.answered_by),
            reason=attempt.reason,
            outcome=attempt.outcome,
            overdue=is_late(attempt, self.now),
        )

    def _moves(self) -> list[MoveShape]:
        """Every verb that one of the reader's parts may ever use, open or with why it is closed."""
        moves = []
        for verb in OFFERED:
            movers = [mover for mover in self.plays if mover in MOVES[verb].movers]
            if movers:
                closed = [why_not(verb, at)[1] for m in movers if (at := self.plays[m]) not in MOVES[verb].steps]
                moves.append(MoveShape(verb=verb, closed=closed[0] if len(closed) == len(movers) else None))
        return moves


def _sight(own: AttemptState | None, *, as_family: bool) -> Sight:
    """What somebody sees whose attempt stands at `own`, who is a guardian, or neither: staff."""
    if own is None:
        return FAMILY if as_family else ALL
    return sight(own)._replace(student=True) if as_family else sight(own)


def _languages(guardians: Sequence[GuardianShape]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(guardian.language for guardian in guardians))
