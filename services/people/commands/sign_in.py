"""Sign-in without a password: one e-mail with a six-digit code and a link, one use, ten minutes.

Asking does the same, in the same time, whether anybody has the address or not: the mail is written afterwards,
in the worker, which alone looks for the person and makes the secrets.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules, secret
from services.people.commands.accounts import join
from services.people.commands.register import person_to_be
from services.people.commands.sessions import SignedInAs, start_session
from services.people.models import Person, RoleHeld, SignIn
from services.people.roster.values import email as read_email
from shared.clock import new_id
from shared.events.people import SignInRefused
from shared.events.vocabulary import RoleName
from shared.identity import system
from shared.messaging import emit, wake
from shared.refusals import Kind, Refusal
from shared.translations import mark

NO_GIVEN_NAME = mark("Enter your first name.")
NO_FAMILY_NAME = mark("Enter your last name.")
NO_ADDRESS = mark("Enter an e-mail address, like ana@example.org.")
WRONG_LINK = mark("This link does not work. Open it from the newest e-mail once more, or ask for a new one.")
WRONG_CODE = mark("This is not the code. Look for the newest e-mail and enter its six digits.")
OTHER_BROWSER = mark("Enter the code in the browser where you asked for it, or use the link of the e-mail.")
NOBODY = mark("Nobody has this address any more. Ask your school or the district office.")
WHO = mark("Choose who you are.")

AT_WILL = {"other_browser", "state_wrong", "sign_in_used", "sign_in_expired", "too_many_tries"}
"""Refusals that leave a way in as it was."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How often and how long: requests per quarter of an hour, and how long codes and sessions last."""

    per_address: int
    per_client: int
    code_length: timedelta
    session_length: timedelta
    per_client_at_provider: int = 600
    provider_only: frozenset[RoleName] = frozenset()
    """Roles whose people cannot sign in with a code."""


@dataclass(frozen=True, slots=True)
class Registrant:
    """Somebody who wants to register an organization, as entered."""

    given_name: str
    family_name: str
    language: str = "en"

    def named(self) -> dict[str, str]:
        """The names in one line each, and the language."""
        names = {"given_name": self.given_name, "family_name": self.family_name, "language": self.language}
        return {name: rules.plain(value)[:100] for name, value in names.items()}

    def wrong(self) -> dict[str, str]:
        """What is missing, by field."""
        named = self.named()
        missing = {"given_name": NO_GIVEN_NAME, "family_name": NO_FAMILY_NAME}
        return {name: words for name, words in missing.items() if not named[name]}


@dataclass(frozen=True, slots=True)
class Choice:
    """The way in is open, but several people have this address: the ticket lets one of them be chosen."""

    ticket: str
    persons: Sequence[Person]


async def ask_for_code(
    session: AsyncSession,
    *,
    email: str,
    client: str,
    limits: Limits,
    registrant: Registrant | None = None,
    way_on: str = "/",
    now: datetime,
) -> str:
    """Have a code and a link sent to an address; returns the ticket that binds the code to this browser.

    With a `registrant` the mail goes out also where nobody has the address: redeeming it makes this person.
    `way_on`: the path where the link leads after signing in.
    """
    address = read_email(email.strip().lower())
    wrong = registrant.wrong() if registrant else {}
    if address is None:
        wrong["email"] = NO_ADDRESS
    if address is None or wrong:
        raise Refusal(Kind.INVALID, "email_invalid" if "email" in wrong else "names_missing", "", fields=wrong)
    await _check_rates(session, address, client, limits, now)
    id, key = new_id(), secret.new_key()
    row = SignIn(
        id=id,
        email=address,
        ticket_hash=secret.digest(key),
        client=client,
        way_on=rules.way_on(way_on),
        asked_at=now,
        expires_at=now + limits.code_length,
        send_at=now,
    )
    for name, value in (registrant.named() if registrant else {}).items():
        setattr(row, name, value)
    session.add(row)
    await wake(session, "jobs")
    return f"{id}.{key}"


async def _check_rates(session: AsyncSession, address: str, client: str, limits: Limits, now: datetime) -> None:
    await check_rate(session, SignIn.email, address, limits.per_address, at_provider=False, now=now)
    await check_rate(session, SignIn.client, client, limits.per_client, at_provider=False, now=now)


