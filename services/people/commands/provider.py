"""Sign-in with the district's own provider: to there, back from there once, and in as the person that the account is.

The three are transactions of their own: between the second and the third the provider is asked, which no
transaction waits for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules, secret
from services.people.commands.accounts import US, add_owner, owner_of, people_for, renew_roles, roles_given, said_of
from services.people.commands.sessions import SignedInAs, end_sessions
from services.people.commands.sign_in import Choice, Limits, by_ticket, check_rate, go_on
from services.people.models import ProviderAccount, Session, SignIn
from services.people.oidc_settings import MappedRole
from services.people.rules import Account
from shared.clock import new_id
from shared.refusals import Kind, Refusal

BEGIN_AGAIN = "This sign-in was begun in another browser or window, or is over. Begin again."


@dataclass(frozen=True, slots=True)
class CameBack:
    """A browser that came back from the provider as the one that was sent there."""

    sign_in_id: UUID
    key: str
    """The secret from which all that was sent follows."""
    way_on: str


async def go_to_provider(
    session: AsyncSession, *, issuer: str, way_on: str, client: str, limits: Limits, now: datetime
) -> str:
    """Note that a browser goes to the provider; returns the ticket that binds the answer to it."""
    await check_rate(session, SignIn.client, client, limits.per_client_at_provider, at_provider=True, now=now)
    id, key = new_id(), secret.new_key()
    row = SignIn(
        id=id,
        issuer=issuer,
        way_on=rules.way_on(way_on),
        ticket_hash=secret.digest(key),
        client=client,
        asked_at=now,
        expires_at=now + limits.code_length,
    )
    session.add(row)
    return f"{id}.{key}"


async def come_back(session: AsyncSession, *, ticket: str, state: str, now: datetime) -> CameBack:
    """Take a browser back, once, before the provider's answer is looked at. Commit it before asking the provider."""
    key = ticket.partition(".")[2]
    try:
        row = await by_ticket(session, ticket)
        rules.check_open(opened=row.opened_by is not None, expires_at=row.expires_at, now=now)
    except Refusal as refusal:
        raise Refusal(refusal.kind, refusal.code, BEGIN_AGAIN) from None
    if row.issuer is None or not secret.same(secret.derived(key, "state").encode(), state.encode()):
        raise Refusal(Kind.FORBIDDEN, "state_wrong", BEGIN_AGAIN)
    row.opened_by = "provider"
    return CameBack(row.id, key, row.way_on)


async def enter_by_provider(
    session: AsyncSession,
    *,
    sign_in_id: UUID,
    account: Account,
    mapping: Mapping[str, Sequence[MappedRole]],
    device: str,
    limits: Limits,
    now: datetime,
) -> SignedInAs | Choice | Refusal:
    """Sign in as the person that the account is; where several people may be it, one is chosen.

    A refusal that is returned, not raised, is to be committed: it took roles away.
    """
    row = await session.get_one(SignIn, sign_in_id, with_for_update=True)
    roles = await roles_given(session, account.values, mapping)
    owner = await owner_of(session, account)
    if owner is not None and (refusal := await renew_roles(session, owner, account.issuer, roles, now=now)):
        return refusal
    ids = [owner] if owner else await people_for(session, account, roles) or [await add_owner(session, account)]
    row.email, row.account = account.email, said_of(account, roles, ids)
    return await go_on(session, row, device, limits, now)


async def signed_out_there(
    session: AsyncSession,
    *,
    issuer: str,
    subject: str | None,
    sid: str | None,
    said_at: datetime,
    skew: timedelta,
    now: datetime,
) -> int:
    """End the sessions that began with a session at the provider that is over; how many.

    Of an account whose every session is over (no `sid`), one that began after the provider said so goes on: what it
    says may arrive twice, and late. `skew`: by how much its clock may be behind ours.
    """
    query = select(Session).where(col(Session.ended_at).is_(None), Session.expires_at > now)
    query = query.where(Session.method == "provider")
    if sid is not None:
        query = query.where(Session.provider_sid == sid)
    else:
        query = query.where(Session.started_at <= said_at + skew)
        owner = select(ProviderAccount.person_id).where(
            ProviderAccount.issuer == issuer, ProviderAccount.subject == (subject or "")
        )
        query = query.where(col(Session.person_id).in_(owner))
    rows = (await session.exec(query.with_for_update())).all()
    await end_sessions(session, rows, reason="signed_out_at_provider", actor=US, now=now)
    return len(rows)
