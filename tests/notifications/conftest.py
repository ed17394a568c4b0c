"""A small district that notifications knows of, and a mail server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.notifications import jobs
from services.notifications.consumers import on
from services.notifications.settings import Settings
from shared.clock import new_id
from shared.db import Database
from shared.events import agreements, people, referrals
from shared.events.vocabulary import Need, RoleName, Urgency
from tests.notifications.mailbox import Mailbox, serving
from tests.support.builders import a_person, a_program, a_school, a_student
from tests.support.databases import settings_of
from tests.support.events import deliver


@dataclass
class District:
    """Who is there: a student with two guardians, the member of staff who refers, a program and its contact."""

    school: people.SchoolChanged
    mother: people.PersonChanged
    father: people.PersonChanged
    student: people.PersonChanged
    referrer: people.PersonChanged
    contact: people.PersonChanged
    colleague: people.PersonChanged
    """Of the contact, at the partner."""
    program: agreements.ProgramChanged
    other_program: agreements.ProgramChanged
    referral_id: UUID

    @property
    def facts(self) -> list[Any]:
        """All of it, as events."""
        return [
            self.school, self.mother, self.father, self.student, self.referrer, self.contact, self.colleague,
            self.program, self.other_program,
        ]  # fmt: skip

    @property
    def about(self) -> dict[str, Any]:
        """What every fact about the referral says."""
        return {
            "referral_id": self.referral_id,
            "student_id": self.student.person_id,
            "school_id": self.school.school_id,
            "referrer_id": self.referrer.person_id,
        }

    @property
    def attempt(self) -> dict[str, Any]:
        """What every fact about the attempt with the program says."""
        return self.about | {
            "attempt_id": new_id(),
            "program_id": self.program.program_id,
            "organization_id": self.program.organization_id,
        }

    def sent(self, **changes: Any) -> referrals.ReferralSent:
        """The referral goes to the program."""
        values = self.attempt | {
            "need": Need.HOUSING,
            "urgency": Urgency.ROUTINE,
            "answer_by": "2026-11-24T22:00:00Z",
        }
        return referrals.ReferralSent(**(values | changes))

    def accepted(self) -> referrals.ReferralAccepted:
        """The program accepts."""
        return referrals.ReferralAccepted(**self.attempt)


def a_district(**changes: Any) -> District:
    """A district; `changes` replace parts of it."""
    school = a_school()
    mother = a_person(given_name="Marie", email="mother@example.org", language="ht-HT")
    father = a_person(given_name="Yusuf", email="father@example.org", language="ar")
    organization_id = new_id()
    values: dict[str, Any] = {
        "school": school,
        "mother": mother,
        "father": father,
        "student": a_student(
            school.school_id, given_name="Jean-Zélie", family_name="Josephson",
            guardian_ids=(mother.person_id, father.person_id),
        ),
        "referrer": a_person(RoleName.SCHOOL_STAFF, school.school_id, given_name="Dana", email="dana@example.org"),
        "contact": a_person(RoleName.PARTNER_STAFF, organization_id, email="Contact@Partner.example.org"),
        "colleague": a_person(RoleName.PARTNER_STAFF, organization_id, email="colleague@partner.example.org"),
        "program": a_program(
            organization_id=organization_id, organization_name="Harbor Shelter", name="Night Housing Help",
            contact=agreements.Contact(name="Ana", email="contact@partner.example.org"),
        ),
        "other_program": a_program(name="Family Rooms"),
        "referral_id": new_id(),
    }  # fmt: skip
    return District(**(values | changes))


@pytest.fixture
def district() -> District:
    """A district that nobody was told of yet."""
    return a_district()


@pytest_asyncio.fixture(loop_scope="session")
async def known(db_notifications: Database, district: District) -> District:
    """A district that notifications knows."""
    await deliver(db_notifications, on, *district.facts)
    return district


@pytest_asyncio.fixture(loop_scope="session")
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mail server that takes everything unless told otherwise."""
    async with serving() as box:
        yield box


@pytest_asyncio.fixture(loop_scope="session")
async def settings(
    postgres: str, data_dir: Path, mailbox: Mailbox, db_notifications: Database
) -> AsyncIterator[Settings]:
    """Settings that lead to this mail server."""
    made = settings_of(
        "notifications", postgres, data_dir, smtp_port=mailbox.port, mail_deadline=20.0,
        mail_from="Crosswalk <crosswalk@example.org>",
    )  # fmt: skip
    assert isinstance(made, Settings)
    yield made
    await jobs.hang_up(db_notifications)
