"""The mail catcher and its mailbox."""

import smtplib
from asyncio import to_thread
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio

from deploy.mail_catcher import catch_mail
from deploy.mail_store import MailStore
from deploy.mailbox import create_mailbox
from shared.refusals import Kind, Refusal

ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def store(tmp_path: Path) -> MailStore:
    return MailStore(tmp_path)


@pytest_asyncio.fixture
async def mailbox(store: MailStore) -> AsyncIterator[httpx.AsyncClient]:
    app = create_mailbox(store, public_url="http://127.0.0.1:8000", zone=ZONE)
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


def a_mail(to: str, subject: str, *, text: str = "Hello", html: str = "", language: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Crosswalk <crosswalk@example.org>", to, subject
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    if language:
        mail["Content-Language"] = language
    return mail


def keep(store: MailStore, to: str, subject: str, **more: str) -> str:
    return store.keep("crosswalk@example.org", [to], a_mail(to, subject, **more).as_bytes())


async def test_a_mail_sent_by_smtp_is_in_the_mailbox(store: MailStore, mailbox: httpx.AsyncClient) -> None:
    server = await catch_mail(store, 0)
    port = server.sockets[0].getsockname()[1]

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            smtp.send_message(a_mail("rosa@families.example.org", "Noticias de la escuela", language="es"))

    await to_thread(send)
    server.close()

    found = (await mailbox.get("/mail/api/messages", params={"to": "ROSA@families"})).json()["messages"]
    assert [(mail["subject"], mail["to"], mail["language"]) for mail in found] == [
        ("Noticias de la escuela", ["rosa@families.example.org"], "es")
    ]
    assert found[0]["text"].strip() == "Hello"


@pytest.mark.parametrize(
    ("fails", "said"), [(None, 250), (Refusal(Kind.INVALID, "not_understood", "?"), 250), (OSError("away"), 451)]
)
async def test_an_answer_to_an_invitation_is_kept_and_handed_on(
    store: MailStore, fails: Exception | None, said: int
) -> None:
    taken: list[bytes] = []

    async def answer(raw: bytes) -> None:
        taken.append(raw)
        if fails:
            raise fails

    server = await catch_mail(store, 0, answers_to=lambda: "Meetings@example.org", answer=answer)
    port = server.sockets[0].getsockname()[1]

    def send() -> list[int]:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            smtp.ehlo()
            codes = []
            for to in ("rosa@families.example.org", "meetings@EXAMPLE.org"):
                smtp.mail("a@example.org")
                smtp.rcpt(to)
                codes.append(smtp.data(a_mail(to, "Accepted").as_bytes())[0])
            return codes

    codes = await to_thread(send)
    server.close()

    assert codes == [250, said]
    assert len(taken) == 1
    assert store.count() == 2


async def test_the_newest_mail_comes_first_and_the_search_is_by_address(
    store: MailStore, mailbox: httpx.AsyncClient
) -> None:
    keep(store, "a@example.org", "First")
    keep(store, "b@example.org", "Second")
    keep(store, "a@example.org", "Third")

    everything = (await mailbox.get("/mail")).text
    of_one = (await mailbox.get("/mail", params={"to": "a@example"})).text

    assert everything.index("Third") < everything.index("Second") < everything.index("First")
    assert "Third" in of_one
    assert "Second" not in of_one


async def test_only_what_came_after_a_mail_can_be_asked_for(store: MailStore, mailbox: httpx.AsyncClient) -> None:
    first = keep(store, "a@example.org", "First")
    keep(store, "a@example.org", "Second")

    found = (await mailbox.get("/mail/api/messages", params={"after": first})).json()["messages"]

    assert [mail["subject"] for mail in found] == ["Second"]


async def test_an_empty_mailbox_says_what_will_come(mailbox: httpx.AsyncClient) -> None:
    page = await mailbox.get("/mail")

    assert page.status_code == 200
    assert "No mail yet" in page.text
    assert "none is delivered" in page.text


async def test_markup_in_a_mail_does_nothing_to_the_mailbox(store: MailStore, mailbox: httpx.AsyncClient) -> None:
    id = keep(store, "a@example.org", "<script>alert(1)</script>", text="<b>x</b>", html="<script>alert(1)</script>")

    page = (await mailbox.get(f"/mail/{id}")).text
    inner = await mailbox.get(f"/mail/{id}/html")

    assert "<script>alert(1)" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert 'sandbox="' in page
    assert inner.headers["content-security-policy"].startswith("sandbox ")
    assert "script-src" not in inner.headers["content-security-policy"]
    assert "default-src 'none'" in inner.headers["content-security-policy"]


async def test_links_in_a_plain_mail_can_be_followed(store: MailStore, mailbox: httpx.AsyncClient) -> None:
    id = keep(store, "a@example.org", "Sign in", text="Open http://127.0.0.1:8000/sign-in/link/abc today.")

    page = (await mailbox.get(f"/mail/{id}")).text

    assert 'href="http://127.0.0.1:8000/sign-in/link/abc"' in page


@pytest.mark.parametrize("id", ["nothing", "../state", "0-0", "%2e%2e%2fstate"])
async def test_a_mail_that_is_not_there_is_not_found(mailbox: httpx.AsyncClient, id: str) -> None:
    assert (await mailbox.get(f"/mail/api/messages/{id}")).status_code == 404


@pytest.mark.parametrize(
    ("client", "host"), [(("192.0.2.7", 40000), "127.0.0.1:8000"), (("127.0.0.1", 40000), "evil.example.net")]
)
async def test_only_this_machine_reads_the_mail(store: MailStore, client: tuple[str, int], host: str) -> None:
    id = keep(store, "a@example.org", "Your code")
    app = create_mailbox(store, public_url="http://127.0.0.1:8000", zone=ZONE)
    transport = httpx.ASGITransport(app=app, client=client)

    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as stranger:
        answers = [await stranger.get(path) for path in ("/mail", "/mail/api/messages", f"/mail/{id}")]

    assert [answer.status_code for answer in answers] == [403, 403, 403]


def test_only_the_newest_mails_are_kept(tmp_path: Path) -> None:
    store = MailStore(tmp_path, most=5)
    for number in range(250):
        keep(store, "a@example.org", f"Mail {number}")

    again = MailStore(tmp_path, most=5)
    again.keep("", ["a@example.org"], b"Subject: the newest\r\n\r\n")

    assert [mail.subject for mail in again.newest()] == ["the newest", *(f"Mail {n}" for n in (249, 248, 247, 246))]


def test_a_mail_that_is_garbled_is_shown_as_far_as_it_goes(store: MailStore) -> None:
    id = store.keep("", ["a@example.org"], b"Content-Type: text/plain; charset=no-such\r\n\r\n\xff\xfe")

    mail = store.read(id)

    assert mail is not None
    assert mail.to == ("a@example.org",)
