"""What agreements keeps of others' facts."""

from sqlmodel import select

from services.agreements.consumers import on
from services.agreements.models import School
from shared.clock import new_id
from shared.db import Database
from tests.support.builders import a_school
from tests.support.events import deliver


async def test_the_newest_state_of_a_school_counts_however_often_it_is_told(db_agreements: Database) -> None:
    id_ = new_id()
    first, second = a_school(school_id=id_, name="Lincoln"), a_school(school_id=id_, name="Lincoln K-8", active=False)

    await deliver(db_agreements, on, first, second, a_school(name="Harbor View"), twice=True)

    async with db_agreements.transaction() as session:
        schools = (await session.exec(select(School).order_by(School.name))).all()
    assert [(school.name, school.active) for school in schools] == [("Harbor View", True), ("Lincoln K-8", False)]
