"""A partner's page says to those who work with it what they have together, and nothing of it to others."""

from datetime import timedelta

import pytest

from services.agreements import commands
from services.agreements.rules import MeetingEntry
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from tests.agreements.agreeing import ZONE, Two, an_agreement, two_sides
from tests.agreements.support import partner_of
from tests.support.builders import an_actor
from tests.support.clients import Client


async def worked(db: Database) -> Two:
    """A school and a partner with an agreement, its goal, and a meeting in ten days."""
    now = utc_now()
    async with db.transaction() as session:
        two = await two_sides(session)
        first = now.astimezone(ZONE).date()
        last = first + timedelta(days=300)
        await an_agreement(two, now=now, starts_on=first.isoformat(), ends_on=last.isoformat())
        await commands.schedule_meeting(
            session, meeting_id=new_id(), zone=ZONE, actor=two.school, now=now,
            entry=MeetingEntry(
                title="How the fall goes", place="Room 12", time="15:30", school_id=str(two.school_id),
                date=(first + timedelta(days=10)).isoformat(), organization_id=str(two.organization_id),
            ),
        )  # fmt: skip
    return two


@pytest.mark.parametrize("who", ["school", "partner", "district"])
async def test_who_works_with_a_partner_finds_agreement_contacts_goals_and_meetings_on_its_page(
    db_agreements: Database, client_agreements: Client, who: str
) -> None:
    two = await worked(db_agreements)
    actor: Actor = getattr(two, who)

    page = (await client_agreements(actor).get(f"/agreements/partners/{two.organization_id}")).text

    for said in ("Mentors for grade 9", "Ada Diaz", "Rosa Lima", "Not measured yet", "In force", "How the fall goes"):
        assert said in page


@pytest.mark.parametrize("who", ["nobody", "a guardian", "another partner"])
async def test_others_find_a_partners_programs_alone(
    db_agreements: Database, client_agreements: Client, who: str
) -> None:
    two = await worked(db_agreements)
    others = {"a guardian": an_actor(RoleName.GUARDIAN), "another partner": partner_of(new_id())}

    answer = await client_agreements(others.get(who)).get(f"/agreements/partners/{two.organization_id}")

    assert answer.status_code in (200, 401, 303)
    assert "Mentors for grade 9" not in answer.text
    assert "Next meetings" not in answer.text


async def test_a_school_reads_nothing_of_others_on_a_partners_page(
    db_agreements: Database, client_agreements: Client
) -> None:
    two = await worked(db_agreements)
    elsewhere = an_actor(RoleName.SCHOOL_STAFF, new_id())

    page = (await client_agreements(elsewhere).get(f"/agreements/partners/{two.organization_id}")).text

    assert "No agreement is under way or in force." in page
    assert "No meeting is planned." in page
