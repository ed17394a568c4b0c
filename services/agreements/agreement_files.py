"""An agreement's text as files that pages and API both give: the exact words, and a PDF with the signatures."""

from uuid import UUID

from fastapi import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import queries
from services.agreements.agreement_pdf import agreement_as_pdf
from services.agreements.settings import Settings
from shared.identity import Actor


async def text_file(session: AsyncSession, agreement_id: UUID, number: int, *, actor: Actor) -> Response:
    """The exact words: the SHA-256 of this file is the digest that the signatures name."""
    text, _ = await queries.text_with_signatures(session, agreement_id, number, actor=actor)
    headers = {"Content-Disposition": f'attachment; filename="agreement-{agreement_id}-{number}.txt"'}
    return Response((text.text or "").encode(), media_type="text/plain; charset=utf-8", headers=headers)


async def pdf_file(
    session: AsyncSession, agreement_id: UUID, number: int, settings: Settings, *, actor: Actor
) -> Response:
    """The text with its signatures, to print."""
    text, signatures = await queries.text_with_signatures(session, agreement_id, number, actor=actor)
    pdf = agreement_as_pdf(
        text, signatures, district=settings.district_name, zone=settings.zone, fonts=settings.pdf_fonts
    )
    headers = {"Content-Disposition": f'attachment; filename="agreement-{agreement_id}-{number}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)
