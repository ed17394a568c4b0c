"""People who use the running system: each signs in with the code from the mailbox and then calls the API."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

import httpx

from deploy.trouble import Trouble

CODE = r"^\d{6}$"
LOOK = 0.02
"""Seconds between two looks into the mailbox."""

UNAVAILABLE = 503
TRIES, PAUSE = 10, 0.5
"""How often a person tries again when the system asks for it, and after how many seconds."""

Json = Any


class Refused(Exception):
    """The system refused a call; `status` and `code` say why."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code', '')}: {problem.get('detail', problem.get('title', ''))}")
        self.status, self.code, self.problem = status, str(problem.get("code", "")), dict(problem)


class Mailbox:
    """The caught mail of the running system."""

    def __init__(self, url: str, *, patience: float = 30) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=30)
        self.patience = patience
        """Seconds that a mail may take."""

    async def of(self, address: str, *, after: str = "") -> list[Json]:
        """Mails to an address that came after the mail with this id, newest first."""
        answer = await self._http.get("/mail/api/messages", params={"to": address, "after": after})
        answer.raise_for_status()
        found: list[Json] = answer.json()["messages"]
        return found

    async def newest(self, address: str) -> str:
        """The id of the newest mail to an address; "" where there is none."""
        return next((mail["id"] for mail in await self.of(address)), "")

    async def wait(self, address: str, *, after: str = "", holding: str = "") -> Json:
        """The first mail that comes after one and whose subject or text matches an expression."""
        try:
            async with asyncio.timeout(self.patience):
                while True:
                    for mail in reversed(await self.of(address, after=after)):
                        if re.search(holding, f"{mail['subject']}\n{mail['text']}", re.MULTILINE):
                            return mail
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            raise Trouble(f"No mail came to {address} within {self.patience:g} s. Run crosswalk doctor.") from None

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
        mail = await mailbox.wait(self.email, after=before, holding=CODE)
        code = re.findall(CODE, mail["text"], re.MULTILINE)[0]
        self.enter(await self.post("/people/api/v1/sign-in/code", {"ticket": asked["ticket"], "code": code}))
        return self

    def enter(self, session: Json) -> Json:
        """Go on with a session that was given; whose it is."""
        self._http.headers["authorization"] = f"Bearer {session['token']}"
        return session["person"]

    async def get(self, path: str, **query: Any) -> Json:
        """What the API says."""
        return await self._call(lambda: self._http.get(path, params=query))

    async def post(self, path: str, body: Mapping[str, Any]) -> Json:
        """What the API says to a change. Raises `Refused`."""
        return await self._call(lambda: self._http.post(path, json=dict(body)))

    async def put(self, path: str, body: Mapping[str, Any]) -> Json:
        """What the API says to a thing said anew. Raises `Refused`."""
        return await self._call(lambda: self._http.put(path, json=dict(body)))

    async def send_file(self, path: str, fields: Mapping[str, str], file: tuple[str, bytes, str]) -> Json:
        """What the API says to a file (name, content, type) with fields beside it. Raises `Refused`."""
        return await self._call(lambda: self._http.post(path, data=dict(fields), files={"file": file}))

    async def _call(self, call: Callable[[], Awaitable[httpx.Response]]) -> Json:
        """The answer; while the system says that it is back in a moment and has changed nothing, ask again."""
        for _ in range(TRIES):
            try:
                return _read(await call())
            except Refused as refused:
                if refused.status != UNAVAILABLE:
                    raise
            await asyncio.sleep(PAUSE)
        return _read(await call())

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
