"""What notifications does about others' facts."""

from uuid import UUID

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.consumers import on
from services.notifications.models import Delivery, Message, Preference, Program, Recipient, School, Status
from services.notifications.rules import Kind
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events import referrals
from shared.events.notifications import MessageUndeliverable, MessageWritten
from shared.events.people import PersonErased
from shared.events.vocabulary import DeclineReason, Need
from shared.identity import Actor
from shared.messaging.consume import Consumer
from shared.messaging.parked import release
from tests.notifications.conftest import District, a_district
from tests.support.builders import a_person, a_program
from tests.support.events import a_record, deliver, outbox


async def messages(db: Database, **by: object) -> list[Message]:
    """Messages in the order of writing."""
    async with db.transaction() as session:
        found = await session.exec(select(Message).order_by(col(Message.written_at), col(Message.id)))
        return [m for m in found if all(getattr(m, name) == value for name, value in by.items())]


async def told(db: Database) -> set[tuple[UUID, Kind]]:
    """Who was told what."""
    return {(m.recipient_id, m.kind) for m in await messages(db)}


async def deliveries(session: AsyncSession) -> list[tuple[UUID, Status, str | None]]:
    """Whose mail stands where."""
    found = await session.exec(
        select(Message.recipient_id, Delivery.status, Delivery.last_error).join(
            Delivery, col(Delivery.message_id) == col(Message.id)
        )
    )
    return [(id, Status(status), error) for id, status, error in found]


async def test_each_guardian_is_told_in_their_own_language(db_notifications: Database, known: District) -> None:
    await deliver(db_notifications, on, known.accepted())

    found = await messages(db_notifications, kind=Kind.FAMILY_ACCEPTED)
    assert {m.recipient_id: m.language for m in found} == {known.mother.person_id: "ht", known.father.person_id: "ar"}


async def test_the_family_is_told_once_however_often_the_event_arrives(
    db_notifications: Database, known: District
) -> None:
    fact = known.accepted()
    record = a_record(fact)
    consumer = Consumer(db_notifications, on)

    for _ in range(3):
        await consumer.take([record, record])

    assert len(await messages(db_notifications, kind=Kind.FAMILY_ACCEPTED)) == 2
    async with db_notifications.transaction() as session:
        assert len([f for f in await outbox(session) if isinstance(f, MessageWritten)]) == 3
        assert len(await deliveries(session)) == 3


async def test_a_message_keeps_ids_and_codes_and_no_name(db_notifications: Database, known: District) -> None:
    await deliver(db_notifications, on, known.sent())

    async with db_notifications.transaction() as session:
        facts = [fact.model_dump_json() for fact in await outbox(session)]
    kept = " ".join([*facts, *(str(m.params) for m in await messages(db_notifications))])
    for name in ("Jean", "Josephson", "Marie", "Night Housing", "example.org"):
        assert name not in kept


async def test_the_programs_contact_is_told_and_nobody_else(db_notifications: Database, known: District) -> None:
    await deliver(db_notifications, on, known.sent())

    found = await messages(db_notifications, kind=Kind.PARTNER_NEW)
    assert [m.recipient_id for m in found] == [known.contact.person_id]


async def test_where_the_contact_is_nobody_at_the_partner_all_of_them_are_told(db_notifications: Database) -> None:
    district = a_district()
    district.program = district.program.model_copy(update={"contact": None})
    await deliver(db_notifications, on, *district.facts)

    await deliver(db_notifications, on, district.sent())

    found = await messages(db_notifications, kind=Kind.PARTNER_NEW)
    assert {m.recipient_id for m in found} == {district.contact.person_id, district.colleague.person_id}


async def test_where_nobody_is_at_the_partner_the_referrer_hears_it(
    db_notifications: Database, known: District
) -> None:
    lonely = a_program()
    await deliver(db_notifications, on, lonely)

    fact = known.sent(program_id=lonely.program_id, organization_id=lonely.organization_id)
    await deliver(db_notifications, on, fact)

    assert (known.referrer.person_id, Kind.STAFF_PARTNER_UNREACHABLE) in await told(db_notifications)


