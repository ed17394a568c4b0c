"""Sending: against a real mail server, with everything that goes wrong on the way."""

import asyncio
import re
import time
from datetime import timedelta

from sqlmodel import col, select

from services.notifications import commands, jobs
from services.notifications.consumers import on
from services.notifications.models import Delivery, Message, Status
from services.notifications.rules import LEASE, RETRY_AFTER, Kind
from services.notifications.settings import Settings
from shared.clock import utc_now
from shared.db import Database
from shared.events.notifications import MessageSent, MessageUndeliverable
from shared.events.people import PersonErased
from shared.identity import read_link
from tests.notifications.conftest import District
from tests.notifications.mailbox import Mailbox
from tests.support.events import deliver, outbox

MOTHER, FATHER, DANA = "mother@example.org", "father@example.org", "dana@example.org"
DAYS = timedelta(days=5)


async def states(db: Database) -> dict[str | None, Delivery]:
    """Each address with its delivery."""
    async with db.transaction() as session:
        return {row.address: row for row in await session.exec(select(Delivery))}


async def facts(db: Database, kind: type) -> list[object]:
    """Facts of a kind in the outbox."""
    async with db.transaction() as session:
        return [fact for fact in await outbox(session) if isinstance(fact, kind)]


async def test_everybody_gets_one_mail_and_it_is_on_record(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, known.accepted())

    tries = await jobs.send_due(db_notifications, settings, utc_now())

    assert tries == 3
    assert sorted(to for to, _ in mailbox.received) == [DANA, FATHER, MOTHER]
    assert {d.status for d in (await states(db_notifications)).values()} == {Status.SENT}
    assert len(await facts(db_notifications, MessageSent)) == 3
    assert await jobs.send_due(db_notifications, settings, utc_now()) == 0


async def test_a_mail_server_whose_name_is_no_name_is_tried_again_like_any_other(
    db_notifications: Database, known: District, settings: Settings
) -> None:
    await deliver(db_notifications, on, known.accepted())
    wrong = settings.model_copy(update={"smtp_host": "mail..example.org"})

    await jobs.send_due(db_notifications, wrong, utc_now())

    kept = list((await states(db_notifications)).values())
    assert {row.status for row in kept} == {Status.QUEUED}
    assert all(row.last_error and row.uncertain_at is None for row in kept)


async def test_a_family_mail_is_right_to_left_where_the_language_is_and_leads_to_one_referral(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, known.accepted())
    await jobs.send_due(db_notifications, settings, utc_now())

    (mail,) = mailbox.to(FATHER)
    text, html = (part.get_content() for part in mail.iter_parts())
    assert mail["Content-Language"] == "ar"
    assert '<html lang="ar" dir="rtl">' in html
    (token,) = set(re.findall(r"/referrals/by-link/([\w.-]+)", text))
    assert html.count(token) == 3  # the button, and the address to copy with its link
    claims = read_link(settings, token, now=utc_now())
    assert (claims.person_id, claims.about_id, claims.role) == (
        known.father.person_id, known.referral_id, "guardian",
    )  # fmt: skip
    assert claims.name == ""
    assert timedelta(days=13) < timedelta(seconds=claims.expires_at - utc_now().timestamp()) <= timedelta(days=14)


async def test_an_e_mail_tells_no_more_of_the_child_than_the_first_name(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, known.sent(), known.accepted())
    await jobs.send_due(db_notifications, settings, utc_now())

    for to in (MOTHER, FATHER, DANA):
        for mail in mailbox.to(to):
            whole = "".join(part.get_content() for part in mail.iter_parts())
            assert "Jean-Zélie" in whole
            assert "Jean" not in mail["Subject"]
            for secret in ("Josephson", "Night Housing", "Harbor Shelter", "housing", "Harbor View"):
                assert secret not in whole + mail["Subject"]
    (partner,) = mailbox.to("Contact@Partner.example.org")
    assert "Jean" not in str(partner)


async def test_staff_are_led_to_the_page_behind_the_sign_in(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, known.accepted())
    await jobs.send_due(db_notifications, settings, utc_now())

    (mail,) = mailbox.to(DANA)
    text, _ = (part.get_content() for part in mail.iter_parts())
    assert f"http://127.0.0.1:8000/referrals/{known.referral_id}" in text.splitlines()
    assert "by-link" not in text


