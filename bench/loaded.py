"""A running system with a whole city's roster, partners and programs, and somebody of each role."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import asyncpg

from bench.district import roster
from bench.mail import MailSink, mail_sink
from bench.running import CROSSWALK, Running, crosswalk, started
from deploy.postgres import SERVICES
from shared.clock import new_id
from shared.events.base import Role
from shared.events.vocabulary import Need, RoleName
from shared.identity import Actor, issue_token
from shared.settings import ServiceSettings

PARTNERS, QUIET, PATIENCE = 40, 2.0, 600.0
"""Partners with one program each; seconds without any work that count as rest; seconds to come to rest."""
NEEDS = tuple(Need)


class Caller:
    """Somebody who calls the running system over one kept connection."""

    def __init__(self, running: Running, actor: Actor) -> None:
        now = datetime.now(UTC)
        settings = ServiceSettings(service="bench", data_dir=running.folder, public_url=running.url)
        token = issue_token(settings, actor, now=now, expires_at=now + timedelta(hours=2))
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
        self._connection = HTTPConnection(urlsplit(running.url).netloc, timeout=60)

    def page(self, path: str, form: Mapping[str, Any] | None = None) -> float:
        """Get a page, or post a form to it; milliseconds. Raises RuntimeError on anything but 200."""
        body = urlencode(form, doseq=True) if form is not None else None
        typed = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        began = perf_counter()
        self._call("POST" if body else "GET", path, body, typed, expected=200)
        return (perf_counter() - began) * 1000

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Post JSON; what was answered. Raises RuntimeError on anything but 201."""
        return json.loads(self._call("POST", path, json.dumps(body), {"Content-Type": "application/json"}, 201))

    def _call(self, method: str, path: str, body: str | None, headers: dict[str, str], expected: int) -> bytes:
        self._connection.request(method, path, body, {**self.headers, **headers})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != expected:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {content[:300]!r}")
        return content


@dataclass(slots=True)
class Loaded:
    """The system, its mail, and whom to act as."""

    running: Running
    mail: MailSink
    staff: Actor
    partner: Actor
    guardian: Actor
    district: Actor
    students: list[UUID]
    """Of the largest school, where the member of staff works."""
    programs: list[tuple[UUID, Need, str]]
    """With the need that each serves and the address of its contact."""
    referrals: list[UUID] = field(default_factory=list)
    _turns: Any = field(default_factory=count)

    def caller(self, actor: Actor) -> Caller:
        """A connection as somebody."""
        return Caller(self.running, actor)

    def next_referral(self) -> tuple[dict[str, Any], str]:
        """A referral with consent to be posted, and the address that hears of it."""
        turn = next(self._turns)
        program, need, address = self.programs[turn % len(self.programs)]
        id = new_id()
        self.referrals.append(id)
        consent = {"method": "phone", "given_on": f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"}
        body = {
            "id": str(id),
            "student_id": str(self.students[turn % len(self.students)]),
            "need": need,
            "program_ids": [str(program)],
            "consent": consent | {"guardian_name": "A guardian on the phone"},
            "even_though_duplicate": True,
        }
        return body, address


@asynccontextmanager
async def loaded() -> AsyncIterator[Loaded]:
    """Start a system, import the roster, enter partners and programs, and wait until everyone heard of everything."""
    with tempfile.TemporaryDirectory() as root:
        folder, bundle = Path(root) / "data", roster(Path(root))
        async with mail_sink() as mail:
            env = {"CROSSWALK_SMTP_HOST": "127.0.0.1", "CROSSWALK_SMTP_PORT": str(mail.port)}
            command = (*CROSSWALK, "up", "--port", "{port}", "--data", "{folder}", "--empty")
            async with started(folder, command, env=env) as running:
                await crosswalk("roster", "import", str(bundle), "--data", str(folder))
                yield await _peopled(running, mail)


async def _peopled(running: Running, mail: MailSink) -> Loaded:
    connection = await asyncpg.connect(running.dsn("people"))
    school, students = await connection.fetchrow(
        "SELECT scope_id, array_agg(person_id) FROM role WHERE name = 'student'"
        " GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )
    guardian, ward = await connection.fetchrow(
        "SELECT person_id, scope_id FROM role WHERE name = 'guardian' AND scope_id = ANY($1) LIMIT 1", students
    )
    staff = await connection.fetchval(
        "SELECT person_id FROM role WHERE name = 'school_staff' AND scope_id = $1", school
    )
    await connection.close()
    students.sort(key=lambda id: id != ward)
    district = _actor(RoleName.DISTRICT_OFFICE, new_id())
    programs, organization = await asyncio.to_thread(_enter_programs, Caller(running, district))
    await at_rest(running)
    return Loaded(
        running,
        mail,
        staff=_actor(RoleName.SCHOOL_STAFF, staff or new_id(), school),
        partner=_actor(RoleName.PARTNER_STAFF, new_id(), organization),
        guardian=_actor(RoleName.GUARDIAN, guardian, ward),
        district=district,
        students=students,
        programs=programs,
    )


def _actor(role: RoleName, id: UUID, scope: UUID | None = None) -> Actor:
    roles = (Role(name=role, scope_id=scope),)
    return Actor(person_id=id, name="Somebody of the bench", roles=roles, session_id=new_id())


def _enter_programs(district: Caller) -> tuple[list[tuple[UUID, Need, str]], UUID]:
    programs, first = [], new_id()
    for number in range(PARTNERS):
        organization, program, need = new_id() if number else first, new_id(), NEEDS[number % len(NEEDS)]
        address = f"partner-{number}@partners.example.org"
        named = {"id": str(organization), "name": f"Partner {number}", "sure": True}
        district.post("/agreements/api/v1/organizations", named)
        entry = {
            "id": str(program),
            "organization_id": str(organization),
            "name": f"Program {number}",
            "description": "What it is, in a few words.",
            "needs": [need],
            "languages": ["en", "es"],
            "schedule": "Monday to Thursday, 3 to 5 pm",
            "contact_name": f"Contact {number}",
            "contact_email": address,
        }
        district.post("/agreements/api/v1/programs", entry)
        programs.append((program, need, address))
    return programs, first


async def at_rest(running: Running) -> None:
    """Wait until nothing was published, heard or sent for a while. Raises TimeoutError after ten minutes."""
    connections = [await asyncpg.connect(running.dsn(service)) for service in SERVICES]
    before, since = None, perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            while perf_counter() - since < QUIET:
                now = [await _heard(connection) for connection in connections]
                if now != before or any(waiting for _, waiting in now):
                    before, since = now, perf_counter()
                await asyncio.sleep(0.2)
    finally:
        for connection in connections:
            await connection.close()


async def _heard(connection: asyncpg.Connection) -> tuple[int, bool]:
    """How many events a service heard, and whether some of its own are unpublished."""
    row = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM inbox), EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"
    )
    return row[0], row[1]
