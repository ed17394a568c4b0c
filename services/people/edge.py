"""What pages and the API share: cookies, limits, and who is calling from where."""

from datetime import datetime

from fastapi import Request
from fastapi.responses import Response

from services.people.commands import Limits, SignedInAs
from services.people.provider import Provider
from services.people.settings import Settings
from shared.db import Database
from shared.identity import cookie_name, issue_token
from shared.refusals import Kind, Refusal
from shared.web import page, see_other

TICKET_COOKIE = "crosswalk_sign_in"

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "Chromebook"),
    ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def settings_of(request: Request) -> Settings:
    """The service's settings."""
    settings: Settings = request.app.state.settings
    return settings


def database_of(request: Request) -> Database:
    """The service's database, for the few things that need a transaction of their own."""
    db: Database = request.app.state.db
    return db


def provider_of(request: Request) -> Provider:
    """The district's own sign-in; refuses where there is none."""
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise Refusal(Kind.NOT_FOUND, "provider_none", "This district signs in with a code by e-mail.")
    return provider


def leave(request: Request, way_out: str | None) -> Response:
    """Let a browser out whose session has ended: to the front page, or on to the provider to end its session there."""
    if way_out is None:
        return let_out(request, see_other("/"))
    name = settings_of(request).provider_name
    return let_out(request, page(request, None, "signed_out.html", url=way_out, name=name))


def limits_of(request: Request) -> Limits:
    """How often and how long, as the settings say."""
    settings = settings_of(request)
    return Limits(
        per_address=settings.sign_ins_per_address,
        per_client=settings.sign_ins_per_client,
        code_length=settings.sign_in_length,
        session_length=settings.session_length,
        per_client_at_provider=settings.oidc_sign_ins_per_client,
        provider_only=frozenset(settings.oidc_required_for),
    )


def client_of(request: Request) -> str:
    """IP address of who calls."""
    return request.client.host if request.client else ""


def device_of(request: Request) -> str:
    """The browser in a few words: "Firefox on Windows"."""
    agent = request.headers.get("user-agent", "")
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return " on ".join(part for part in (browser, system) if part) or "A program"


def token_of(request: Request, signed_in: SignedInAs, now: datetime) -> str:
    """The token of a fresh session."""
    return issue_token(settings_of(request), signed_in.actor, now=now, expires_at=signed_in.expires_at)


def let_in(request: Request, response: Response, signed_in: SignedInAs, now: datetime) -> Response:
    """Give the browser its session cookie, and take the ticket back."""
    set_cookie(
        request,
        response,
        cookie_name(settings_of(request).public_url),
        token_of(request, signed_in, now),
        seconds=int((signed_in.expires_at - now).total_seconds()),
    )
    response.delete_cookie(TICKET_COOKIE)
    return response


def let_out(request: Request, response: Response) -> Response:
    """Take the session cookie back."""
    secure = settings_of(request).public_url.startswith("https:")
    response.delete_cookie(cookie_name(settings_of(request).public_url), secure=secure, httponly=True, samesite="lax")
    return response


def set_ticket(request: Request, response: Response, ticket: str) -> Response:
    """Bind a way in to this browser."""
    set_cookie(request, response, TICKET_COOKIE, ticket, seconds=settings_of(request).sign_in_minutes * 60)
    return response


def set_cookie(request: Request, response: Response, name: str, value: str, *, seconds: int) -> None:
    """A cookie that scripts cannot read and other sites do not send."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings_of(request).public_url.startswith("https:"),
    )