async def test_people_who_left_are_not_written_to(db_notifications: Database, known: District) -> None:
    await deliver(db_notifications, on, known.contact.model_copy(update={"active": False}))

    await deliver(db_notifications, on, known.sent())

    found = await messages(db_notifications, kind=Kind.PARTNER_NEW)
    assert [m.recipient_id for m in found] == [known.colleague.person_id]


async def test_a_family_without_an_address_is_undeliverable_and_the_referrer_hears_it(
    db_notifications: Database,
) -> None:
    district = a_district()
    district.mother = district.mother.model_copy(update={"email": None})
    district.father = district.father.model_copy(update={"email": None})
    await deliver(db_notifications, on, *district.facts)

    await deliver(db_notifications, on, district.accepted(), district.accepted())

    async with db_notifications.transaction() as session:
        lost = [f for f in await outbox(session) if isinstance(f, MessageUndeliverable)]
        states = await deliveries(session)
    assert {(f.recipient_id, f.reason) for f in lost} == {
        (district.mother.person_id, "no_address"),
        (district.father.person_id, "no_address"),
    }
    assert (district.mother.person_id, Status.FAILED, "no_address") in states
    assert len(await messages(db_notifications, kind=Kind.STAFF_FAMILY_UNREACHABLE)) == 1


async def test_a_next_choice_is_announced_once(db_notifications: Database, known: District) -> None:
    declined = referrals.ReferralDeclined(
        **known.attempt, reason=DeclineReason.NO_CAPACITY, next_program_id=known.other_program.program_id
    )
    following = known.sent(
        program_id=known.other_program.program_id, organization_id=known.other_program.organization_id
    )

    await deliver(db_notifications, on, known.sent(), declined, following)

    assert len(await messages(db_notifications, kind=Kind.FAMILY_SENT, recipient_id=known.mother.person_id)) == 1
    assert len(await messages(db_notifications, kind=Kind.FAMILY_DECLINED_NEXT)) == 2


async def test_a_fact_about_a_student_not_yet_known_waits_until_the_student_is(
    db_notifications: Database, district: District
) -> None:
    await deliver(db_notifications, on, district.accepted(), may_park=True)
    assert await told(db_notifications) == set()

    await deliver(db_notifications, on, *district.facts, may_park=True)
    await release(db_notifications, on, utc_now())

    assert (district.mother.person_id, Kind.FAMILY_ACCEPTED) in await told(db_notifications)


@pytest.mark.parametrize("missing", ["mother", "referrer", "program", "other_program"])
async def test_it_waits_for_every_person_and_program_it_needs(
    db_notifications: Database, district: District, missing: str
) -> None:
    late = getattr(district, missing)
    await deliver(db_notifications, on, *(fact for fact in district.facts if fact is not late))
    asked = referrals.ConsentRequested(
        **district.about,
        guardian_ids=(district.mother.person_id,),
        need=Need.HOUSING,
        program_ids=(district.program.program_id, district.other_program.program_id),
    )

    await deliver(db_notifications, on, asked, may_park=True)
    assert await told(db_notifications) == set()
    await deliver(db_notifications, on, late, may_park=True)
    await release(db_notifications, on, utc_now())

    assert await told(db_notifications) == {(district.mother.person_id, Kind.FAMILY_CONSENT_ASKED)}


async def test_the_newest_state_of_a_person_wins_within_one_run(db_notifications: Database) -> None:
    first = a_person(given_name="Old", language="es")
    newest = first.model_copy(update={"given_name": "New", "language": "vi"})

    await deliver(db_notifications, on, first, a_person(), newest, twice=True)

    async with db_notifications.transaction() as session:
        kept = await session.get_one(Recipient, first.person_id)
        assert (kept.given_name, kept.language) == ("New", "vi")
        assert len((await session.exec(select(Recipient))).all()) == 2


