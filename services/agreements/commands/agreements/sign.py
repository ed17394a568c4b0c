"""Signing: the text is fixed, each side signs it, and with the second signature it holds."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.agreements.case import Case, begin, load, note, put_terms, tell
from services.agreements.commands.agreements.coverage import tell_coverage
from services.agreements.commands.agreements.goals import take_over_goals
from services.agreements.commands.agreements.turns import by_itself, plan, turn
from services.agreements.commands.agreements.waiting import done, look_at_ends, wait_for
from services.agreements.models import Agreement, Edition, Organization, Person, School, Signature
from services.agreements.rules.agreements import IN_FORCE, EditionState, Side, Verb
from services.agreements.rules.signing import (
    CONSENT,
    Parties,
    Signed,
    both_signed,
    check_signature,
    digest_of,
    text_of,
)
from services.agreements.rules.terms import Terms, refuse_unfinished
from services.agreements.rules.vetting import check_works_here
from services.agreements.words import line
from shared.events.agreements import AgreementConcluded, AgreementSent, AgreementSigned, AgreementTakenBack
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor

LONGEST_ROLE = 200


async def send_for_signature(
    session: AsyncSession,
    agreement_id: UUID,
    *,
    version: int,
    currency: str,
    actor: Actor,
    now: datetime,
    zone: tzinfo,
) -> Agreement:
    """Fix the exact text of a draft; from now on it is signed or taken back, not changed."""
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    if not await begin(session, case, Verb.SEND, version):
        return case.agreement
    agreement, text = case.agreement, case.text
    partner = await session.get_one(Organization, agreement.organization_id)
    check_works_here(partner.status, partner.name)
    terms = Terms.model_validate(text.terms)
    refuse_unfinished(
        terms,
        has_school_contact=agreement.school_contact_id is not None,
        has_partner_contact=agreement.partner_contact_id is not None,
        today=case.today,
    )
    text.text = text_of(agreement.id, text.number, terms, await _parties(session, case, terms), currency)
    text.digest, text.sent_at = digest_of(text.text), now
    case.move(Verb.SEND)
    note(session, case, Verb.SEND)
    await tell(session, case, case.fact(AgreementSent, side=case.side, digest=text.digest))
    await done(session, case, TodoKind.AGREEMENT_REVIEW)
    await wait_for(session, case, TodoKind.AGREEMENT_SIGN, *Side)
    return agreement


async def _parties(session: AsyncSession, case: Case, terms: Terms) -> Parties:
    one = case.agreement
    contacts = [id for id in (one.school_contact_id, one.partner_contact_id) if id]
    people = {p.id: p.name for p in await session.exec(select(Person).where(col(Person.id).in_(contacts)))}
    schools = await session.exec(select(School.name).where(col(School.id).in_(terms.school_ids)).order_by(School.name))
    return Parties(
        school=case.school_name,
        partner=case.organization_name,
        schools=tuple(schools),
        school_contact=people.get(one.school_contact_id, "not named") if one.school_contact_id else "not named",
        partner_contact=people.get(one.partner_contact_id, "not named") if one.partner_contact_id else "not named",
    )


async def take_back_agreement(
    session: AsyncSession,
    agreement_id: UUID,
    *,
    version: int,
    words: str = "",
    actor: Actor,
    now: datetime,
    zone: tzinfo,
) -> Agreement:
    """Make the text a draft again, for instance because somebody does not want to sign it so; a signature is void."""
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    if not await begin(session, case, Verb.TAKE_BACK, version):
        return case.agreement
    void = update(Signature).where(
        col(Signature.agreement_id) == agreement_id,
        col(Signature.edition) == case.text.number,
        col(Signature.void_at).is_(None),
    )
    await session.execute(void.values(void_at=now))
    case.text.text, case.text.digest, case.text.sent_at = None, None, None
    case.move(Verb.TAKE_BACK)
    note(session, case, Verb.TAKE_BACK, words=line(words)[:1000])
    await tell(session, case, case.fact(AgreementTakenBack, side=case.side))
    await done(session, case, TodoKind.AGREEMENT_SIGN)
    await wait_for(session, case, TodoKind.AGREEMENT_REVIEW, case.side.other)
    return case.agreement


async def sign_agreement(
    session: AsyncSession,
    agreement_id: UUID,
    *,
    name: str,
    role: str = "",
    consents: bool,
    digest: str,
    actor: Actor,
    now: datetime,
    zone: tzinfo,
) -> Agreement:
    """Sign the text that `digest` names for the own side; the second signature concludes it.

    The same person signing the same text again signs once.
    """
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    assert actor.person_id is not None
    if await _signed_by(session, agreement_id, digest, case.side, actor.person_id):
        return case.agreement
    await begin(session, case, Verb.SIGN, None)
    there = await _signatures(session, case.text)
    name = check_signature(
        side=case.side,
        person_id=actor.person_id,
        name=name,
        consents=consents,
        digest=digest,
        expected=case.text.digest or "",
        there=there,
    )
    session.add(
        Signature(
            agreement_id=agreement_id,
            edition=case.text.number,
            side=case.side,
            person_id=actor.person_id,
            name=name,
            role=line(role)[:LONGEST_ROLE],
            consent=CONSENT,
            digest=digest,
            at=now,
        )
    )
    last = both_signed([*there, Signed(case.side, actor.person_id)])
    note(session, case, Verb.SIGN)
    await tell(session, case, case.fact(AgreementSigned, side=case.side, digest=digest, last=last))
    await done(session, case, TodoKind.AGREEMENT_SIGN, None if last else case.side)
    if last:
        await _conclude(session, by_itself(case), digest)
    return case.agreement


async def _signed_by(session: AsyncSession, agreement_id: UUID, digest: str, side: Side, person_id: UUID) -> bool:
    found = await session.exec(
        select(Signature.id).where(
            Signature.agreement_id == agreement_id,
            Signature.digest == digest,
            Signature.side == side,
            Signature.person_id == person_id,
            col(Signature.void_at).is_(None),
        )
    )
    return found.first() is not None


async def _signatures(session: AsyncSession, text: Edition) -> Sequence[Signed]:
    rows = await session.exec(
        select(Signature.side, Signature.person_id).where(
            Signature.agreement_id == text.agreement_id,
            Signature.edition == text.number,
            col(Signature.void_at).is_(None),
        )
    )
    return [Signed(Side(side), person_id) for side, person_id in rows]


async def _conclude(session: AsyncSession, case: Case, digest: str) -> None:
    """Both have signed: the text holds, in the place of the one before; the calendar takes it from here."""
    agreement, text = case.agreement, case.text
    terms = Terms.model_validate(text.terms)
    was_in_force = agreement.state in IN_FORCE
    concluded = case.fact(
        AgreementConcluded, digest=digest, starts_on=terms.starts_on, ends_on=terms.ends_on, on=terms.ends_on
    )
    if agreement.edition:
        before = await session.get_one(Edition, (agreement.id, agreement.edition))
        before.state = EditionState.REPLACED
    case.move(Verb.CONCLUDE)
    agreement.edition, text.holds_from = text.number, case.now
    agreement.concluded_at = agreement.concluded_at or case.now
    put_terms(agreement, terms)
    note(session, case, Verb.CONCLUDE)
    await take_over_goals(session, agreement, terms, now=case.now)
    turned = turn(session, case)
    await plan(session, case)
    await tell(session, case, concluded, *turned)
    if was_in_force or agreement.state in IN_FORCE:
        await tell_coverage(session, [agreement.organization_id], actor=case.actor, now=case.now)
    await look_at_ends(session, case)
