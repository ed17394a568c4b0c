"""Choosing programs in order: the part that referring and choosing again share."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals import queries
from services.referrals.queries import FitShape, StudentLine
from shared.events.vocabulary import Need

FEW = 10


@dataclass(frozen=True, slots=True)
class Choosing:
    """What is chosen, first choice first, and what else could be."""

    chosen: list[FitShape]
    fitting: list[FitShape]
    """Programs that fit and are not chosen; the best of them."""
    more: int
    """Programs that fit and are not shown."""
    others: list[FitShape]
    """Programs that serve the need but do not fit, with why."""

    @classmethod
    async def of(
        cls,
        session: AsyncSession,
        student: StudentLine,
        need: Need,
        chosen: Sequence[UUID],
        now: datetime,
        *,
        whole: bool = False,
        without: Collection[UUID] = (),
    ) -> "Choosing":
        """`whole`: all that fit, not only the best; `without`: programs that were asked already."""
        judged = await queries.fitting(session, student, need, now=now, also=chosen)
        by_id = {fit.program_id: fit for fit in judged}
        rest = [fit for fit in judged if fit.program_id not in {*chosen, *without}]
        fitting = [fit for fit in rest if fit.fits]
        shown = fitting if whole else fitting[:FEW]
        return cls(
            chosen=[by_id[id] for id in chosen if id in by_id],
            fitting=shown,
            more=len(fitting) - len(shown),
            others=[fit for fit in rest if not fit.fits][:FEW],
        )
