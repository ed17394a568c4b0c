"""What was decided at the year's end stands in the timeline of the agreement that follows."""

from datetime import timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import AgreementEntry, Organization
from shared.clock import new_id
from shared.db import Database
from tests.agreements import agreeing
from tests.agreements.review_support import a_pair, decided
from tests.agreements.support import a_program_of
from tests.support.clients import Client


async def renewed(two: agreeing.Two) -> str:
    """Sign an agreement, begin its renewal; the words in the first line of the new one's timeline."""
    agreement = await agreeing.an_agreement(two)
    new = await commands.renew_agreement(
        two.session,
        agreement.id,
        successor_id=new_id(),
        actor=two.school,
        now=agreeing.NOW + timedelta(days=300),
        zone=agreeing.ZONE,
    )
    first = select(AgreementEntry).where(AgreementEntry.agreement_id == new.id).order_by(col(AgreementEntry.id))
    entry = (await two.session.exec(first)).first()
    assert entry is not None
    return entry.words


async def test_a_renewal_carries_the_newest_decisions_with_their_reasons(session_agreements: AsyncSession) -> None:
    two = await agreeing.two_sides(session_agreements)
    ids: dict[str, Any] = {"school_id": two.school_id, "organization_id": two.organization_id}
    partner = await session_agreements.get_one(Organization, two.organization_id)
    program = await a_program_of(session_agreements, partner)
    before = await a_pair(session_agreements, year=2025, **ids)
    await decided(session_agreements, before, reason="Long ago.", now=agreeing.NOW)
    pair = await a_pair(session_agreements, **ids)
    await decided(session_agreements, pair, to_change="Buses: leave at 5:30.")
    await decided(session_agreements, pair, program.id, decision="stop", reason="Nobody came.")
    elsewhere = await a_pair(session_agreements, "Roosevelt", organization_id=two.organization_id)
    await decided(session_agreements, elsewhere, reason="Another school's words.")

    assert await renewed(two) == (
        "Looking back on 2026–27, Lincoln: continue.\n"
        "Reason: Students came.\n"
        "What to change: Buses: leave at 5:30.\n"
        "How it will be known: Attendance stays over 90 percent.\n\n"
        "Looking back on 2026–27, Lincoln, Homework club: stop.\n"
        "Reason: Nobody came.\n"
        "How it will be known: Attendance stays over 90 percent."
    )


async def test_a_renewal_says_nothing_where_nothing_was_decided(session_agreements: AsyncSession) -> None:
    two = await agreeing.two_sides(session_agreements)
    await a_pair(session_agreements, school_id=two.school_id, organization_id=two.organization_id)

    assert await renewed(two) == ""


async def test_the_page_of_an_agreement_shows_what_was_decided(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        two = await agreeing.two_sides(session)
        agreement = await agreeing.an_agreement(two)
        pair = await a_pair(session, school_id=two.school_id, organization_id=two.organization_id)
        await decided(session, pair, decision="explore", to_change="Buses: leave at 5:30.")

    page = await client_agreements(two.partner).get(f"/agreements/agreements/{agreement.id}")

    assert "Looking back on 2026–27" in page.text
    assert "Explore something new" in page.text
    assert "Buses: leave at 5:30." in page.text
