"""The main job, played in the demo district: refer, decline, next choice, accept, tell the family, the record."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from deploy.demo_district.names import STAFF
from deploy.demo_district.stories import COUNSELOR
from deploy.first_account import OFFICE_EMAIL
from deploy.play import cast
from deploy.play.people import Caller, Json, Mailbox
from deploy.trouble import Trouble
from shared.events.vocabulary import LANGUAGES, NEED_LABELS, Need
from shared.settings import ServiceSettings

PATIENCE = 30.0
"""Seconds that an event or a mail may take."""
LOOK = 0.03
NEED = Need.ACADEMIC
SCHOOL = "school-06"
LANGUAGE = "es"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that must come."""

    who: str
    address: str
    language: str


class MainJob:
    """One performance. `say` gets a line for all that happens; `mail` is where the mail catcher is, if elsewhere."""

    def __init__(self, url: str, say: Say, *, mail: str = "") -> None:
        self.url, self.say = url, say
        self.mailbox = Mailbox(mail or url)
        self.callers: list[Caller] = []
        self.referral = str(uuid4())
        self.began = datetime.now(UTC)
        self.shown: set[int] = set()
        self.read: dict[str, str] = {}

    async def play(self) -> None:
        """From the first sign-in to the last entry of the log. Raises `Trouble` or `Refused` when something fails."""
        try:
            await self._play()
        finally:
            await self.mailbox.close()
            for caller in self.callers:
                await caller.close()

    async def _play(self) -> None:
        self.office = await self._comes(OFFICE_EMAIL, "The district office")
        child = self._child()
        counselor = cast.staff_email(COUNSELOR)
        await self._check_there({counselor: "school_staff", child.name: "student", child.guardian_email: "guardian"})
        staff = await self._comes(counselor, "A member of staff")
        family = Letter(child.guardian, child.guardian_email, child.language)
        referrer = Letter(STAFF[5], staff.email, "en")
        first, second = await self._refer(staff, child, family)
        partner = await self._comes(cast.partner_email(first["organization"]), first["organization"])
        await self._acknowledge(partner)
        await self._decline(partner, second, [family, referrer])
        other = await self._comes(cast.partner_email(second["organization"]), second["organization"])
        await self._accept(other, [family, referrer])
        await self._family_looks(await self._comes(child.guardian_email, child.guardian))
        await self._complete(other, [family, referrer])

    async def _comes(self, email: str, who: str) -> Caller:
        caller = await Caller(self.url, email, who).sign_in(self.mailbox)
        self.callers.append(caller)
        self.say(f"[dim]{who} signs in with the code from the mail to {email}[/dim]")
        return caller

    async def _check_there(self, wanted: Mapping[str, str]) -> None:
        if gone := await cast.missing(self.office.get, wanted):
            raise Trouble(
                f"The demo plays with people of the demo district, and some are no longer there: {', '.join(gone)}. "
                "Play it in a system of its own: crosswalk up --data demo --port 8010, then crosswalk demo --data demo."
            )

    def _child(self) -> cast.Child:
        return next(child for child in cast.children(SCHOOL) if child.language == LANGUAGE and child.grade == "KG")

    async def _refer(self, staff: Caller, child: cast.Child, family: Letter) -> tuple[Json, Json]:
        found = (await staff.get("/referrals/api/v1/students", q=child.name))["items"][0]
        offers = await staff.get(f"/referrals/api/v1/students/{found['id']}/programs", need=NEED.value)
        first, second = cast.two_choices(offers)
        await self._check_there({cast.partner_email(one["organization"]): "partner_staff" for one in (first, second)})
        letters = [Letter(cast.partner_contact(first["organization"]), cast.partner_email(first["organization"]), "en")]
        body = {
            "id": self.referral, "student_id": found["id"], "need": NEED.value, "even_though_duplicate": True,
            "program_ids": [first["program_id"], second["program_id"]], "words": "Learns best in a small group.",
            "consent": {
                "method": "phone", "given_on": _today(), "guardian_id": found["guardians"][0]["id"],
            },
        }  # fmt: skip
        await self._mark([*letters, family])
        self.say(
            f"\n[bold]{STAFF[5]} refers {child.name}[/bold] (family speaks {LANGUAGES[child.language]}) "
            f"for “{NEED_LABELS[NEED]}”: {first['name']}, else {second['name']}"
        )
        await staff.post("/referrals/api/v1/referrals", body)
        await self._expect(
            ["referral.submitted.v1", "referral.consent_given.v1", "referral.sent.v1"], [*letters, family]
        )
        return first, second

    async def _acknowledge(self, partner: Caller) -> None:
        waiting = (await partner.get("/referrals/api/v1/inbox"))["items"]
        if self.referral not in {line["id"] for line in waiting}:
            raise Trouble(f"The referral does not stand in the inbox of {partner.name}.")
        await self._mark([])
        self.say(f"\n[bold]{partner.name} has seen it[/bold]")
        await self._move(partner, verb="acknowledge")
        await self._expect(["referral.acknowledged.v1"], [])

    async def _decline(self, partner: Caller, second: Json, told: list[Letter]) -> None:
        organization = second["organization"]
        letters = [*told, Letter(cast.partner_contact(organization), cast.partner_email(organization), "en")]
        await self._mark(letters)
        self.say(f"\n[bold]{partner.name} declines[/bold] (no place is free): it goes to {second['name']} by itself")
        await self._move(partner, verb="decline", reason="no_capacity", words="We are full until spring.")
        await self._expect(["referral.declined.v1", "referral.sent.v1"], letters)

    async def _accept(self, partner: Caller, told: list[Letter]) -> None:
        await self._mark(told)
        self.say(f"\n[bold]{partner.name} accepts[/bold]")
        await self._move(partner, verb="accept")
        await self._expect(["referral.acknowledged.v1", "referral.accepted.v1"], told)

    async def _family_looks(self, family: Caller) -> None:
        mine = await family.get("/referrals/api/v1/family")
        ours = next((one for one in mine if one["id"] == self.referral), None)
        if ours is None or ours["state"] != "accepted":
            raise Trouble("The family does not see that the referral was accepted.")
        self.say(f"\n[bold]{family.name} looks[/bold]: {ours['program']} has a place")

    async def _complete(self, partner: Caller, told: list[Letter]) -> None:
        await self._mark(told)
        self.say(f"\n[bold]{partner.name} reports[/bold] that the child is enrolled")
        await self._move(partner, verb="complete", outcome="enrolled")
        await self._expect(["referral.completed.v1"], told)

    async def _move(self, caller: Caller, **move: str) -> None:
        await caller.post(f"/referrals/api/v1/referrals/{self.referral}/moves", move)

    async def _mark(self, letters: list[Letter]) -> None:
        """Remember what everybody has had so far, and the moment: delays count from here."""
        for letter in letters:
            self.read[letter.address] = await self.mailbox.newest(letter.address)
        self.began = datetime.now(UTC)

    async def _expect(self, events: list[str], letters: list[Letter]) -> None:
        """Show events and mails as they come, until all that must come are there."""
        missing = events + ["message.sent.v1"] * len(letters)
        try:
            async with asyncio.timeout(PATIENCE):
                while missing or letters:
                    happened, came = await self._new_events(), await self._new_letters(letters)
                    for at, words, _ in sorted([*happened, *came], key=lambda one: one[0]):
                        self.say(f"  {(at - self.began).total_seconds() * 1000:6.0f} ms  {words}")
                    for _, _, type_ in happened:
                        if type_ in missing:
                            missing.remove(type_)
                    letters = [letter for letter in letters if letter not in {one[2] for one in came}]
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            names = missing + [f"a mail to {letter.address}" for letter in letters]
            raise Trouble(
                f"This did not happen within {PATIENCE:g} s: {', '.join(names)}. Run crosswalk doctor."
            ) from None

    async def _new_events(self) -> list[tuple[datetime, str, str]]:
        found = await self.office.get("/audit/api/v1/entries", thing=self.referral)
        fresh = [entry for entry in found["entries"] if entry["seq"] not in self.shown]
        self.shown |= {entry["seq"] for entry in fresh}
        return [(datetime.fromisoformat(entry["received_at"]), _described(entry), entry["type"]) for entry in fresh]

    async def _new_letters(self, letters: list[Letter]) -> list[tuple[datetime, str, Letter]]:
        came = []
        for letter in letters:
            mails = await self.mailbox.of(letter.address, after=self.read[letter.address])
            for mail in mails[-1:]:
                if mail["language"] != letter.language:
                    raise Trouble(f"The mail to {letter.address} is in {mail['language']}, not in {letter.language}.")
                words = f"mail to {letter.who}, {LANGUAGES[letter.language]}: “{mail['subject']}”"
                came.append((datetime.fromisoformat(mail["at"]), words, letter))
        return came


def _described(entry: Json) -> str:
    return f"{entry['type']:<30} [dim]entry {entry['seq']} of the log[/dim]"


def _today() -> str:
    """The day in the district."""
    return datetime.now(ServiceSettings(service="demo").zone).date().isoformat()
