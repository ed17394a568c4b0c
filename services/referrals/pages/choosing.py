"""Choosing programs in order: the part that referring and choosing again share."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals import queries
from services.referrals.queries import FitShape, StudentLine
from shared.events.vocabulary import Need

FEW, MANY = 10, 100
"""How many programs are shown at first, and at most."""


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
        by_id = {fit.offer.program_id: fit for fit in judged}
        left_out = {*chosen, *without}
        rest = [fit for fit in judged if fit.offer.program_id not in left_out]
        fitting = [fit for fit in rest if fit.fits]
        shown = fitting[: MANY if whole else FEW]
        return cls(
            chosen=[queries.fit_shape(by_id[id]) for id in chosen if id in by_id],
            fitting=[queries.fit_shape(fit) for fit in shown],
            more=min(len(fitting), MANY) - len(shown),
            others=[queries.fit_shape(fit) for fit in islice((fit for fit in rest if not fit.fits), FEW)],
        )
