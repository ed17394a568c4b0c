"""Files of an agreement: part of what is signed, saved by both sides, and kept as long as a text names them."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, documents
from services.agreements.models import Agreement, Edition
from services.agreements.rules.attachments import MOST_ATTACHMENTS
from services.agreements.rules.signing import digest_of
from services.agreements.rules.terms import Terms
from shared.clock import new_id
from shared.db import Database
from shared.events import agreements as facts
from shared.identity.actor import Actor
from shared.refusals import Refusal
from tests.agreements.agreeing import (
    NOW,
    ZONE,
    Two,
    a_draft,
    an_agreed_entry,
    fill,
    sent,
    signed,
    told,
    two_sides,
    waiting,
)
from tests.agreements.support import an_organization, partner_of
from tests.agreements.test_agreement_pages import API, PAGES, Here
from tests.support.clients import Client

FEES = b"%PDF-1.7\n% what the spring costs\n"
FEES_DIGEST = hashlib.sha256(FEES).hexdigest()
PLAN = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR a plan of the rooms"
FORM = {"origin": "http://127.0.0.1:8000"}


async def attach(
    two: Two, agreement: Agreement, folder: Path, content: bytes = FEES, *, by: Actor | None = None, title: str = ""
) -> Agreement:
    """Put a file into the draft."""
    return await commands.attach_to_agreement(
        two.session, agreement.id, name="fees spring.pdf", title=title, content=content, folder=folder,
        actor=by or two.partner, now=NOW, zone=ZONE,
    )  # fmt: skip


async def detach(two: Two, agreement: Agreement, sha256: str = FEES_DIGEST) -> Agreement:
    """Take a file out of the draft."""
    return await commands.detach_from_agreement(
        two.session, agreement.id, sha256, actor=two.partner, now=NOW, zone=ZONE
    )


async def terms_of(session: AsyncSession, agreement: Agreement, number: int = 1) -> Terms:
    """What a text says."""
    return Terms.model_validate((await session.get_one(Edition, (agreement.id, number))).terms)


async def swept(session: AsyncSession, folder: Path) -> list[str]:
    """Which of the files that are there no document and no text names."""
    return await commands.unclaimed_files(session, documents.older_than(folder, datetime(2100, 1, 1, tzinfo=UTC)))


async def test_a_file_counts_into_the_digest_of_what_is_signed_by_its_own(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    without = await sent(two, agreement)
    await commands.take_back_agreement(
        session_agreements, agreement.id, version=agreement.version, actor=two.school, now=NOW, zone=ZONE
    )

    await attach(two, agreement, tmp_path, title="Fees for the spring")
    digest = await sent(two, agreement)

    text = (await session_agreements.get_one(Edition, (agreement.id, 1))).text
    assert text is not None
    assert digest == digest_of(text) != without
    named = f"1. Fees for the spring (fees spring.pdf, {len(FEES)} bytes). SHA-256 of the file: {FEES_DIGEST}"
    assert f"ATTACHMENTS\n{named}\n" in text


async def test_the_same_file_sent_twice_is_attached_once_and_told_to_the_other_side(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)

    for _ in range(2):
        await attach(two, agreement, tmp_path)

    (one,) = (await terms_of(session_agreements, agreement)).attachments
    assert (one.title, one.name, one.media_type, one.size) == (
        "fees spring",
        "fees spring.pdf",
        "application/pdf",
        len(FEES),
    )
    changed = [f for f in await told(session_agreements, facts.AgreementChanged) if "attachments" in f.fields]  # type: ignore[attr-defined]
    assert len(changed) == 1
    assert ("agreement_review", "person") in await waiting(session_agreements, agreement)


async def test_what_is_no_pdf_or_picture_and_one_too_many_is_refused(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)

    with pytest.raises(Refusal) as wrong:
        await attach(two, agreement, tmp_path, b"<script>alert(1)</script>")
    for place in range(MOST_ATTACHMENTS):
        await attach(two, agreement, tmp_path, FEES + str(place).encode())
    with pytest.raises(Refusal) as many:
        await attach(two, agreement, tmp_path)

    assert (wrong.value.code, many.value.code) == ("document_type", "too_many_attachments")


async def test_a_text_that_waits_for_signatures_takes_no_file_and_gives_none_up(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    await attach(two, agreement, tmp_path)
    await sent(two, agreement)

    for move in (attach(two, agreement, tmp_path, PLAN), detach(two, agreement)):
        with pytest.raises(Refusal) as closed:
            await move
        assert closed.value.code == "move_not_possible"


async def test_saving_a_form_opened_before_somebody_attached_loses_nothing(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    opened = agreement.version
    await attach(two, agreement, tmp_path)

    await commands.change_agreement(
        session_agreements, agreement.id, version=opened, entry=an_agreed_entry(scope="Three mentors."),
        actor=two.school, now=NOW, zone=ZONE,
    )  # fmt: skip

    found = await terms_of(session_agreements, agreement)
    assert (found.scope, [one.sha256 for one in found.attachments]) == ("Three mentors.", [FEES_DIGEST])


async def test_what_an_amendment_takes_out_stays_with_the_text_that_was_signed(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    await attach(two, agreement, tmp_path)
    await signed(two, agreement)
    await commands.start_amendment(
        session_agreements, agreement.id, version=agreement.version, actor=two.partner, now=NOW, zone=ZONE
    )

    carried = (await terms_of(session_agreements, agreement, 2)).attachments
    await detach(two, agreement)

    assert [one.sha256 for one in carried] == [FEES_DIGEST]
    assert (await terms_of(session_agreements, agreement, 2)).attachments == ()
    assert await swept(session_agreements, tmp_path) == []


async def test_a_file_taken_out_of_a_draft_is_named_by_nothing(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    await attach(two, agreement, tmp_path)
    await attach(two, agreement, tmp_path, PLAN)

    for _ in range(2):
        await detach(two, agreement)

    assert await swept(session_agreements, tmp_path) == [FEES_DIGEST]


async def test_a_renewal_carries_the_files_over(session_agreements: AsyncSession, tmp_path: Path) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    await attach(two, agreement, tmp_path)
    await signed(two, agreement)

    new = await commands.renew_agreement(
        session_agreements, agreement.id, successor_id=new_id(), actor=two.school, now=NOW, zone=ZONE
    )
    await fill(two, new, by=two.school, starts_on="2027-09-01", ends_on="2028-06-30")

    assert [one.sha256 for one in (await terms_of(session_agreements, new)).attachments] == [FEES_DIGEST]


@pytest.fixture
async def here(db_agreements: Database, client_agreements: Client) -> Here:
    async with db_agreements.transaction() as session:
        two = await two_sides(session)
    return Here(db_agreements, client_agreements, two)


async def test_one_side_attaches_it_on_the_page_and_the_other_reads_it_before_signing(here: Here) -> None:
    agreement = await here.draft()
    path = f"{PAGES}/{agreement.id}"

    form = await here.get(f"{path}/attachments/new")
    async with here.client(here.two.school) as school:
        refused = await school.post(
            f"{path}/attachments",
            data={"title": "Kept"},
            files={"file": ("x.pdf", b"no", "application/pdf")},
            headers=FORM,
        )
        done = await school.post(
            f"{path}/attachments", data={"title": "Fees"}, files={"file": ("x.exe", FEES, "text/html")}, headers=FORM
        )
    page = await here.get(path, here.two.partner)
    await here.post(f"{path}/send", version=agreement.version + 1)
    signing = await here.get(f"{path}/sign", here.two.partner)
    saved = await here.get(f"{path}/attachments/{FEES_DIGEST}", here.two.partner)

    assert "PDF, PNG or JPEG, at most 10 MB" in form.text
    assert (refused.status_code, "This is not a PDF" in refused.text) == (422, True)
    assert done.headers["location"] == f"{path}?done=attached#attachments"
    assert f'href="{path}/attachments/{FEES_DIGEST}"' in page.text
    assert "They are part of what you sign" in signing.text
    assert (saved.content, saved.headers["content-type"]) == (FEES, "application/pdf")
    assert saved.headers["content-disposition"] == 'attachment; filename="x.pdf"'


async def test_the_api_attaches_gives_and_takes_out_and_strangers_find_nothing(here: Here) -> None:
    agreement = await here.draft()
    path = f"{API}/{agreement.id}/attachments"
    async with here.db.transaction() as session:
        stranger = partner_of((await an_organization(session, "Casa Abierta")).id)

    async with here.client(here.two.partner) as partner:
        made = await partner.post(path, files={"file": ("fees.pdf", FEES, "application/pdf")})
        saved = await partner.get(f"{path}/{FEES_DIGEST}")
        unknown = await partner.get(f"{path}/{'0' * 64}")
    async with here.client(stranger) as other:
        seen = await other.get(f"{path}/{FEES_DIGEST}")
        put = await other.post(path, files={"file": ("fees.pdf", FEES, "application/pdf")})
    async with here.client(here.two.school) as school:
        removed = await school.delete(f"{path}/{FEES_DIGEST}")
        gone = await school.get(f"{path}/{FEES_DIGEST}")

    assert made.status_code == 201
    assert made.json()["texts"][0]["terms"]["attachments"][0]["sha256"] == FEES_DIGEST
    assert saved.content == FEES
    assert [one.status_code for one in (unknown, seen, put, gone)] == [404] * 4
    assert removed.json()["texts"][0]["terms"]["attachments"] == []
