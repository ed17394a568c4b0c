"""Answers to invitations that come as mail from people's calendar programs (iTIP REPLY)."""

from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.answers import answer_meeting
from services.agreements.models import Invitee, Meeting, Occurrence, Person
from services.agreements.rules import Answer
from shared.calendars import Replied, Reply, replies_in
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal

LARGEST = 1_000_000
"""Bytes of a mail that is looked at."""
_ANSWERS = {Reply.ACCEPTED: Answer.YES, Reply.TENTATIVE: Answer.MAYBE, Reply.DECLINED: Answer.NO}


async def take_mail(session: AsyncSession, raw: bytes, *, now: datetime) -> int:
    """Take the answers in a mail into account; how many those were.

    An answer counts where the mail comes from the address that was invited. One to a state of the meeting that has
    changed since is passed over: the person is asked anew. Refuses a mail that holds no answer.
    """
    message = message_from_bytes(raw, policy=policy.default)
    if len(raw) > LARGEST:
        raise _refused("The mail is too large.")
    assert isinstance(message, EmailMessage)
    sender = parseaddr(str(message.get("From", "")))[1].lower()
    replies = [one for one in _replies(message) if one.address == sender]
    if not replies:
        raise _refused("The mail holds no answer to an invitation of the one who sent it.")
    return sum([await _take(session, one, now) for one in replies])


def _replies(message: EmailMessage) -> Sequence[Replied]:
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            try:
                return replies_in(content if isinstance(content, bytes) else b"")
            except (ValueError, KeyError, IndexError, TypeError, AttributeError):
                return []
    return []


async def _take(session: AsyncSession, replied: Replied, now: datetime) -> int:
    found = await _invited(session, replied)
    if found is None:
        raise _refused("There is no such meeting, or the one who answers is not invited.")
    meeting, invitee, person = found
    if replied.sequence < invitee.sequence or meeting.id is None:
        return 0
    occurrence_id = None
    if replied.rule_at is not None and meeting.rule:
        date = await session.exec(
            select(Occurrence.id).where(
                Occurrence.meeting_id == meeting.id, Occurrence.round == meeting.round,
                Occurrence.rule_at == replied.rule_at,
            )
        )  # fmt: skip
        occurrence_id = date.first()
        if occurrence_id is None:
            return 0
    actor = Actor(person_id=person.id, name=person.name, language=person.language)
    await answer_meeting(
        session, meeting.id, answer=_ANSWERS[replied.reply], occurrence_id=occurrence_id, way="mail", actor=actor,
        now=now,
    )  # fmt: skip
    return 1


async def _invited(session: AsyncSession, replied: Replied) -> tuple[Meeting, Invitee, Person] | None:
    try:
        meeting_id = UUID(replied.uid.partition("@")[0])
    except ValueError:
        return None
    found = await session.exec(
        select(Meeting, Invitee, Person)
        .join(Invitee, col(Invitee.meeting_id) == col(Meeting.id))
        .join(Person, col(Person.id) == col(Invitee.person_id))
        .where(Meeting.id == meeting_id, func.lower(Person.email) == replied.address, Person.active)
    )
    return found.first()


def _refused(said: str) -> Refusal:
    return Refusal(Kind.INVALID, "mail_not_understood", said)
