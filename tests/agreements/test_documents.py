"""Documents are kept under their digest, taken for what they are, and swept when nothing names them."""

from datetime import date
from pathlib import Path

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, documents
from services.agreements.models import Document
from services.agreements.rules.documents import DocumentKind
from shared.clock import new_id
from shared.events import agreements
from shared.events.vocabulary import TodoKind
from shared.refusals import Refusal
from tests.agreements.partners import (
    BOSTON,
    INSURED,
    NOW,
    PDF,
    a_registrant,
    approved,
    attached,
    begun,
)
from tests.agreements.support import partner_of, the_district
from tests.agreements.test_registration import waiting
from tests.support.events import outbox


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_document_is_kept_once_outside_the_database_under_its_digest(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    ana = a_registrant()
    organization = await begun(session_agreements, ana)
    id_ = new_id()

    for _ in range(2):
        await attached(session_agreements, organization.id, tmp_path, ana, document_id=id_)
    await attached(session_agreements, organization.id, tmp_path, ana, kind=DocumentKind.OTHER, until=None)

    files = files_in(tmp_path)
    rows = (await session_agreements.exec(select(Document))).all()
    assert [path.read_bytes() for path in files] == [PDF]
    assert {row.sha256 for row in rows} == {files[0].name}
    assert len(rows) == 2
    added = [f for f in await outbox(session_agreements) if isinstance(f, agreements.DocumentAdded)]
    assert [(one.kind, one.on) for one in added] == [("insurance", INSURED), ("other", None)]


async def test_a_file_that_is_not_what_its_name_says_is_refused(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    ana = a_registrant()
    organization = await begun(session_agreements, ana)

    with pytest.raises(Refusal) as refused:
        await attached(session_agreements, organization.id, tmp_path, ana, content=b"<script>alert(1)</script>")

    assert refused.value.code == "document_type"
    assert files_in(tmp_path) == []


async def test_a_document_can_be_taken_away_until_the_district_has_accepted_it(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    staff = partner_of(organization.id)
    first = await attached(session_agreements, organization.id, tmp_path, staff, until=date(2028, 6, 30))
    second = await attached(session_agreements, organization.id, tmp_path, staff, until=date(2029, 6, 30))
    assert await waiting(session_agreements) == [("document_review", "district")]

    await commands.remove_document(session_agreements, organization.id, second.id, actor=staff, now=NOW, zone=BOSTON)
    await commands.accept_document(
        session_agreements, organization.id, first.id, actor=the_district(), now=NOW, zone=BOSTON
    )

    assert await waiting(session_agreements) == []
    assert organization.insurance_until == date(2028, 6, 30)
    with pytest.raises(Refusal) as refused:
        await commands.remove_document(session_agreements, organization.id, first.id, actor=staff, now=NOW, zone=BOSTON)
    assert refused.value.code == "document_accepted"
    facts = await outbox(session_agreements)
    removed = agreements.DocumentRemoved(organization_id=organization.id, document_id=second.id)
    accepted = agreements.DocumentAccepted(
        organization_id=organization.id, document_id=first.id, kind="insurance", on=date(2028, 6, 30)
    )
    assert removed in facts
    assert accepted in facts


async def test_a_partner_does_not_accept_its_own_documents(session_agreements: AsyncSession, tmp_path: Path) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    staff = partner_of(organization.id)
    document = await attached(session_agreements, organization.id, tmp_path, staff, until=date(2030, 1, 1))

    with pytest.raises(Refusal) as refused:
        await commands.accept_document(
            session_agreements, organization.id, document.id, actor=staff, now=NOW, zone=BOSTON
        )
    assert refused.value.code == "not_your_move"
    assert organization.insurance_until == INSURED


async def test_files_that_no_document_names_are_found(session_agreements: AsyncSession, tmp_path: Path) -> None:
    ana = a_registrant()
    organization = await begun(session_agreements, ana)
    kept = await attached(session_agreements, organization.id, tmp_path, ana)
    stray = await documents.keep(tmp_path, b"left by an upload that broke off")
    tomorrow = NOW.replace(year=2100)

    old = documents.older_than(tmp_path, tomorrow)
    unclaimed = await commands.unclaimed_files(session_agreements, old)
    documents.forget(tmp_path, unclaimed, tomorrow)

    assert unclaimed == [stray]
    assert documents.older_than(tmp_path, tomorrow) == [kept.sha256]
    assert TodoKind.DOCUMENT_REVIEW.value not in {kind for kind, _ in await waiting(session_agreements)}
