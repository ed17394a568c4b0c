"""How the sending of messages does, in figures."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.models import Delivery, Status
from shared.observability.figures import Figure

LATE = timedelta(minutes=2)
"""How long a mail may be due before somebody should look."""
WINDOW = timedelta(minutes=5)
"""Over which it is said how long messages take."""
_QUANTILES = (0.5, 0.95)
_PAGE = "/notifications/deliveries"
_WORDS = {
    Status.QUEUED: "E-mails that wait to be sent",
    Status.SENDING: "E-mails on their way to the server",
    Status.SENT: "E-mails that the server took",
    Status.FAILED: "E-mails that could not be delivered",
    Status.UNCERTAIN: "E-mails of which nobody knows whether the server took them",
}


# The id of a fact is a UUIDv7 and says when the fact was made.
_SECONDS = text("""
    SELECT percentile_cont(CAST(:quantiles AS float8[])) WITHIN GROUP
        (ORDER BY extract(epoch FROM delivery.sent_at - uuid_extract_timestamp(message.event_id)))
    FROM delivery JOIN message ON message.id = delivery.message_id
    WHERE delivery.status = 'sent' AND delivery.queued_at > :since
""")


async def figures(session: AsyncSession, now: datetime) -> list[Figure]:
    """Deliveries by state, how many are due and still not sent, and how long those took that went out just now."""
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
        *await _taking(session, now),
        Figure("deliveries_late", late, "E-mails due for two minutes and not sent", f"{late:,}", late == 0, to_do,
               f"{_PAGE}?status=queued"),
    ]  # fmt: skip


async def _taking(session: AsyncSession, now: datetime) -> list[Figure]:
    """Seconds from a fact to its e-mail; nothing where none went out."""
    asked = {"quantiles": list(_QUANTILES), "since": now - WINDOW}
    seconds: list[float | None] | None = (await session.execute(_SECONDS, asked)).scalar_one()
    return [
        Figure("message_seconds", value, "Seconds from a fact to its e-mail", labels={"quantile": f"{quantile:g}"})
        for quantile, value in zip(_QUANTILES, seconds or (), strict=False)
        if value is not None
    ]
