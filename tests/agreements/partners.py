"""Things to test the vetting of partners with."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Document, Organization
from services.agreements.rules.documents import DocumentKind
from services.agreements.rules.registration import Identity, RegistrationEntry
from services.agreements.rules.vetting import CRITERIA, DeclineCause, Grade, Verb
from shared.clock import new_id
from shared.identity.actor import Actor
from tests.agreements.support import the_district

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
BOSTON = ZoneInfo("America/New_York")
PDF = b"%PDF-1.7\n% proof of insurance\n"
INSURED, CHECKED = date(2027, 6, 30), date(2027, 9, 1)


def a_registrant(**changes: Any) -> Actor:
    """Somebody with a proven address and no role."""
    given: dict[str, Any] = {"person_id": new_id(), "name": "Ana Reis", "session_id": new_id()}
    return Actor(**(given | changes))


def an_identity(**changes: Any) -> Identity:
    """An organization as somebody enters it."""
    return Identity(**({"name": "Harbor Sailing", "tax_id": "04-2103580"} | changes))


def a_telling(**changes: Any) -> RegistrationEntry:
    """All that the district wants to know."""
    told = {
        "tax_id": "04-2103580",
        "address": "1 Pier Street, Boston",
        "website": "www.harborsailing.org",
        "contact_name": "Ana Reis",
        "contact_email": "ana@harborsailing.org",
        "about": "We sail with students.",
        "populations": "Grades 6 to 12 in East Boston",
        "needs": ["sports", "mentoring"],
        "languages": ["en", "es"],
        "sites": "Pier 1",
        "capacity": 40,
        "offers": "Sailing on Saturdays",
        "evidence": "Nine of ten come back.",
        "references": "Rosa Lima, rosa@example.org",
    }
    return RegistrationEntry.model_validate(told | changes)


async def begun(session: AsyncSession, actor: Actor, *, sure: bool = False, **changes: Any) -> Organization:
    """A registration that was begun."""
    return await commands.start_registration(
        session, organization_id=new_id(), identity=an_identity(**changes), sure=sure, actor=actor, now=NOW
    )


async def attached(
    session: AsyncSession, organization_id: UUID, folder: Path, actor: Actor, **changes: Any
) -> Document:
    """A document of a partner; proof of insurance, unless it says otherwise."""
    given: dict[str, Any] = {
        "document_id": new_id(), "kind": DocumentKind.INSURANCE, "name": "policy.pdf", "content": PDF,
        "until": INSURED, "now": NOW,
    }  # fmt: skip
    return await commands.add_document(
        session, organization_id, folder=folder, actor=actor, zone=BOSTON, **(given | changes)
    )


async def sent(session: AsyncSession, folder: Path, actor: Actor, **changes: Any) -> Organization:
    """A registration that waits for the district."""
    organization = await begun(session, actor, **changes)
    return await completed(session, organization, folder, actor)


async def completed(session: AsyncSession, organization: Organization, folder: Path, actor: Actor) -> Organization:
    """All told, all attached, sent."""
    id_ = organization.id
    saved = await commands.save_registration(
        session, id_, version=organization.version, entry=a_telling(), country="US", actor=actor, now=NOW
    )
    await attached(session, id_, folder, actor)
    await attached(session, id_, folder, actor, kind=DocumentKind.CHECKS, content=PDF + b"checks", until=CHECKED)
    return await commands.submit_registration(session, id_, version=saved.version, actor=actor, now=NOW, zone=BOSTON)


async def rated(session: AsyncSession, organization: Organization, **grades: Grade) -> Organization:
    """Rated on every criterion; met, unless it says otherwise."""
    whole = dict.fromkeys(CRITERIA, Grade.MET) | grades
    return await commands.rate_partner(
        session, organization.id, version=organization.version, grades=whole, notes={}, actor=the_district(), now=NOW
    )


async def moved(
    session: AsyncSession, organization: Organization, verb: Verb, *, actor: Actor | None = None, **changes: Any
) -> Organization:
    """A decision of the district."""
    given: dict[str, Any] = {"words": "Because.", "causes": (DeclineCause.OTHER,), "now": NOW}
    return await commands.move_partner(
        session, organization.id, verb, version=organization.version, actor=actor or the_district(), zone=BOSTON,
        **(given | changes),
    )  # fmt: skip


async def approved(session: AsyncSession, folder: Path, actor: Actor, **changes: Any) -> Organization:
    """A partner that the district approved, insured and checked."""
    organization = await rated(session, await sent(session, folder, actor, **changes))
    return await moved(session, organization, Verb.APPROVE)
