"""What pages and the API share: the moment and the district's calendar of a request, and people who come by link."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals import queries
from services.referrals.rules import BusinessCalendar
from services.referrals.settings import Settings
from shared.clock import utc_now
from shared.events.vocabulary import RoleName
from shared.identity import Actor, read_link
from shared.refusals import Kind, Refusal
from shared.translations import mark


@dataclass(frozen=True, slots=True)
class Moment:
    """When a request came in, and the business days that deadlines count."""

    now: datetime
    calendar: BusinessCalendar


def _moment(request: Request) -> Moment:
    settings: Settings = request.app.state.settings
    return Moment(utc_now(), settings.calendar)


At = Annotated[Moment, Depends(_moment)]


async def by_link(request: Request, session: AsyncSession, token: str) -> Actor:
    """Who comes by a link from a message: somebody with powers over its one referral, as things are now.

    Refuses a forged link (403), one that is too old, and one whose person has no part in it any more (410).
    """
    claims = read_link(request.app.state.settings, token, now=utc_now())
    if claims.role == RoleName.GUARDIAN:
        scope = await queries.guardian_of(session, claims.person_id, claims.about_id)
    elif claims.role == RoleName.PARTNER_STAFF:
        scope = await queries.partner_of(session, claims.person_id, claims.about_id)
    else:
        scope = None
    if scope is None:
        words = mark("This link is no longer yours to use. Sign in to see what is.")
        raise Refusal(Kind.GONE, "link_over", words)
    actor = claims.actor(scope)
    request.state.actor = actor
    return actor
