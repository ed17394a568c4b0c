"""How the sending of messages does, in figures."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.models import Delivery, Status
from shared.observability.figures import Figure

LATE = timedelta(minutes=2)
"""How long a mail may be due before somebody should look."""
_PAGE = "/notifications/deliveries"
_WORDS = {
    Status.QUEUED: "E-mails that wait to be sent",
    Status.SENDING: "E-mails on their way to the server",
    Status.SENT: "E-mails that the server took",
    Status.FAILED: "E-mails that could not be delivered",
    Status.UNCERTAIN: "E-mails of which nobody knows whether the server took them",
}


async def figures(session: AsyncSession, now: datetime) -> list[Figure]:
    """Deliveries by state, and how many are due and still not sent."""
    found = await session.execute(select(col(Delivery.status), func.count()).group_by(col(Delivery.status)))
    by_state: dict[Status, int] = {row[0]: row[1] for row in found}
    unsent = col(Delivery.status).in_([Status.QUEUED, Status.UNCERTAIN])
    late = (
        await session.execute(
            select(func.count()).select_from(Delivery).where(unsent, col(Delivery.next_at) < now - LATE)
        )
    ).scalar_one()
    to_do = "See whether the mail server answers and the worker of notifications runs; then they go out by themselves."
    return [
        *(
            Figure("deliveries", by_state.get(status, 0), words, f"{by_state.get(status, 0):,}",
                   href=f"{_PAGE}?status={status}", labels={"state": status.value})
            for status, words in _WORDS.items()
        ),
        Figure("deliveries_late", late, "E-mails due for two minutes and not sent", f"{late:,}", late == 0, to_do,
               f"{_PAGE}?status=queued"),
    ]  # fmt: skip
