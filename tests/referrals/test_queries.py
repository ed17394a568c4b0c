"""What pages are told: the district's month, families not reached, how far messages came."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.referrals import queries
from services.referrals.rules import ReferralState, Verb
from shared.clock import new_id
from shared.events import notifications
from shared.events.vocabulary import Need
from tests.referrals.world import CALENDAR, NOW, World, later


def about(world: World, id: UUID, **changes: Any) -> dict[str, Any]:
    """What every fact about a message to the mother says."""
    common = {
        "message_id": new_id(),
        "recipient_id": world.mother.person_id,
        "kind": "family_referral_sent",
        "language": "ht",
        "about_id": id,
    }
    return common | changes


async def test_the_month_is_counted_by_state_need_and_school(world: World) -> None:
    await world.submit(now=later(days=-40), need=Need.FOOD, consent=None)
    await world.submit()
    accepted = await world.submit(need=Need.ARTS)
    await world.answer(accepted, Verb.ACCEPT)

    async with world.db.transaction() as session:
        month = await queries.overview(session, since=CALENDAR.month_of(NOW), now=later(days=10))

    assert month.submitted == 2
    assert month.by_state == {ReferralState.OPEN: 1, ReferralState.ACCEPTED: 1}
    assert month.by_need == {Need.ACADEMIC: 1, Need.ARTS: 1}
    assert (month.answered, month.answered_in_time, month.median_answer) == (1, 1, timedelta(0))
    assert (month.overdue, month.returned, month.unreached) == (1, 0, 0)
    (school,) = month.schools
    assert (school.school, school.submitted, school.taken) == ("Harbor View Elementary", 2, 1)


async def test_a_month_begins_at_the_district_s_own_midnight() -> None:
    assert CALENDAR.month_of(NOW).isoformat() == "2026-11-01T04:00:00+00:00"


async def test_a_family_is_not_reached_when_a_message_failed_and_none_came_through(world: World) -> None:
    id = await world.submit()

    async def waiting() -> list[str]:
        async with world.db.transaction() as session:
            found = await queries.today_lines(session, actor=world.staff, now=NOW, offset=0, limit=25)
            return [line.why for line in found.items]

    before = await waiting()
    await world.hear(notifications.MessageUndeliverable(**about(world, id), channel="email", reason="no_address"))
    failed = await waiting()
    await world.hear(notifications.MessageRead(**about(world, id)))

    assert (before, failed, await waiting()) == ([], ["unreached"], [])


async def test_a_message_that_failed_for_a_partner_says_nothing_of_the_family(world: World) -> None:
    id = await world.submit()
    to_partner = about(world, id, recipient_id=world.partner.person_id)

    await world.hear(notifications.MessageUndeliverable(**to_partner, channel="email", reason="refused"))

    async with world.db.transaction() as session:
        found = await queries.today_lines(session, actor=world.staff, now=NOW, offset=0, limit=25)
    assert found.total == 0


async def test_who_is_told_and_how_far_the_message_came(world: World) -> None:
    id = await world.submit()
    await world.hear(notifications.MessageWritten(**about(world, id)))

    async with world.db.transaction() as session:
        detail = await queries.referral_detail(session, id, actor=world.staff, now=NOW)
        told = {one.name: one for one in await queries.told_people(session, detail)}

    assert set(told) == {"Ana Reis", "Bo Chen", "Marie Joseph"}
    assert (told["Marie Joseph"].language, told["Marie Joseph"].status) == (
        "Haitian Creole",
        "in the inbox of the app",
    )
    assert told["Ana Reis"].status == "is told now"


async def test_while_the_family_is_asked_no_partner_is_told(world: World) -> None:
    id = await world.submit(consent=None)

    async with world.db.transaction() as session:
        detail = await queries.referral_detail(session, id, actor=world.staff, now=NOW)
        told = await queries.told_people(session, detail)

    assert [one.name for one in told] == ["Marie Joseph"]


async def test_messages_stand_in_the_timeline_with_how_far_they_came(world: World) -> None:
    id = await world.submit()
    message = about(world, id)
    await world.hear(notifications.MessageWritten(**message), now=later(seconds=1))
    await world.hear(notifications.MessageRead(**message), now=later(hours=1))

    async with world.db.transaction() as session:
        detail = await queries.referral_detail(session, id, actor=world.staff, now=later(hours=2))

    newest = detail.timeline[0]
    assert newest.title == "Message to Marie Joseph in Haitian Creole: read"
    assert (newest.at, newest.kind) == (later(seconds=1), "seen")


async def test_programs_are_ranked_with_the_places_that_are_left(world: World) -> None:
    await world.hear(world.program.model_copy(update={"capacity": 1}))
    id = await world.submit()
    await world.answer(id, Verb.ACCEPT)

    async with world.db.transaction() as session:
        student = await queries.student_line(session, world.student.person_id, actor=world.staff)
        ranked = await queries.fitting(session, student, Need.ACADEMIC, now=later(hours=1))

    assert [fit.offer.name for fit in ranked] == ["Evening Tutors", "Homework Club"]
    assert "No place free now; there may be a waiting list" in ranked[1].reasons
    assert "Answers within a day" in ranked[1].reasons
