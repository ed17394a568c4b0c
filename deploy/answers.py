"""Mail that comes in: answers to invitations, which people's calendar programs send."""

from deploy.trouble import Trouble


async def take_answer(raw: bytes, **settings: str) -> int:
    """Take a mail's answers into account; how many there were. Refuses one that holds none.

    `settings` stand in the place of those of the environment. The service is brought in with the first mail only.
    """
    from services.agreements.commands import take_mail
    from services.agreements.settings import Settings
    from shared.clock import utc_now
    from shared.db import Database

    made = Settings.model_validate(settings)
    db = Database(made.dsn, pool_size=1, notify=made.notify)
    try:
        async with db.transaction() as session:
            return await take_mail(session, raw, now=utc_now())
    finally:
        await db.close()


def read_mail(raw: bytes) -> bytes:
    """The mail as it was piped in; raises `Trouble` where nothing was."""
    if not raw.strip():
        raise Trouble("No mail came in. Pipe one into this command: crosswalk mail take < answer.eml")
    return raw
