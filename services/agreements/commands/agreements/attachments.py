"""Files of an agreement: put into the draft, taken out again; both sides see it as a change of the draft."""

from datetime import datetime, tzinfo
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import documents
from services.agreements.commands.agreements.case import Case, begin, load
from services.agreements.commands.agreements.draft import put_change
from services.agreements.models import Agreement
from services.agreements.rules.agreements import Verb
from services.agreements.rules.attachments import new_attachment
from services.agreements.rules.terms import Terms
from shared.identity.actor import Actor


async def attach_to_agreement(
    session: AsyncSession,
    agreement_id: UUID,
    *,
    name: str,
    title: str,
    content: bytes,
    folder: Path,
    actor: Actor,
    now: datetime,
    zone: tzinfo,
) -> Agreement:
    """Put a file into the draft; the same content again is there once. What it is, is read from its content."""
    case, terms = await _draft(session, agreement_id, actor=actor, now=now, zone=zone)
    sha256 = documents.digest_of(content)
    if any(one.sha256 == sha256 for one in terms.attachments):
        return case.agreement
    attachment = new_attachment(terms.attachments, content, sha256=sha256, name=name, title=title)
    await documents.keep(folder, content)
    await put_change(session, case, terms.model_copy(update={"attachments": (*terms.attachments, attachment)}))
    return case.agreement


async def detach_from_agreement(
    session: AsyncSession, agreement_id: UUID, sha256: str, *, actor: Actor, now: datetime, zone: tzinfo
) -> Agreement:
    """Take a file out of the draft; one that is not there is no fault. Texts that were signed keep theirs."""
    case, terms = await _draft(session, agreement_id, actor=actor, now=now, zone=zone)
    kept = tuple(one for one in terms.attachments if one.sha256 != sha256)
    await put_change(session, case, terms.model_copy(update={"attachments": kept}))
    return case.agreement


async def _draft(
    session: AsyncSession, agreement_id: UUID, *, actor: Actor, now: datetime, zone: tzinfo
) -> tuple[Case, Terms]:
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    await begin(session, case, Verb.EDIT, None)
    return case, Terms.model_validate(case.text.terms)


_CLAIMED = text("""
    SELECT DISTINCT file ->> 'sha256'
    FROM edition, jsonb_array_elements(edition.terms -> 'attachments') AS file
    WHERE file ->> 'sha256' = ANY(:names)
""")


async def attached_files(session: AsyncSession, names: list[str]) -> set[str]:
    """Of these files those that a text of an agreement names."""
    return set((await session.execute(_CLAIMED, {"names": names})).scalars())
