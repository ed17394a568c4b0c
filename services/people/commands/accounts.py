"""Accounts at the district's provider: whose they are, and the roles that their claims give."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules
from services.people.commands.persons import is_active, locked
from services.people.commands.publish import publish_persons
from services.people.commands.sessions import end_all_sessions, end_stale_sessions, snapshot
from services.people.models import Organization, Origin, Person, ProviderAccount, RoleHeld, School
from services.people.oidc_settings import MappedRole
from services.people.roster import school_id
from services.people.rules import Account, Candidate
from shared.clock import new_id
from shared.events.base import Role
from shared.events.people import AccountJoined, AccountParted, RoleGranted, RoleRevoked
from shared.events.vocabulary import RoleName
from shared.identity import Actor, system
from shared.messaging import emit
from shared.refusals import Refusal

log = structlog.get_logger()
US = system("people")


async def owner_of(session: AsyncSession, account: Account) -> UUID | None:
    """The person that the account was found to be before."""
    known = await session.get(ProviderAccount, (account.issuer, account.subject))
    return known.person_id if known else None


async def people_for(session: AsyncSession, account: Account, roles: Collection[Role]) -> list[UUID]:
    """Whoever an account may be that is nobody yet, by its verified address.

    Refuses where nobody may sign in with it; nobody at all means that the roles make somebody new.
    """
    address = rules.address_of(account)
    ids = (await session.exec(select(Person.id).where(func.lower(Person.email) == address))).all()
    return rules.fitting(await _candidates(session, ids, account.issuer), gets_roles=bool(roles))


async def renew_roles(
    session: AsyncSession, person_id: UUID, issuer: str, roles: Collection[Role], *, now: datetime
) -> Refusal | None:
    """Give the person of an account just the roles that its claims give now; why it cannot be let in, if so.

    Returned and not raised: what was taken away stays so, whether or not there is a way in.
    """
    person = await locked(session, person_id)
    (before,) = await _candidates(session, [person_id], issuer)
    await _keep_roles(session, person, set(roles) if rules.may_be_given_roles(before) else set(), now)
    (after,) = await _candidates(session, [person_id], issuer)
    return rules.why_not(after)


async def _candidates(session: AsyncSession, ids: Sequence[UUID], issuer: str) -> list[Candidate]:
    people = (await session.exec(select(Person).where(col(Person.id).in_(ids)).order_by(col(Person.id)))).all()
    working = select(RoleHeld.person_id).where(
        col(RoleHeld.person_id).in_(ids), col(RoleHeld.name).in_(rules.GRANTABLE)
    )
    joined = select(ProviderAccount.person_id).where(
        col(ProviderAccount.person_id).in_(ids), ProviderAccount.issuer == issuer
    )
    working_ids, joined_ids = set((await session.exec(working)).all()), set((await session.exec(joined)).all())
    return [
        Candidate(
            id=person.id,
            active=person.active,
            from_roster=person.source_id is not None,
            student=person.kind == "student",
            works_here=person.id in working_ids,
            joined=person.id in joined_ids,
        )
        for person in people
    ]


async def roles_given(
    session: AsyncSession, values: Collection[str], mapping: Mapping[str, Sequence[MappedRole]]
) -> list[Role]:
    """The roles that the values of the claim give, as the settings say; one for what does not exist gives nothing."""
    given: dict[Role, None] = {}
    for mapped in (one for value in sorted(values) for one in mapping.get(value, ())):
        scope = school_id(mapped.school) if mapped.school is not None else mapped.organization
        table = School if mapped.school is not None else Organization
        if scope is not None and await session.get(table, scope) is None:
            log.warning("mapped_role_covers_nothing", role=mapped.role, scope=mapped.school or str(scope))
            continue
        given[Role(name=mapped.role, scope_id=scope)] = None
    return list(given)


async def add_owner(session: AsyncSession, account: Account) -> UUID:
    """Enter the owner of an account to which its claims give roles; the roles follow."""
    given, family = (rules.plain(name)[:200] for name in (account.given_name, account.family_name))
    if not given and not family:
        given = (account.email or "").partition("@")[0]
    person = Person(
        id=new_id(), given_name=given, family_name=family, email=account.email,
        search=rules.search_words(given, family, account.email),
    )  # fmt: skip
    session.add(person)
    await session.flush()
    return person.id


async def join(session: AsyncSession, issuer: str, said: Mapping[str, Any], person_id: UUID, *, now: datetime) -> None:
    """Let the account be this person from now on, with just the roles that its claims give."""
    person = await locked(session, person_id)
    if await session.get(ProviderAccount, (issuer, said["subject"])) is None:
        row = ProviderAccount(issuer=issuer, subject=said["subject"], person_id=person_id, joined_at=now)
        session.add(row)
        await emit(session, AccountJoined(person_id=person_id, issuer=issuer), actor=US, now=now)
    await _keep_roles(session, person, {_role(pair) for pair in said["roles"]}, now)


def _role(pair: Sequence[str | None]) -> Role:
    name, scope = pair
    return Role(name=str(name), scope_id=UUID(scope) if scope else None)


async def _keep_roles(session: AsyncSession, person: Person, given: set[Role], now: datetime) -> None:
    query = select(RoleHeld).where(RoleHeld.person_id == person.id, RoleHeld.origin == Origin.PROVIDER)
    held = {Role(name=row.name, scope_id=row.scope_id): row for row in (await session.exec(query)).all()}
    new, gone = [role for role in given if role not in held], [role for role in held if role not in given]
    if not new and not gone:
        return
    for role in new:
        name = RoleName(role.name)
        session.add(RoleHeld(person_id=person.id, name=name, scope_id=role.scope_id, origin=Origin.PROVIDER))
        await emit(session, RoleGranted(person_id=person.id, role=role), actor=US, now=now)
    for role in gone:
        await session.delete(held[role])
        await emit(session, RoleRevoked(person_id=person.id, role=role), actor=US, now=now)
    await session.flush()
    person.active = bool(new) or (person.active and await is_active(session, person))
    await publish_persons(session, [person.id], actor=US, now=now)
    await end_stale_sessions(session, [person.id], actor=US, now=now)


def said_of(account: Account, roles: Sequence[Role], ids: Sequence[UUID]) -> dict[str, Any]:
    """What is kept of the provider's answer until it is known which of these people it is."""
    return {
        "subject": account.subject,
        "sid": account.sid,
        "way_out": account.way_out,
        "roles": snapshot(roles),
        "person_ids": [str(id) for id in ids],
    }


async def part_account(session: AsyncSession, person_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Let a person's account be nobody again, so that another may join; what it gave ends, and all sessions do."""
    person = await locked(session, person_id)
    rows = (await session.exec(select(ProviderAccount).where(ProviderAccount.person_id == person_id))).all()
    for row in rows:
        await session.delete(row)
        await emit(session, AccountParted(person_id=person_id, issuer=row.issuer), actor=actor, now=now)
    await _keep_roles(session, person, set(), now)
    await end_all_sessions(session, person_id, reason="account_parted", actor=actor, now=now)
