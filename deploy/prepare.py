"""The process that makes what is missing: tables, keys, the first account, the demo district."""

from collections.abc import Callable
from importlib import import_module
from uuid import UUID, uuid5

from sqlmodel import col, select

from deploy.postgres import SERVICES
from deploy.process import Orders, tell
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
from shared.migrations import head, upgrade
from shared.settings import ServiceSettings

SPACE = UUID("9b1f3f0e-21c4-5a77-8d0c-6f0b4b8b2a10")
OFFICE = uuid5(SPACE, "district office")
"""The account that every system begins with; it can give roles to others."""
OFFICE_EMAIL = "office@district.example.org"


async def run(orders: Orders) -> None:
    """`migrate`, or `demo`, which also loads the demo district."""
    order = await orders.next()
    heads = {service: await _migrate(service) for service in SERVICES}
    people = Database(PeopleSettings().dsn)
    make_keys(PeopleSettings().keys_dir)
    await _first_account(people)
    tell(migrated=heads, office=str(OFFICE))
    if order == "demo":
        await _demo(people)
    await people.close()
    await orders.next()


async def _migrate(service: str) -> str:
    settings: ServiceSettings = import_module(f"services.{service}.settings").Settings()
    await upgrade(service, settings.dsn)
    return head(service)


async def _first_account(people: Database) -> None:
    """Somebody of the district office, unless there is one."""
    async with people.transaction() as session:
        if (await session.exec(select(Person.id).where(col(Person.id) == OFFICE))).first() is None:
            await add_person(
                session,
                id=OFFICE,
                given_name="District",
                family_name="Office",
                email=OFFICE_EMAIL,
                role=Role(name=RoleName.DISTRICT_OFFICE),
                actor=system("people"),
                now=utc_now(),
            )


async def _demo(people: Database) -> None:
    from deploy.demo_district.load import load_district, load_stories, personas
    from services.agreements.settings import Settings as AgreementsSettings

    agreements, referrals = Database(AgreementsSettings().dsn), Database(ReferralsSettings().dsn)
    await load_district(people, agreements, _told())
    tell(loaded=True)
    await load_stories(people, referrals, ReferralsSettings().calendar, _told())
    tell(finished=await personas(people))
    for db in (agreements, referrals):
        await db.close()


def _told() -> Callable[[int, int], None]:
    return lambda done, size: tell(done=done, of=size)
