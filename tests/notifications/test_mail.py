"""E-mail on the wire, against a real SMTP server."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import compat32

import pytest

from shared.mail import Mail, Mailer, Permanent, Retryable, build, message_id, send_mail, to_wire
from shared.settings import ServiceSettings
from tests.notifications.mailbox import Mailbox, serving

DATE = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENDER = "Crosswalk <crosswalk@example.org>"
MAIL = Mail(to="ana@example.org", subject="News from your child's school", text="Good news.\n")

SMUGGLED = [
    "Hi\r\nBcc: evil@example.com",
    "Hi\nBcc: evil@example.com",
    "Hi\rBcc: evil@example.com",
    "Hi\x00",
    "=?utf-8?q?Hi=0ABcc:_evil@example.com?=",
    "=?utf-8?q?Hi=0D=0ABcc:_evil@example.com?=",
    "=?utf-8?b?SGkKQmNjOiBldmlsQGV4YW1wbGUuY29t?=",
    "=?iso-8859-1?q?Hi?= =?iso-8859-1?q?=0ABcc:_evil@example.com?=",
    "Hi\u2028Bcc: evil@example.com",
    "Hi\ud800",
]


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mail server that takes everything."""
    async with serving() as box:
        yield box


def settings_for(mailbox: Mailbox) -> ServiceSettings:
    """Settings that lead to this mail server."""
    return ServiceSettings(service="notifications", smtp_port=mailbox.port, mail_from=SENDER)


@pytest.mark.parametrize("text", SMUGGLED)
def test_a_line_break_in_a_subject_is_refused_however_it_is_hidden(text: str) -> None:
    with pytest.raises(Permanent, match="unsafe_header"):
        build(replace(MAIL, subject=text), sender=SENDER, date=DATE)


@pytest.mark.parametrize("text", SMUGGLED)
def test_a_line_break_in_a_name_is_refused_however_it_is_hidden(text: str) -> None:
    with pytest.raises(Permanent, match="unsafe_header"):
        build(replace(MAIL, to_name=text), sender=SENDER, date=DATE)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "ana@",
        "a b@example.org",
        "ana@example.org\r\nBcc: e@example.com",
        "ana@example.org, b@c.de",
        "ä@b.de",
    ],
)
def test_what_is_no_address_is_refused_for_good(address: str) -> None:
    with pytest.raises(Permanent):
        to_wire(build(replace(MAIL, to=address), sender=SENDER, date=DATE))


def test_harmless_encoded_words_and_foreign_letters_go_through() -> None:
    mail = replace(MAIL, subject="أخبار =?utf-8?q?Hi?=", to_name='Nguyễn, Thị "Mai"')

    wire = to_wire(build(mail, sender=SENDER, date=DATE))

    assert wire.isascii()
    assert [name for name, _ in message_from_bytes(wire, policy=compat32).items()] == [
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
    ]  # fmt: skip


async def test_a_mail_arrives_as_text_and_html_with_its_headers(mailbox: Mailbox) -> None:
    mail = replace(
        MAIL, text="Xin chào.\n", html="<p>Xin chào.</p>", language="vi", to_name="Mai", message_id="<1@x.org>"
    )

    await send_mail(settings_for(mailbox), mail)

    (got,) = mailbox.to("ana@example.org")
    assert got["Message-ID"] == "<1@x.org>"
    assert got["Content-Language"] == "vi"
    assert str(got["To"]) == "Mai <ana@example.org>"
    assert [part.get_content().strip() for part in got.iter_parts()] == ["Xin chào.", "<p>Xin chào.</p>"]


async def test_a_line_that_starts_with_a_dot_arrives_whole(mailbox: Mailbox) -> None:
    await send_mail(settings_for(mailbox), replace(MAIL, text="one\n.\n.two\n"))

    (got,) = mailbox.to("ana@example.org")
    assert got.get_content().splitlines() == ["one", ".", ".two"]


async def test_a_kept_connection_carries_many_mails(mailbox: Mailbox) -> None:
    async with Mailer(settings_for(mailbox)) as mailer:
        for _ in range(5):
            await mailer.send(MAIL)

    assert (mailbox.connections, len(mailbox.received)) == (1, 5)


async def test_a_kept_connection_that_the_server_closed_is_opened_anew(mailbox: Mailbox) -> None:
    async with Mailer(settings_for(mailbox)) as mailer:
        await mailer.send(MAIL)
        mailbox.sessions[0].transport.abort()  # type: ignore[union-attr]

        await mailer.send(MAIL)

    assert (mailbox.connections, len(mailbox.received)) == (2, 2)


async def test_a_refused_recipient_is_permanent_and_the_connection_stays_good(mailbox: Mailbox) -> None:
    mailbox.answers["gone@example.org"] = "550 5.1.1 gone@example.org is unknown here"
    async with Mailer(settings_for(mailbox)) as mailer:
        with pytest.raises(Permanent) as refused:
            await mailer.send(replace(MAIL, to="gone@example.org"))
        await mailer.send(MAIL)

    assert refused.value.reason == "550 5.1.1"
    assert (mailbox.connections, len(mailbox.received)) == (1, 1)


async def test_a_full_mailbox_or_a_busy_server_is_retryable(mailbox: Mailbox) -> None:
    mailbox.answers["busy@example.org"] = "451 4.3.0 try later"

    with pytest.raises(Retryable) as refused:
        await send_mail(settings_for(mailbox), replace(MAIL, to="busy@example.org"))

    assert (refused.value.reason, refused.value.maybe_taken) == ("451 4.3.0", False)


async def test_refused_content_is_permanent(mailbox: Mailbox) -> None:
    mailbox.answers_to_data["ana@example.org"] = "554 5.6.0 not like this"

    with pytest.raises(Permanent):
        await send_mail(settings_for(mailbox), MAIL)


async def test_a_server_that_falls_silent_is_left_at_the_deadline(mailbox: Mailbox) -> None:
    mailbox.hangs_for.add("ana@example.org")
    started = time.monotonic()

    with pytest.raises(Retryable) as silent:
        await send_mail(settings_for(mailbox), MAIL, deadline=0.3)

    assert time.monotonic() - started < 3
    assert not silent.value.maybe_taken


async def test_silence_after_the_whole_mail_says_that_it_may_have_been_taken(mailbox: Mailbox) -> None:
    mailbox.drops_after_data.add("ana@example.org")

    with pytest.raises(Retryable) as silent:
        await send_mail(settings_for(mailbox), MAIL)

    assert silent.value.maybe_taken


async def test_no_server_at_all_is_retryable(mailbox: Mailbox) -> None:
    nowhere = settings_for(mailbox).model_copy(update={"smtp_port": 9})

    with pytest.raises(Retryable):
        await send_mail(nowhere, MAIL)


async def test_a_send_that_is_cancelled_does_not_spoil_the_next_one(mailbox: Mailbox) -> None:
    mailbox.hangs_for.add("slow@example.org")
    async with Mailer(settings_for(mailbox)) as mailer:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(mailer.send(replace(MAIL, to="slow@example.org")), 0.2)
        await mailer.send(MAIL)

    assert [to for to, _ in mailbox.received] == ["ana@example.org"]


def test_a_message_id_is_made_of_its_left_part_and_the_senders_domain() -> None:
    assert message_id("abc", SENDER) == "<abc@example.org>"