async def test_programs_and_schools_are_kept_by_their_newest_names(db_notifications: Database, known: District) -> None:
    await deliver(
        db_notifications,
        on,
        known.school.model_copy(update={"name": "New School"}),
        known.program.model_copy(update={"name": "New Name"}),
    )

    async with db_notifications.transaction() as session:
        assert (await session.get_one(School, known.school.school_id)).name == "New School"
        assert (await session.get_one(Program, known.program.program_id)).name == "New Name"


async def test_an_erased_person_leaves_nothing_but_the_id(db_notifications: Database, known: District) -> None:
    mother = known.mother.person_id
    await deliver(db_notifications, on, known.accepted())
    async with db_notifications.transaction() as session:
        session.add(Preference(person_id=mother, language="fr", changed_at=utc_now()))

    await deliver(db_notifications, on, PersonErased(person_id=mother))

    async with db_notifications.transaction() as session:
        kept = await session.get_one(Recipient, mother)
        assert kept.model_dump(exclude={"person_id"}) == Recipient(
            person_id=mother, email=None, phone=None, active=False, erased=True
        ).model_dump(exclude={"person_id"})
        assert await session.get(Preference, mother) is None
        assert (mother, Status.FAILED, "erased") in await deliveries(session)
    assert [m.params for m in await messages(db_notifications, recipient_id=mother)] == [{}]


async def test_after_an_erasure_the_rest_of_the_family_is_still_told(
    db_notifications: Database, known: District
) -> None:
    await deliver(db_notifications, on, PersonErased(person_id=known.mother.person_id))

    await deliver(db_notifications, on, known.accepted())

    found = await messages(db_notifications, kind=Kind.FAMILY_ACCEPTED)
    assert [m.recipient_id for m in found] == [known.father.person_id]


async def test_the_end_of_an_erased_students_referral_is_told_to_staff_and_partner_only(
    db_notifications: Database, known: District
) -> None:
    await deliver(db_notifications, on, PersonErased(person_id=known.student.person_id))

    await deliver(db_notifications, on, referrals.ReferralWithdrawn(**known.attempt, by="school"))

    assert await told(db_notifications) == {
        (known.contact.person_id, Kind.PARTNER_WITHDRAWN),
        (known.referrer.person_id, Kind.STAFF_WITHDRAWN_BY_SCHOOL),
    }


async def test_staff_get_no_mail_about_what_they_did_themselves(db_notifications: Database, known: District) -> None:
    referrer = Actor(person_id=known.referrer.person_id, name="Dana")

    await deliver(db_notifications, on, referrals.ReferralWithdrawn(**known.about, by="school"), actor=referrer)

    async with db_notifications.transaction() as session:
        assert {id for id, _, _ in await deliveries(session)} == {known.mother.person_id, known.father.person_id}
    assert (known.referrer.person_id, Kind.STAFF_WITHDRAWN_BY_SCHOOL) in await told(db_notifications)


async def test_a_wish_for_a_language_goes_before_the_roster(db_notifications: Database, known: District) -> None:
    async with db_notifications.transaction() as session:
        wish = Preference(person_id=known.mother.person_id, language="fr", email=False, changed_at=utc_now())
        session.add(wish)

    await deliver(db_notifications, on, known.accepted())

    (found,) = await messages(db_notifications, recipient_id=known.mother.person_id)
    assert found.language == "fr"
    async with db_notifications.transaction() as session:
        assert known.mother.person_id not in {id for id, _, _ in await deliveries(session)}


async def test_a_language_that_we_do_not_write_falls_back_to_english(
    db_notifications: Database, known: District
) -> None:
    await deliver(db_notifications, on, known.mother.model_copy(update={"language": "tl"}))

    await deliver(db_notifications, on, known.accepted())

    (found,) = await messages(db_notifications, recipient_id=known.mother.person_id)
    assert found.language == "en"


async def test_an_unknown_referral_of_unknown_people_blocks_no_other(
    db_notifications: Database, known: District
) -> None:
    strangers = known.accepted().model_copy(update={"referral_id": new_id(), "student_id": new_id()})

    await deliver(db_notifications, on, strangers, known.accepted(), may_park=True)

    assert (known.mother.person_id, Kind.FAMILY_ACCEPTED) in await told(db_notifications)
