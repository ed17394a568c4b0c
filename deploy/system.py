"""The parts of one running system: started together, kept alive, stopped in the order that loses nothing."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from deploy.broker import Broker, free_port
from deploy.children import Child, keep_alive, last_words
from deploy.environment import own_broker, own_database, own_mail, variables
from deploy.folder import DataFolder
from deploy.postgres import Postgres
from deploy.trouble import Trouble

START = 90.0
"""Seconds that a process gets from `go` until it works."""

Say = Callable[[str], None]


@cache
def _answers_to() -> str:
    """Where answers to invitations go; asked with the first mail, so that the start need not wait for settings."""
    from shared.settings import ServiceSettings

    return ServiceSettings(service="agreements").answers_to


class System:
    """PostgreSQL, broker, mail catcher, web and workers on one machine, for one data folder."""

    def __init__(self, folder: DataFolder, listening: socket.socket, url: str, children_lock: int) -> None:
        self.folder, self.listening, self.url, self.lock = folder, listening, url, children_lock
        self.postgres = None if own_database() else Postgres(folder, inherit=[children_lock])
        self.broker = None if own_broker() else Broker(folder, inherit=[children_lock])
        self.mail: asyncio.Server | None = None
        self.smtp_port = None if own_mail() else free_port()
        self.web: Child | None = None
        self.workers: Child | None = None
        self.stopping = asyncio.Event()
        self._keeping: list[asyncio.Task[None]] = []

    async def catch_mail(self) -> None:
        """Start the mail catcher, unless the operator named a mail server."""
        from deploy.mail_catcher import catch_mail
        from deploy.mail_store import MailStore

        if self.smtp_port:
            store = MailStore(self.folder.mail)
            self.mail = await catch_mail(store, self.smtp_port, answers_to=_answers_to, answer=self._answer)

    async def _answer(self, raw: bytes) -> None:
        """An answer to an invitation; where the database is changes when it is started again."""
        from deploy.answers import take_answer

        await take_answer(raw, database_url=str(self.state["database_url"]))

    @property
    def state(self) -> dict[str, Any]:
        """What other commands must know, for `state.json`."""
        return {
            "pid": os.getpid(),
            "url": self.url,
            "database_url": own_database() or (self.postgres and self.postgres.url),
            "kafka": own_broker() or (self.broker and self.broker.address),
            "smtp_port": self.smtp_port,
            "pids": {child.name: child.pid for child in self._children() if child.pid},
        }

    def _children(self) -> list[Child]:
        embedded = [part.child for part in (self.postgres, self.broker) if part]
        return embedded + [child for child in (self.web, self.workers) if child]

    async def python(self, name: str) -> Child:
        """A process of ours that imports what it needs and waits for orders."""
        environment = {**os.environ, **variables(self.folder, self.state)}
        environment |= {"CROSSWALK_LISTEN_FD": str(self.listening.fileno()), "PYTHONUNBUFFERED": "1"}
        if self.smtp_port:
            environment["CROSSWALK_MAILBOX"] = str(self.folder.mail)
        child = Child(
            name=name,
            # -P: a folder named deploy where the person stands must not be taken for ours.
            argv=lambda: [sys.executable, "-P", "-m", "deploy.process", name],
            log=self.folder.logs / f"{name}.log",
            env=environment,
            pass_fds=(self.lock, self.listening.fileno()) if name == "web" else (self.lock,),
            talks=True,
        )
        await child.start()
        return child

    async def go(self, child: Child, sign: str) -> None:
        """Let a process begin; wait for the sign that it works. Raises `Trouble`."""
        child.tell("go")
        if await child.hear((sign,), START) is None:
            raise Trouble(
                f"The process “{child.name}” does not start: {last_words(child.log) or 'it said nothing'} "
                f"Its log: {child.log}"
            )
        child.going = True

    def keep(self, say: Say) -> None:
        """From now on start again whatever dies."""
        parts: list[tuple[Child, Callable[[], Any]]] = []
        if self.postgres:
            parts.append((self.postgres.child, self._restart_postgres))
        if self.broker:
            parts.append((self.broker.child, self._restart_broker))
        for child, sign in ((self.web, "serving"), (self.workers, "working")):
            if child:
                parts.append((child, partial(self._restart, child, sign)))
        self._keeping = [asyncio.create_task(keep_alive(child, revive, say, self.stopping)) for child, revive in parts]

    async def _restart_postgres(self) -> None:
        assert self.postgres is not None
        await self.postgres.restart()
        self.note()

    async def _restart_broker(self) -> None:
        assert self.broker is not None
        await self.broker.start()
        if self.workers:
            self.workers.tell("topics")
        self.note()

    async def _restart(self, child: Child, sign: str) -> None:
        await child.start()
        await self.go(child, sign)
        self.note()

    def note(self) -> None:
        """Write down where everything is."""
        self.folder.note(**self.state)

    async def stop(self, say: Say) -> None:
        """Web first, then let everyone hear everything, then the workers, the broker and the database."""
        self.stopping.set()
        if self.web:
            await self.web.stop(6.0)
        if self.workers:
            await self._stop_workers(self.workers, say)
        if self.mail:
            self.mail.close()
        for part in (self.broker, self.postgres):
            if part:
                await part.stop()
        for task in self._keeping:
            task.cancel()
        self.folder.note(pid=None, url=None, kafka=None, smtp_port=None, pids=None, database_url=None)

    async def _stop_workers(self, workers: Child, say: Say) -> None:
        if workers.pid and workers.going:
            workers.tell("drain")
            if not await workers.hear(("drained",), 30.0):
                say("Some events were still on their way; they will be delivered at the next start.")
        await workers.stop(15.0)
