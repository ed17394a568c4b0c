"""What people of the demo district do, in the words of the journeys."""

import base64
import json
import re
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from deploy.demo_district import programs, roster
from deploy.first_account import OFFICE_EMAIL
from deploy.play import cast
from deploy.play.people import Caller, Json
from tests.journeys.system import RunningSystem, until


class Actors:
    """Acts on the running system through its API and its mailbox."""

    def __init__(self, system: RunningSystem) -> None:
        self.system, self.mailbox = system, system.mailbox

    async def refer(self, child: cast.Child, need: str, *choices: str, agreed: bool = True, words: str = "") -> str:
        """A member of staff of the child's school refers it to programs, by name; the referral's id."""
        staff = await self.staff_of(child)
        found = (await staff.get("/referrals/api/v1/students", q=child.name))["items"]
        student = next(one for one in found if one["name"] == child.name)
        offers = await staff.get(f"/referrals/api/v1/students/{student['id']}/programs", need=need)
        ids = {offer["name"]: offer["program_id"] for offer in offers}
        referral = str(uuid4())
        body = {
            "id": referral, "student_id": student["id"], "need": need, "words": words,
            "program_ids": [ids[name] for name in choices],
        }  # fmt: skip
        if agreed:
            today = datetime.now(ZoneInfo("America/New_York")).date().isoformat()
            guardian = student["guardians"][0]["id"]
            body["consent"] = {"method": "paper", "given_on": today, "guardian_id": guardian}
        await staff.post("/referrals/api/v1/referrals", body)
        return referral

    async def staff_of(self, child: cast.Child) -> Caller:
        """The one who leads the child's school."""
        person = next(one for one in roster.staff() if one["orgSourcedIds"] == child.school)
        return await self.system.caller(person["email"])

    async def partner_of(self, program: str) -> Caller:
        """The one who answers for a program's partner."""
        return await self.system.caller(self.address_of(program))

    def address_of(self, program: str) -> str:
        """The address of that person."""
        return next(row[10] for row in programs.rows() if row[1] == program)

    async def office(self) -> Caller:
        """Somebody of the district office."""
        return await self.system.caller(OFFICE_EMAIL)

    async def answer(self, program: str, referral: str, verb: str, **more: str) -> Json:
        """The partner does something with a referral, once it stands in its inbox."""
        partner = await self.partner_of(program)

        async def there() -> bool:
            lines = await partner.get("/referrals/api/v1/inbox")
            return referral in {line["id"] for line in lines["items"]}

        if verb != "complete":
            await until(there, f"the referral in the inbox of {program}")
        return await partner.post(f"/referrals/api/v1/referrals/{referral}/moves", {"verb": verb, **more})

    async def logged(self, referral: str) -> list[str]:
        """The types of all events about a referral in the log, oldest first, without those of messages."""
        office = await self.office()
        found = await office.get("/audit/api/v1/entries", thing=referral)
        types = [entry["type"] for entry in reversed(found["entries"])]
        return [type_ for type_ in types if not type_.startswith("message.")]

    async def wait_logged(self, referral: str, *types: str) -> None:
        """Wait until the log holds exactly these events about a referral, in order."""
        wanted = [f"referral.{type_}.v1" for type_ in types]

        async def there() -> bool:
            return len(await self.logged(referral)) >= len(wanted)

        await until(there, f"{wanted} in the log")
        assert await self.logged(referral) == wanted

    async def mails(self, address: str, *, about: str) -> list[Json]:
        """Mails to an address whose link leads to a referral, newest first."""
        return [mail for mail in await self.mailbox.of(address) if about_of(mail) == about]

    async def wait_mail(self, address: str, *, about: str) -> Json:
        """The mail to an address whose link leads to a referral, once it is there."""
        return (await until(lambda: self.mails(address, about=about), f"a mail to {address}"))[-1]


def about_of(mail: Json) -> str:
    """The id of the referral that the link in a mail leads to; the token says it, unsecret but signed."""
    if plain := re.search(r"/referrals/([0-9a-f-]{36})", mail["text"]):
        return plain[1]
    token = re.search(r"/by-link/[\w-]+\.([\w-]+)\.", mail["text"])
    if token is None:
        return ""
    return str(json.loads(base64.urlsafe_b64decode(token[1] + "=="))["about"])
