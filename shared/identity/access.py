"""Who may call, said in a route's signature: every route of every service names exactly one of these."""

from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import select

from shared.clock import utc_now
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from shared.identity.tokens import read_token
from shared.messaging.tables import revoked_sessions
from shared.refusals import Kind, Refusal
from shared.translations import mark
from shared.web.transaction import Transaction

SESSION_COOKIE = "crosswalk_session"


def cookie_name(public_url: str) -> str:
    """The session cookie's name; over https it is bound to the host."""
    return f"__Host-{SESSION_COOKIE}" if public_url.startswith("https:") else SESSION_COOKIE


def _token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token
    return request.cookies.get(cookie_name(request.app.state.settings.public_url))


async def _whoever(request: Request, session: Transaction) -> Actor | None:
    """The signed-in person; None where nobody is, or where the session has ended."""
    token = _token(request)
    if token is None:
        return None
    try:
        actor = read_token(request.app.state.settings, token, now=utc_now())
    except Refusal:
        return None
    revoked = select(revoked_sessions.c.session_id).where(revoked_sessions.c.session_id == actor.session_id)
    if (await session.execute(revoked)).first() is not None:
        return None
    request.state.actor = actor
    return actor


Whoever = Annotated[Actor | None, Depends(_whoever)]


class Allow:
    """A dependency that lets in people with one of the roles; no role named: everyone who is signed in."""

    def __init__(self, *roles: RoleName) -> None:
        self.roles = roles

    def __call__(self, actor: Whoever) -> Actor:
        """The actor, or a refusal: 401 where nobody is signed in, 403 where the role is missing."""
        if actor is None:
            raise Refusal(Kind.NOT_SIGNED_IN, "not_signed_in", "Sign in to go on.")
        if self.roles and not actor.has(*self.roles):
            raise Refusal(
                Kind.FORBIDDEN,
                "role_missing",
                mark("This page is not for your role. If you need it, ask the district office."),
            )
        return actor


class AllowAnyone:
    """A dependency that lets everyone in, signed in or not; named so that openness is always on purpose."""

    def __call__(self, actor: Whoever) -> Actor | None:
        """The actor, or None."""
        return actor


Anyone = Annotated[Actor | None, Depends(AllowAnyone())]
SignedIn = Annotated[Actor, Depends(Allow())]
District = Annotated[Actor, Depends(Allow(RoleName.DISTRICT_OFFICE))]
SchoolStaff = Annotated[Actor, Depends(Allow(RoleName.SCHOOL_STAFF, RoleName.DISTRICT_OFFICE))]
PartnerStaff = Annotated[Actor, Depends(Allow(RoleName.PARTNER_STAFF))]
Guardian = Annotated[Actor, Depends(Allow(RoleName.GUARDIAN))]
Staff = Annotated[Actor, Depends(Allow(RoleName.SCHOOL_STAFF, RoleName.PARTNER_STAFF, RoleName.DISTRICT_OFFICE))]
