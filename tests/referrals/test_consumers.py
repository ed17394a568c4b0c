"""What referrals keeps of others' facts, and what it forgets."""

from typing import TypeVar

from sqlmodel import select

from services.referrals import consumers
from services.referrals.models import Consent, Entry, Message, Person, Program, Referral, School, StudentWord
from services.referrals.names import folded_words
from services.referrals.rules import AttemptState, ReferralState
from shared.clock import new_id
from shared.db import Database
from shared.events import notifications, people
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from tests.referrals.world import World, later
from tests.support.builders import a_person, a_program, a_school, a_student
from tests.support.events import deliver

T = TypeVar("T")


async def rows(db: Database, table: type[T]) -> list[T]:
    async with db.transaction() as session:
        return list((await session.exec(select(table))).all())


async def words_of(db: Database) -> set[str]:
    return {row.word for row in await rows(db, StudentWord)}


async def test_the_newest_state_of_a_person_counts_however_often_it_arrives(db_referrals: Database) -> None:
    old = a_student(given_name="Jean", family_name="Joseph")
    new = old.model_copy(update={"given_name": "Jeanne", "grade": "05"})

    await deliver(db_referrals, consumers.on, old, new, twice=True)

    (person,) = await rows(db_referrals, Person)
    assert (person.name, person.grade) == ("Jeanne Joseph", "05")
    assert await words_of(db_referrals) == {"jeanne", "joseph"}


async def test_a_run_of_many_persons_is_kept_whole(db_referrals: Database) -> None:
    school = a_school()
    students = [a_student(school.school_id, given_name=f"Ana{n}") for n in range(300)]

    await deliver(db_referrals, consumers.on, school, *students)

    assert len(await rows(db_referrals, Person)) == 300
    assert [row.name for row in await rows(db_referrals, School)] == [school.name]


async def test_only_students_are_found_by_name(db_referrals: Database) -> None:
    await deliver(db_referrals, consumers.on, a_person(given_name="Grown"), a_student(given_name="Small"))

    assert await words_of(db_referrals) == {"small", "joseph"}


async def test_a_student_who_leaves_school_altogether_is_no_longer_found(db_referrals: Database) -> None:
    student = a_student()

    await deliver(db_referrals, consumers.on, student, student.model_copy(update={"school_id": None}))

    assert await words_of(db_referrals) == set()


async def test_partner_staff_are_known_by_their_organizations(db_referrals: Database) -> None:
    organization = new_id()
    roles = (
        Role(name=RoleName.PARTNER_STAFF, scope_id=organization),
        Role(name=RoleName.SCHOOL_STAFF, scope_id=new_id()),
    )

    await deliver(db_referrals, consumers.on, a_person(roles=roles))

    (person,) = await rows(db_referrals, Person)
    assert person.organization_ids == [organization]


async def test_a_program_is_kept_as_it_is_now(db_referrals: Database) -> None:
    program = a_program()

    await deliver(db_referrals, consumers.on, program, program.model_copy(update={"status": "closed"}), twice=True)

    (kept,) = await rows(db_referrals, Program)
    assert (kept.name, kept.status, kept.contact_name) == ("Homework Club", "closed", "Ana Reis")
    assert not kept.is_open


async def test_an_erased_guardian_is_forgotten(world: World) -> None:
    await world.hear(people.PersonErased(person_id=world.mother.person_id))

    assert world.mother.person_id not in {person.id for person in await rows(world.db, Person)}


async def test_an_erased_student_s_referrals_end_and_the_words_go(world: World) -> None:
    id = await world.submit(words="Needs help", consent=world.consent(guardian_id=None, guardian_name="Aunt Rosa"))

    await world.hear(people.PersonErased(person_id=world.student.person_id))

    assert await world.state(id) is ReferralState.WITHDRAWN
    assert await world.attempts(id) == [AttemptState.WITHDRAWN, AttemptState.WITHDRAWN]
    assert (await world.told())[-1] == "withdrawn"
    assert {row.words for row in await rows(world.db, Referral)} == {""}
    assert {row.words for row in await rows(world.db, Entry)} == {""}
    assert {row.guardian_name for row in await rows(world.db, Consent)} == {""}
    assert await words_of(world.db) == set()


async def test_erasing_a_student_whose_referral_has_ended_ends_it_once_only(world: World) -> None:
    id = await world.submit()
    await world.move("withdraw", id, actor=world.staff)

    await world.hear(people.PersonErased(person_id=world.student.person_id))

    assert (await world.told()).count("withdrawn") == 1


async def test_what_became_of_a_message_is_known_whatever_the_order(world: World) -> None:
    about = await world.submit()
    common = {
        "message_id": new_id(),
        "recipient_id": world.mother.person_id,
        "kind": "family_referral_sent",
        "language": "ht",
        "about_id": about,
    }
    read = notifications.MessageRead(**common)
    written = notifications.MessageWritten(**common)
    failed = notifications.MessageUndeliverable(**common, channel="email", reason="no_address")

    await world.hear(read, now=later(minutes=9))
    await world.hear(written, failed, now=later(minutes=1))

    (message,) = await rows(world.db, Message)
    assert (message.written_at, message.read_at) == (later(minutes=1), later(minutes=9))
    assert (message.failed_at, message.failure, message.sent_at) == (later(minutes=1), "no_address", None)


async def test_a_message_that_is_sent_once_more_has_not_failed(world: World) -> None:
    common = {
        "message_id": new_id(),
        "recipient_id": world.mother.person_id,
        "kind": "family_referral_sent",
        "language": "ht",
        "about_id": await world.submit(),
    }

    await world.hear(notifications.MessageUndeliverable(**common, channel="email", reason="refused"))
    await world.hear(notifications.MessageQueuedAgain(**common, channel="email"))

    (message,) = await rows(world.db, Message)
    assert (message.failed_at, message.failure) == (None, None)


async def test_messages_about_other_things_are_left_alone(world: World) -> None:
    elsewhere = notifications.MessageWritten(
        message_id=new_id(), recipient_id=new_id(), kind="agreement_ends", language="en", about_id=new_id()
    )

    await world.hear(elsewhere)

    assert await rows(world.db, Message) == []


def test_names_are_folded_so_that_accents_and_case_do_not_matter() -> None:
    assert folded_words("Nguyễn, Thị-Mai") == ["nguyen", "thi", "mai"]
    assert folded_words("ĐẶNG O'Neill José josé") == ["dang", "o", "neill", "jose"]
    assert folded_words("李 小龙") == ["李", "小龙"]
    assert folded_words(" - ") == []
