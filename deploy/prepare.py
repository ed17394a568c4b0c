"""Makes what is missing at a start: tables, keys, the first account, the demo district."""

from collections.abc import Callable
from importlib import import_module

from sqlalchemy import text
from sqlmodel import col, select

from deploy.first_account import OFFICE, OFFICE_EMAIL
from deploy.postgres import SERVICES
from deploy.refill import refill
from services.people.commands.persons import add_person
from services.people.models import Person
from services.people.settings import Settings as PeopleSettings
from services.referrals.settings import Settings as ReferralsSettings
from shared.clock import utc_now
from shared.db import Database
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity import system
from shared.identity.keys import make_keys
from shared.migrations import ALONE, head, upgrade
from shared.settings import ServiceSettings


async def migrate() -> dict[str, str]:
    """Tables, projections, keys and the first account; the revision that each service stands at."""
    heads = {service: await _migrate(service) for service in SERVICES}
    await refill(lambda said: None)
    make_keys(PeopleSettings().keys_dir)
    people = Database(PeopleSettings().dsn)
    await first_account(people, OFFICE_EMAIL)
    await people.close()
    return heads


async def _migrate(service: str) -> str:
    settings: ServiceSettings = import_module(f"services.{service}.settings").Settings()
    await upgrade(service, settings.dsn)
    return head(service)


async def first_account(people: Database, email: str) -> bool:
    """Somebody of the district office, unless there is one; whether one was made."""
    async with people.transaction() as session:
        # Two that look at once must not both find nobody.
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ALONE})
        if (await session.exec(select(Person.id).where(col(Person.id) == OFFICE))).first() is not None:
            return False
        await add_person(
            session,
            id=OFFICE,
            given_name="District",
            family_name="Office",
            email=email,
            role=Role(name=RoleName.DISTRICT_OFFICE),
            actor=system("people"),
            now=utc_now(),
        )
        return True


Show = Callable[[int, int, str], None]
"""Called with how much is done, of how much, and of what."""


async def load_demo(show: Show) -> dict[str, str]:
    """The demo district; the workers must be at work. Whom a newcomer may sign in as: the role in words, and the id."""
    from deploy.demo_district.load import load_district, load_partnerships, load_stories, personas
    from services.agreements.settings import Settings as AgreementsSettings

    settings = PeopleSettings(), AgreementsSettings(), ReferralsSettings()
    people, agreements, referrals = databases = [Database(one.dsn, pool_size=2) for one in settings]
    try:
        await load_district(people, agreements, lambda done, size: show(done, size, "roster and programs"))
        await load_stories(people, referrals, settings[2].calendar, lambda done, size: show(done, size, "referrals"))
        await load_partnerships(
            people, agreements, referrals, settings[1], lambda done, size: show(done, size, "agreements and meetings")
        )
        return await personas(people)
    finally:
        for db in databases:
            await db.close()
