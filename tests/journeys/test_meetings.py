"""A meeting through real processes: invited to by mail, answered by link and by mail, moved, called off."""

import asyncio
import re
import smtplib
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from deploy.play import cast
from tests.journeys.actors import Actors
from tests.journeys.system import RunningSystem, until

API = "/agreements/api/v1"
SOON = datetime.now(ZoneInfo("America/New_York")) + timedelta(days=20)


async def test_a_meeting_is_invited_to_answered_moved_and_called_off(system: RunningSystem, actors: Actors) -> None:
    child = cast.children()[0]
    staff, partner_email = await actors.staff_of(child), actors.address_of("City Choir")
    partner = await actors.partner_of("City Choir")
    before = await actors.mailbox.newest(partner_email)

    meeting = await schedule(staff, partner_email)
    path = f"{API}/meetings/{meeting['id']}"
    invited = await actors.mailbox.wait(partner_email, after=before, holding="/agreements/meetings/by-link/")
    link = re.findall(r"/agreements(/meetings/by-link/[\w.-]+)", invited["text"])[0]
    looked = await system.visitor().get(f"{API}{link}")
    assert looked["answer"] == "none"
    await system.visitor().post(f"{API}{link}/answer", {"answer": "maybe"})
    assert (await partner.get(path))["answer"] == "maybe"
    await until(lambda: waits_no_more(partner, meeting["id"]), "the answer is no longer waited for")

    await asyncio.to_thread(reply, system.state()["smtp_port"], partner_email, meeting)
    await until(lambda: says(partner, path, "yes"), "the answer by mail")

    date = meeting["dates"][0]["id"]
    day = f"{SOON + timedelta(days=1):%Y-%m-%d}"
    moved = await staff.post(f"{path}/dates/{date}/move", {"version": 1, "date": day, "time": "10:00"})
    await actors.mailbox.wait(partner_email, after=invited["id"], holding="Say whether you come")
    assert (await partner.get(path))["answer"] == "none"
    await staff.post(f"{path}/cancel", {"version": moved["version"], "reason": "Snow"})
    await actors.mailbox.wait(partner_email, after=invited["id"], holding="does not take place")

    address = (await partner.post(f"{API}/calendar", {}))["address"]
    assert str(meeting["id"]) not in await read(address)


async def schedule(staff: Any, partner_email: str) -> Any:
    """A meeting with the one who answers for City Choir."""
    people = await until(lambda: staff.get(f"{API}/meetings/people", q=partner_email), "the partner among the people")
    body = {
        "id": str(uuid4()), "title": "How the choir goes", "place": "Room 12", "date": f"{SOON:%Y-%m-%d}",
        "time": "15:30", "minutes": 45, "person_ids": [people[0]["id"]],
    }  # fmt: skip
    return await staff.post(f"{API}/meetings", body)


async def waits_no_more(who: Any, about: str) -> bool:
    """Whether nothing waits for somebody about a thing."""
    return about not in str((await who.get("/referrals/api/v1/todos"))["items"])


async def says(who: Any, path: str, answer: str) -> bool:
    return bool((await who.get(path))["answer"] == answer)


def reply(port: int, sender: str, meeting: Any) -> None:
    """What a calendar program sends when its person presses Yes."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "meetings@example.org", "Accepted"
    mail.set_content("Accepted")
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "METHOD:REPLY", "BEGIN:VEVENT",
        f"UID:{meeting['id']}@127.0.0.1", "DTSTAMP:20261122T000000Z", f"SEQUENCE:{meeting['sequence']}",
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{sender}", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    mail.add_alternative("\r\n".join(lines), subtype="calendar", params={"method": "REPLY"})
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.send_message(mail)


async def read(address: str) -> str:
    """What a calendar program gets there."""
    import httpx

    async with httpx.AsyncClient() as client:
        found = await client.get(address)
    assert found.headers["content-type"].startswith("text/calendar")
    return found.text
