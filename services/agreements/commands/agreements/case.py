"""An agreement in hand: loaded and locked, moved by the table, noted in its timeline, and told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Agreement, AgreementEntry, Edition, Organization, School
from services.agreements.rules import not_found
from services.agreements.rules.agreements import (
    AgreementState,
    EditionState,
    Mover,
    Side,
    Standing,
    Verb,
    decide,
    mover_of,
    side_of,
)
from services.agreements.rules.drafting import FieldChange
from services.agreements.rules.terms import FIELD_LABELS, Terms
from services.agreements.words import lines
from shared.events.agreements import AgreementFact
from shared.identity.actor import Actor, system
from shared.messaging import emit
from shared.refusals import Kind, Refusal
from shared.web.words import relative

SYSTEM = system("agreements")
F = TypeVar("F", bound=AgreementFact)


@dataclass(slots=True)
class Case:
    """An agreement with the text that is open, locked; and who has it in hand when."""

    agreement: Agreement
    open: Edition | None
    """The text that is being drafted or signed."""
    organization_name: str
    school_name: str
    mover: Mover
    actor: Actor
    now: datetime
    zone: tzinfo

    @property
    def today(self) -> date:
        """The date in the district."""
        return self.now.astimezone(self.zone).date()

    @property
    def side(self) -> Side:
        """The side for which the actor acts."""
        return side_of(self.mover)

    @property
    def standing(self) -> Standing:
        """Where the agreement and its amendment stand."""
        return standing(self.agreement, self.open)

    @property
    def by_label(self) -> str:
        """Who acts, without a person's name."""
        labels = {Mover.PARTNER: self.organization_name, Mover.SCHOOL: self.school_name, Mover.SYSTEM: "The system"}
        return labels.get(self.mover, "The district office")

    @property
    def text(self) -> Edition:
        """The text that is open; only for verbs that are closed without one."""
        assert self.open is not None
        return self.open

    def fact(self, about: type[F], /, **fields: Any) -> F:
        """A fact about this agreement."""
        one = self.agreement
        return about(
            agreement_id=one.id,
            organization_id=one.organization_id,
            school_id=one.school_id,
            edition=self.open.number if self.open else max(one.edition, 1),
            school_contact_id=one.school_contact_id,
            partner_contact_id=one.partner_contact_id,
            **fields,
        )

    def move(self, verb: Verb) -> None:
        """Put the agreement, and its open text, where a verb leads."""
        after = decide(verb, self.standing, self.mover)
        assert after.agreement is not None
        self.agreement.state = after.agreement
        if self.open is not None:
            self.open.state = _open_state(verb, after)
            if self.open.state not in (EditionState.DRAFT, EditionState.SIGNING):
                self.open, self.agreement.open_edition = None, None


def _open_state(verb: Verb, after: Standing) -> EditionState:
    """Where the text that was open stands after a move."""
    if verb is Verb.CONCLUDE:
        return EditionState.HOLDS
    if after.agreement in (AgreementState.DRAFT, AgreementState.SIGNING):
        return EditionState(after.agreement.value)
    return after.amendment or EditionState.DISCARDED


def standing(agreement: Agreement, open: Edition | None) -> Standing:
    """Where an agreement and its amendment stand."""
    amendment = open.state if open is not None and agreement.edition > 0 else None
    return Standing(agreement.state, amendment)


async def load(session: AsyncSession, agreement_id: UUID, *, actor: Actor, now: datetime, zone: tzinfo) -> Case:
    """The agreement, locked; as if it did not exist where it is none of the actor's."""
    found = await session.get(Agreement, agreement_id, with_for_update=True)
    mover = mover_of(actor, found.school_id, found.organization_id) if found else None
    if found is None or mover is None:
        raise not_found("agreement")
    return await in_hand(session, found, mover, actor=actor, now=now, zone=zone)


async def in_hand(
    session: AsyncSession, agreement: Agreement, mover: Mover, *, actor: Actor, now: datetime, zone: tzinfo
) -> Case:
    """An agreement that is locked already, with what belongs to it."""
    number = agreement.open_edition
    text = await session.get(Edition, (agreement.id, number), populate_existing=True) if number else None
    organization = await session.get_one(Organization, agreement.organization_id)
    school = await session.get(School, agreement.school_id) if agreement.school_id else None
    name = school.name if school else "The district office"
    return Case(agreement, text, organization.name, name, mover, actor, now, zone)