async def check_rate(
    session: AsyncSession, column: Any, value: str, most: int, *, at_provider: bool, now: datetime
) -> None:
    """Refuse where as many ways in were asked for; those by e-mail and by the provider are counted apart."""
    name = f"{column.key}:{value}"
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
    query = select(SignIn.asked_at).where(column == value, SignIn.asked_at > now - rules.RATE_WINDOW)
    kind = col(SignIn.issuer).is_not(None) if at_provider else col(SignIn.issuer).is_(None)
    rules.check_rate((await session.exec(query.where(kind))).all(), most=most, now=now)


async def count_try(session: AsyncSession, *, ticket: str, now: datetime) -> None:
    """Count a try before it is looked at, in a transaction of its own: a refusal must not undo it."""
    row = await by_ticket(session, ticket)
    rules.check_open(opened=row.opened_by is not None, expires_at=row.expires_at, now=now)
    rules.check_tries(row.tries)
    row.tries += 1


async def redeem_code(
    session: AsyncSession, *, ticket: str, code: str, device: str, limits: Limits, now: datetime
) -> SignedInAs | Choice:
    """Sign in with the code, in the browser that asked for it. Call `count_try` first."""
    row = await by_ticket(session, ticket)
    rules.check_open(opened=row.opened_by is not None, expires_at=row.expires_at, now=now)
    given = await secret.code_digest("".join(code.split()), row.id)
    if not secret.same(row.code_hash, given):
        raise Refusal(Kind.INVALID, "code_wrong", "", fields={"code": WRONG_CODE})
    return await _open(session, row, "code", device, limits, now)


async def look_at_link(session: AsyncSession, *, key: str, now: datetime) -> str:
    """Where a link leads; refuses one that would not work. Looking uses nothing up (mail scanners open every link)."""
    return (await _by_link(session, key, now)).way_on


async def redeem_link(
    session: AsyncSession, *, key: str, device: str, limits: Limits, now: datetime
) -> SignedInAs | Choice:
    """Sign in with the link, in any browser."""
    row = await _by_link(session, key, now)
    return await _open(session, row, "link" if row.email else "setup", device, limits, now)


async def choose_person(
    session: AsyncSession, *, ticket: str, person_id: UUID, device: str, limits: Limits, now: datetime
) -> SignedInAs:
    """Go on as one of several people who share the address."""
    row = await by_ticket(session, ticket)
    rules.check_open(opened=row.opened_by is None or row.used_at is not None, expires_at=row.expires_at, now=now)
    person = next((p for p in await _persons(session, row, limits) if p.id == person_id), None)
    if person is None:
        raise Refusal(Kind.INVALID, "person_unknown", "", fields={"person_id": WHO})
    return await _enter(session, row, person, device, limits, now)


async def people_to_choose(session: AsyncSession, *, ticket: str, limits: Limits, now: datetime) -> Sequence[Person]:
    """Who may be chosen with this ticket."""
    row = await by_ticket(session, ticket)
    rules.check_open(opened=row.opened_by is None or row.used_at is not None, expires_at=row.expires_at, now=now)
    return await _persons(session, row, limits)


async def issue_setup_link(
    session: AsyncSession,
    person_id: UUID,
    *,
    public_url: str,
    now: datetime,
    valid: timedelta = timedelta(hours=24),
) -> str:
    """The address of a one-use sign-in link for a person, good for a day: for the first start only."""
    if await session.get(Person, person_id) is None:
        raise Refusal(Kind.NOT_FOUND, "person_unknown", "There is no such person.")
    key = secret.new_key()
    row = SignIn(id=new_id(), person_id=person_id, link_hash=secret.digest(key), asked_at=now, expires_at=now + valid)
    session.add(row)
    return link_address(public_url, key)


async def clear_old_sign_ins(session: AsyncSession, *, now: datetime) -> int:
    """Delete what can no longer be used, with the addresses in it, a day after it ended; how many."""
    old = delete(SignIn).where(col(SignIn.expires_at) < now - timedelta(days=1))
    return (await session.exec(old)).rowcount


