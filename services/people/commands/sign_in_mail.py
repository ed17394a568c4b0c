"""Writes the mail with the code and the link; the secrets are made here and are in clear in the mail only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules, secret
from services.people.commands.sign_in import link_address, persons_at
from services.people.models import SignIn
from shared.events.vocabulary import RoleName
from shared.mail import Mail
from shared.translations import best_language, direction, gettext, speaking

LEASE = timedelta(seconds=60)
"""How long one try to send may take before another worker tries; longer than the deadline of `send_mail`."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is ready, and the request that it answers."""

    sign_in_id: UUID
    sends: int
    mail: Mail


@dataclass(frozen=True, slots=True)
class Instead:
    """Who gets no code by mail, because they sign in with the district's provider only, and what people call it."""

    roles: frozenset[RoleName] = frozenset()
    name: str = ""


async def claim_letters(
    session: AsyncSession,
    *,
    public_url: str,
    minutes: int,
    instead: Instead = Instead(),
    now: datetime,
    most: int = 10,
) -> tuple[list[Letter], int]:
    """The letters to send now, each with fresh secrets, and how many requests were dealt with.

    A request for an address that nobody has is settled without a letter, unless somebody registers with it. What
    an earlier try sent stops working. Who must sign in with the provider is told so, without a secret.
    """
    due = select(SignIn).where(col(SignIn.send_at) <= now).order_by(col(SignIn.send_at)).limit(most)
    rows: Sequence[SignIn] = (await session.exec(due.with_for_update(skip_locked=True))).all()
    letters = [await _claim(session, row, public_url, minutes, instead, now) for row in rows]
    return [letter for letter in letters if letter], len(rows)


async def _claim(
    session: AsyncSession, row: SignIn, public_url: str, minutes: int, instead: Instead, now: datetime
) -> Letter | None:
    row.send_at = None
    if row.email is None or row.opened_by is not None or now >= row.expires_at:
        return None
    persons = await persons_at(session, row.email, but=instead.roles)
    if not persons and not row.given_name:
        return await _elsewhere(session, row, public_url, instead, now)
    code, key = secret.new_code(), secret.new_key()
    row.code_hash, row.link_hash = await secret.code_digest(code, row.id), secret.digest(key)
    row.sends += 1
    row.send_at = now + LEASE
    language = best_language(persons[0].reads if persons else row.language)
    mail = write_mail(row.email, code, link_address(public_url, key), language, minutes)
    return Letter(row.id, row.sends, mail)


async def _elsewhere(
    session: AsyncSession, row: SignIn, public_url: str, instead: Instead, now: datetime
) -> Letter | None:
    """A letter to somebody who cannot sign in with a code; None where nobody has the address."""
    if row.email is None or not instead.roles or not await persons_at(session, row.email):
        return None
    row.sends += 1
    row.send_at = now + LEASE
    words = f"You sign in to Crosswalk with {instead.name}, not with a code. Go on here:"
    text = f"{words}\n\n{public_url.rstrip('/')}/sign-in\n"
    return Letter(row.id, row.sends, Mail(to=row.email, subject="How to sign in to Crosswalk", text=text))


async def settle_letter(session: AsyncSession, letter: Letter, *, again: bool, now: datetime) -> None:
    """Note that the letter is sent, or given up; or that it is to be tried again."""
    row = await session.get(SignIn, letter.sign_in_id, with_for_update=True)
    if row is not None and row.sends == letter.sends:
        row.send_at = rules.resend_at(row.sends, now) if again else None


def write_mail(to: str, code: str, link: str, language: str, minutes: int) -> Mail:
    """The mail, in one of our languages; nothing personal in it and no code in the subject."""
    with speaking(language):
        subject = gettext("Your code to sign in to Crosswalk")
        enter = gettext("Enter this code on the page where you asked for it:")
        click = gettext("Or open this link and press the button there:")
        ends = gettext("The code and the link work once, for %(minutes)s minutes.") % {"minutes": minutes}
        ignore = gettext("If you did not ask for it, you need not do anything.")
        button = gettext("Sign in")
    text = f"{enter}\n\n{code}\n\n{click}\n\n{link}\n\n{ends}\n{ignore}\n"
    html = (
        f'<!doctype html><html lang="{language}" dir="{direction(language)}"><meta charset="utf-8">'
        f'<body style="font: 18px/1.5 sans-serif; margin: 24px"><p>{escape(enter)}</p>'
        f'<p dir="ltr" style="font-size: 32px; letter-spacing: 6px"><strong>{code}</strong></p>'
        f'<p>{escape(click)}</p><p><a href="{escape(link)}">{escape(button)}</a></p>'
        f"<p>{escape(ends)} {escape(ignore)}</p></body></html>"
    )
    return Mail(to=to, subject=subject, text=text, html=html, language=language)