async def begin(session: AsyncSession, case: Case, verb: Verb, version: int | None) -> bool:
    """Whether a move goes on; False where this very move was made before (a replayed form).

    `version` is what the page showed; None where nobody looked. A move that came too late is refused with who did
    what when.
    """
    if version is not None and version != case.agreement.version:
        if await _was_this(session, case, verb, version):
            return False
        raise await _too_late(session, case, version)
    decide(verb, case.standing, case.mover)
    return True


async def _was_this(session: AsyncSession, case: Case, verb: Verb, version: int) -> bool:
    found = await session.exec(
        select(AgreementEntry.id).where(
            AgreementEntry.agreement_id == case.agreement.id,
            AgreementEntry.version == version + 1,
            AgreementEntry.actor_id == case.actor.person_id,
            AgreementEntry.what == verb,
        )
    )
    return found.first() is not None


async def _too_late(session: AsyncSession, case: Case, version: int) -> Refusal:
    did = "; ".join(
        f"{entry.by_label} {DID.get(entry.what, entry.what)}, {relative(entry.at, case.now)}"
        for entry in await entries_since(session, case.agreement.id, version)
    )
    said = f"The agreement is not as you saw it. {did}. Nothing of yours was changed: look at it again, then decide."
    return Refusal(Kind.CONFLICT, "stale_version", said)


async def entries_since(session: AsyncSession, agreement_id: UUID, version: int) -> Sequence[AgreementEntry]:
    """What happened after a version was shown, oldest first."""
    since = select(AgreementEntry).where(
        AgreementEntry.agreement_id == agreement_id, col(AgreementEntry.version) > version
    )
    return (await session.exec(since.order_by(col(AgreementEntry.id)))).all()


def note(
    session: AsyncSession,
    case: Case,
    what: str,
    *,
    changes: Sequence[FieldChange] = (),
    words: str = "",
    field: str | None = None,
) -> None:
    """Count the change, say whose it is, and put it into the timeline."""
    agreement = case.agreement
    agreement.version += 1
    agreement.changed_at, agreement.changed_by = case.now, str(case.actor)
    session.add(
        AgreementEntry(
            agreement_id=agreement.id,
            version=agreement.version,
            edition=case.open.number if case.open else max(agreement.edition, 1),
            at=case.now,
            actor_id=case.actor.person_id,
            side=None if case.mover is Mover.SYSTEM else case.side,
            by_label=case.by_label,
            what=what,
            changes=[change._asdict() for change in changes],
            field=field,
            words=words,
        )
    )


async def tell(session: AsyncSession, case: Case, *facts: AgreementFact) -> None:
    """Put facts into the outbox, by who has the case in hand."""
    await session.flush()
    await emit(session, *facts, actor=case.actor, now=case.now)


def put_terms(agreement: Agreement, terms: Terms) -> None:
    """Let the agreement's own columns say what its text says."""
    agreement.title, agreement.kind = terms.title, terms.kind
    agreement.school_ids = list(terms.school_ids)
    agreement.starts_on, agreement.ends_on = terms.starts_on, terms.ends_on
    agreement.notice_days, agreement.review_on = terms.notice_days, terms.review_on


def checked_words(words: str, *, field: str, longest: int, required: str = "") -> str:
    """Words that somebody wrote, as they are kept."""
    kept = lines(words)
    if required and not kept:
        raise Refusal(Kind.INVALID, "words_missing", required, fields={field: required})
    if len(kept) > longest:
        said = f"Shorten this to at most {longest:,} characters; it has {len(kept):,}."
        raise Refusal(Kind.INVALID, "words_too_long", said, fields={field: said})
    return kept


def field_named(field: str | None) -> str | None:
    """A field of the text that a comment is about; None: the whole."""
    if not field:
        return None
    if field not in FIELD_LABELS:
        said = "Choose a part of the agreement from the list."
        raise Refusal(Kind.INVALID, "field_unknown", said, fields={"field": said})
    return field


DID = {
    "start": "drafted it",
    "edit": "changed it",
    "comment": "commented on it",
    "send": "sent it for signature",
    "take_back": "took it back to the draft",
    "sign": "signed it",
    "conclude": "concluded it",
    "discard": "discarded the draft",
    "amend": "began an amendment",
    "renew": "began its renewal",
    "terminate": "ended it early",
    "measure": "recorded a measurement",
    "strike": "struck a measurement",
    "replace_contact": "named another contact",
    "begin": "let it begin",
    "fall_due": "made it due for renewal",
    "prolong": "prolonged it",
    "expire": "let it expire",
    "remind": "reminded of its end",
    "review": "reminded of its review",
}
"""What each entry of a timeline says that somebody did."""