def link_address(public_url: str, key: str) -> str:
    """Where a sign-in link leads; the key stands in the query, which is not logged."""
    return f"{public_url.rstrip('/')}/sign-in/link?key={key}"


async def persons_at(
    session: AsyncSession, address: str, *, but: Collection[RoleName] = frozenset()
) -> Sequence[Person]:
    """Everybody active who has this e-mail address and a role that may sign in, and none of these roles; by name."""
    may = select(RoleHeld.person_id).where(col(RoleHeld.name).in_(rules.SIGN_IN_ROLES))
    may_not = select(RoleHeld.person_id).where(col(RoleHeld.name).in_(but))
    query = select(Person).where(func.lower(Person.email) == address.lower(), Person.active, col(Person.id).in_(may))
    query = query.where(col(Person.id).not_in(may_not)) if but else query
    return (await session.exec(query.order_by(Person.given_name, Person.family_name, col(Person.id)))).all()


async def _persons(session: AsyncSession, row: SignIn, limits: Limits) -> Sequence[Person]:
    if row.issuer is not None:
        ids = [UUID(id) for id in (row.account or {}).get("person_ids", [])]
        named = select(Person).where(col(Person.id).in_(ids)).order_by(Person.given_name, Person.family_name)
        return (await session.exec(named)).all()
    if row.email is not None:
        return await persons_at(session, row.email, but=limits.provider_only)
    person = await session.get(Person, row.person_id)
    return [person] if person is not None and person.active else []


async def by_ticket(session: AsyncSession, ticket: str) -> SignIn:
    """The way in that belongs to this browser, locked; refuses any other browser."""
    id, _, key = ticket.partition(".")
    try:
        row = await session.get(SignIn, UUID(id), with_for_update=True, populate_existing=True)
    except ValueError:
        row = None
    if row is None or not secret.same(row.ticket_hash, secret.digest(key)):
        raise Refusal(Kind.FORBIDDEN, "other_browser", OTHER_BROWSER)
    return row


async def _by_link(session: AsyncSession, key: str, now: datetime) -> SignIn:
    query = select(SignIn).where(SignIn.link_hash == secret.digest(key)).with_for_update()
    row = (await session.exec(query)).one_or_none()
    if row is None:
        raise Refusal(Kind.FORBIDDEN, "link_invalid", WRONG_LINK)
    rules.check_open(opened=row.opened_by is not None, expires_at=row.expires_at, now=now)
    return row


async def _open(
    session: AsyncSession, row: SignIn, how: str, device: str, limits: Limits, now: datetime
) -> SignedInAs | Choice:
    row.opened_by = how
    return await go_on(session, row, device, limits, now)


async def go_on(session: AsyncSession, row: SignIn, device: str, limits: Limits, now: datetime) -> SignedInAs | Choice:
    """Go on through a way in that is open: as the one person who may, or to a choice of several."""
    persons = await _persons(session, row, limits)
    if not persons and (new := await person_to_be(session, row, now=now)):
        persons = [new]
    if not persons:
        raise Refusal(Kind.FORBIDDEN, "nobody_there", NOBODY)
    if len(persons) == 1:
        return await _enter(session, row, persons[0], device, limits, now)
    key = secret.new_key()
    row.ticket_hash = secret.digest(key)
    return Choice(f"{row.id}.{key}", persons)


async def _enter(
    session: AsyncSession, row: SignIn, person: Person, device: str, limits: Limits, now: datetime
) -> SignedInAs:
    row.used_at = now
    said = row.account or {}
    if row.issuer is not None:
        await join(session, row.issuer, said, person.id, now=now)
        row.account = None
    return await start_session(
        session,
        person,
        method=row.opened_by or "link",
        device=device,
        length=limits.session_length,
        now=now,
        provider_sid=said.get("sid"),
        way_out=said.get("way_out"),
    )


async def note_refused(session: AsyncSession, *, ticket: str, reason: str, now: datetime) -> None:
    """Put on the record that somebody was not let in; not what anybody can bring about as often as they like."""
    if reason in AT_WILL:
        return
    with suppress(Refusal):
        row = await by_ticket(session, ticket)
        fact = SignInRefused(sign_in_id=row.id, method="provider" if row.issuer else "code", reason=reason)
        await emit(session, fact, actor=system("people"), now=now)