async def test_a_busy_server_is_tried_again_with_the_same_message_id(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.answers[MOTHER] = "451 4.7.1 greylisted, mother@example.org must wait"
    await deliver(db_notifications, on, known.accepted())
    now = utc_now()
    await jobs.send_due(db_notifications, settings, now)
    waiting = (await states(db_notifications))[MOTHER]

    del mailbox.answers[MOTHER]
    await jobs.send_due(db_notifications, settings, now + timedelta(seconds=30))

    assert (waiting.status, waiting.attempts, waiting.last_error) == (Status.QUEUED, 1, "451 4.7.1")
    assert waiting.next_at >= now + RETRY_AFTER[0]
    assert (await states(db_notifications))[MOTHER].status is Status.SENT
    (mail,) = mailbox.to(MOTHER)
    assert mail["Message-ID"] == waiting.smtp_message_id


async def test_a_mail_is_given_up_after_its_last_try_and_not_before_three_days(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    for to in (MOTHER, FATHER):
        mailbox.answers[to] = "450 4.2.0 not now"
    await deliver(db_notifications, on, known.accepted())

    now = began = utc_now()
    while (row := (await states(db_notifications)).get(MOTHER)) is None or row.status is not Status.FAILED:
        await jobs.send_due(db_notifications, settings, now)
        waiting = [d.next_at for d in (await states(db_notifications)).values() if d.status is Status.QUEUED]
        now = max([now, *waiting])

    assert row.attempts == len(RETRY_AFTER) + 1
    assert now - began >= timedelta(hours=72)
    reasons = {fact.reason for fact in await facts(db_notifications, MessageUndeliverable)}  # type: ignore[attr-defined]
    assert reasons == {"exhausted"}


async def test_a_refused_address_is_final_and_the_referrer_hears_once_the_whole_family_is_unreachable(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    for to in (MOTHER, FATHER):
        mailbox.answers[to] = "550 5.1.1 no such user"
    await deliver(db_notifications, on, known.accepted())

    await jobs.send_due(db_notifications, settings, utc_now())
    await jobs.send_due(db_notifications, settings, utc_now())

    found = await states(db_notifications)
    assert (found[MOTHER].status, found[MOTHER].last_error) == (Status.FAILED, "550 5.1.1")
    subjects = [mail["Subject"] for mail in mailbox.to(DANA)]
    assert subjects == ["News about a referral", "A referral needs you"]


async def test_one_guardian_who_was_reached_is_enough(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.answers[MOTHER] = "550 5.1.1 no such user"
    await deliver(db_notifications, on, known.accepted())

    await jobs.send_due(db_notifications, settings, utc_now())

    assert [mail["Subject"] for mail in mailbox.to(DANA)] == ["News about a referral"]


async def test_a_partner_who_refuses_mail_is_unreachable(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.answers["Contact@Partner.example.org"] = "550 5.1.1 no such user"
    await deliver(db_notifications, on, known.sent())

    await jobs.send_due(db_notifications, settings, utc_now())

    async with db_notifications.transaction() as session:
        alarms = await session.exec(select(Message).where(Message.kind == Kind.STAFF_PARTNER_UNREACHABLE))
        assert [m.recipient_id for m in alarms] == [known.referrer.person_id]


async def test_an_address_that_hangs_holds_up_no_other(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.hangs_for.add(MOTHER)
    settings = settings.model_copy(update={"mail_deadline": 4.0})
    await deliver(db_notifications, on, known.accepted())

    began = time.monotonic()
    run = asyncio.ensure_future(jobs.send_due(db_notifications, settings, utc_now()))
    while len(mailbox.received) < 2:
        await asyncio.sleep(0.01)
    # What is written while the slow one is under way goes out, too.
    await deliver(db_notifications, on, known.sent())
    while not mailbox.to("Contact@Partner.example.org"):
        await asyncio.sleep(0.01)
    others_through = time.monotonic() - began
    await run

    assert others_through < settings.mail_deadline
    assert (await states(db_notifications))[MOTHER].last_error == "TimeoutError"


async def test_addresses_that_failed_before_never_fill_all_lanes(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, known.accepted(), known.sent())
    async with db_notifications.transaction() as session:
        for row in await session.exec(select(Delivery)):
            row.attempts = 1
            session.add(row)

        now, sender = utc_now(), settings.mail_from
        assert await commands.claim(session, now=now, sender=sender, first=9, again=0) == []
        assert len(await commands.claim(session, now=now, sender=sender, first=0, again=9)) == 6


async def test_silence_after_the_whole_mail_is_uncertain_and_is_sent_again_with_the_same_message_id(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.drops_after_data.add(MOTHER)
    await deliver(db_notifications, on, known.accepted())
    now = utc_now()
    await jobs.send_due(db_notifications, settings, now)
    uncertain = (await states(db_notifications))[MOTHER]

    mailbox.drops_after_data.clear()
    await jobs.send_due(db_notifications, settings, now + timedelta(minutes=1))

    assert uncertain.status is Status.UNCERTAIN
    assert (await states(db_notifications))[MOTHER].status is Status.SENT
    first, second = mailbox.to(MOTHER)
    assert first["Message-ID"] == second["Message-ID"]


async def test_a_sender_that_died_leaves_an_uncertain_mail_that_another_sends_again(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, known.accepted())
    now = utc_now()
    async with db_notifications.transaction() as session:
        (lost,) = await commands.claim(session, now=now, sender=settings.mail_from)
    await jobs.find_lost(db_notifications, settings, now + LEASE - timedelta(seconds=1))
    await jobs.send_due(db_notifications, settings, now)
    assert len(mailbox.received) == 2

    later = now + LEASE + timedelta(seconds=1)
    await jobs.find_lost(db_notifications, settings, later)
    await jobs.send_due(db_notifications, settings, later)

    assert len(mailbox.received) == 3
    assert lost.smtp_message_id in {mail["Message-ID"] for to in (MOTHER, FATHER, DANA) for mail in mailbox.to(to)}


async def test_who_lost_the_lease_records_nothing(
    db_notifications: Database, known: District, settings: Settings
) -> None:
    await deliver(db_notifications, on, known.accepted())
    now = utc_now()
    async with db_notifications.transaction() as session:
        (slow,) = await commands.claim(session, now=now, sender=settings.mail_from)
    await jobs.find_lost(db_notifications, settings, now + LEASE * 2)

    async with db_notifications.transaction() as session:
        await commands.record(session, slow, None, now=now, jitter=0.0)

    async with db_notifications.transaction() as session:
        assert (await session.get_one(Delivery, slow.delivery_id)).status is Status.UNCERTAIN
    assert await facts(db_notifications, MessageSent) == []


async def test_two_senders_at_once_send_every_mail_once(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, *(known.accepted() for _ in range(10)))

    other = Database(settings.dsn)
    try:
        await asyncio.gather(
            jobs.send_due(db_notifications, settings, utc_now()), jobs.send_due(other, settings, utc_now())
        )
    finally:
        await jobs.hang_up(other)
        await other.close()

    ids = [mail["Message-ID"] for to in (MOTHER, FATHER, DANA) for mail in mailbox.to(to)]
    assert len(ids) == len(set(ids)) == 30


async def test_many_mails_share_a_few_connections(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, *(known.accepted() for _ in range(10)))

    await jobs.send_due(db_notifications, settings, utc_now())

    assert len(mailbox.received) == 30
    assert mailbox.connections <= settings.mail_connections


async def test_an_address_corrected_meanwhile_is_used_at_the_next_try(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.answers[MOTHER] = "451 4.3.0 later"
    await deliver(db_notifications, on, known.accepted())
    now = utc_now()
    await jobs.send_due(db_notifications, settings, now)

    await deliver(db_notifications, on, known.mother.model_copy(update={"email": "new@example.org"}))
    await jobs.send_due(db_notifications, settings, now + timedelta(minutes=1))

    assert len(mailbox.to("new@example.org")) == 1


async def test_mail_to_a_person_erased_meanwhile_is_not_sent(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, known.accepted(), PersonErased(person_id=known.mother.person_id))

    await jobs.send_due(db_notifications, settings, utc_now() + DAYS)

    assert sorted(to for to, _ in mailbox.received) == [DANA, FATHER]


async def test_a_mail_that_cannot_be_written_does_not_come_before_all_others_for_ever(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, known.sent())
    async with db_notifications.transaction() as session:
        broken = (await session.exec(select(Message).where(col(Message.kind) == Kind.PARTNER_NEW))).one()
        broken.params = broken.params | {"answer_by": "no time at all"}
        session.add(broken)

    await jobs.send_due(db_notifications, settings, utc_now())

    assert sorted(to for to, _ in mailbox.received) == [FATHER, MOTHER]
    async with db_notifications.transaction() as session:
        row = (await session.exec(select(Delivery).where(Delivery.message_id == broken.id))).one()
    assert (row.status, row.last_error) == (Status.QUEUED, "ValueError")
