"""People who use the running system: each signs in with the code from the mailbox and then calls the API."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Self

import httpx

from deploy.trouble import Trouble

CODE = re.compile(r"^\d{6}$", re.MULTILINE)
LOOK = 0.02
"""Seconds between two looks into the mailbox."""

Json = Any


class Refused(Exception):
    """The system refused a call; `status` and `code` say why."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code', '')}: {problem.get('detail', problem.get('title', ''))}")
        self.status, self.code, self.problem = status, str(problem.get("code", "")), dict(problem)


class Mailbox:
    """The caught mail of the running system."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=30)

    async def of(self, address: str, *, after: str = "") -> list[Json]:
        """Mails to an address that came after the mail with this id, newest first."""
        answer = await self._http.get("/mail/api/messages", params={"to": address, "after": after})
        answer.raise_for_status()
        found: list[Json] = answer.json()["messages"]
        return found

    async def newest(self, address: str) -> str:
        """The id of the newest mail to an address; "" where there is none."""
        return next((mail["id"] for mail in await self.of(address)), "")

    async def wait(self, address: str, *, after: str = "", seconds: float = 30, holding: str = "") -> Json:
        """The first mail that comes after one (whose text holds some words)."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for mail in reversed(await self.of(address, after=after)):
                        if holding in mail["text"] + mail["subject"]:
                            return mail
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            raise Trouble(f"No mail came to {address} within {seconds:g} s. Run crosswalk doctor.") from None

    async def close(self) -> None:
        """Give the connection back."""
        await self._http.aclose()


class Caller:
    """A person at the API."""

    def __init__(self, url: str, email: str, name: str = "") -> None:
        self.email, self.name = email, name
        self._http = httpx.AsyncClient(base_url=url, timeout=30, headers={"accept": "application/json"})

    async def sign_in(self, mailbox: Mailbox) -> Self:
        """Ask for a code, read it in the mailbox, enter it."""
        before = await mailbox.newest(self.email)
        asked = await self.post("/people/api/v1/sign-in", {"email": self.email})
        mail = await mailbox.wait(self.email, after=before)
        code = CODE.search(mail["text"])
        if code is None:
            raise Trouble(f"The mail to {self.email} holds no code.")
        signed_in = await self.post("/people/api/v1/sign-in/code", {"ticket": asked["ticket"], "code": code[0]})
        self._http.headers["authorization"] = f"Bearer {signed_in['token']}"
        return self

    async def get(self, path: str, **query: Any) -> Json:
        """What the API says."""
        return _read(await self._http.get(path, params=query))

    async def post(self, path: str, body: Mapping[str, Any]) -> Json:
        """What the API says to a change. Raises `Refused`."""
        return _read(await self._http.post(path, json=dict(body)))

    async def close(self) -> None:
        """Go away."""
        await self._http.aclose()


def _read(answer: httpx.Response) -> Json:
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        problem = answer.json()
    except ValueError:
        problem = {"detail": answer.text[:200]}
    raise Refused(answer.status_code, problem)
