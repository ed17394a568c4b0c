"""The web mailbox at /mail: what the mail catcher caught. For development only, and only from this machine."""

import dataclasses
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from deploy.mail_store import Mail, MailStore, Summary
from shared.translations import speaking
from shared.web.guard import Guard, only_by_tls
from shared.web.nav import navigation
from shared.web.paging import Paging
from shared.web.render import environment

HERE = ("127.0.0.1", "::1", "localhost", "testclient")
MOST = 100
"""Messages that one answer of the API holds."""


def create_mailbox(
    store: MailStore, *, public_url: str, zone: ZoneInfo, for_whoever_reaches_it: bool = False
) -> Starlette:
    """The mailbox as an application; `public_url` may be its address besides this machine's names.

    It answers this machine only, or, where something before it sees to that, whoever reaches it.
    """
    clients = None if for_whoever_reaches_it else HERE
    pages = Mailbox(store, urlsplit(public_url).hostname or "", zone, clients)
    return Starlette(
        routes=[
            Route("/mail", pages.list),
            Route("/mail/api/messages", pages.api_list),
            Route("/mail/api/messages/{id}", pages.api_one),
            Route("/mail/{id}", pages.one),
            Route("/mail/{id}/html", pages.html),
        ],
        middleware=[Middleware(Guard, https=only_by_tls(public_url))],
    )


class Mailbox:
    """The routes."""

    def __init__(self, store: MailStore, public_host: str, zone: ZoneInfo, clients: tuple[str, ...] | None) -> None:
        self.store, self.hosts, self.clients = store, {*HERE, public_host}, clients
        self.templates = _templates(zone)

    async def list(self, request: Request) -> Response:
        """Newest first, 25 on a page, of one address if asked."""
        self._only_here(request)
        to, paging = request.query_params.get("to", "").strip(), Paging(_page(request))
        mails = self.store.newest(to=to, offset=paging.offset, limit=paging.limit)
        total = self.store.count(to=to)
        return self._page(request, "mailbox.html", to=to, mails=mails, total=total, paging=paging)

    async def one(self, request: Request) -> Response:
        """A mail as its reader sees it."""
        return self._page(request, "mail.html", mail=self._mail(request))

    async def html(self, request: Request) -> Response:
        """The HTML part by itself; what it holds was written by others, so it may run and load nothing."""
        mail = self._mail(request)
        return HTMLResponse(
            f'<base target="_blank">{mail.html}',
            headers={
                "Content-Security-Policy": (
                    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
                    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
                )
            },
        )

    async def api_list(self, request: Request) -> Response:
        """`{"messages": [...]}`, newest first, whole; `to` filters by address, `after` by the id of an older one."""
        self._only_here(request)
        given = request.query_params
        found = self.store.newest(to=given.get("to", ""), after=given.get("after", ""), limit=MOST)
        whole = [mail for one in found if (mail := self.store.read(one.id))]
        return JSONResponse({"messages": [_json(mail) for mail in whole]})

    async def api_one(self, request: Request) -> Response:
        """One message."""
        return JSONResponse(_json(self._mail(request)))

    def _mail(self, request: Request) -> Mail:
        self._only_here(request)
        mail = self.store.read(request.path_params["id"])
        if mail is None:
            raise HTTPException(404, "There is no such mail; only the newest ones are kept.")
        return mail

    def _only_here(self, request: Request) -> None:
        """Sign-in codes pass through here: nobody on the network and no page that rebinds a name may read them."""
        client = request.client.host if request.client else ""
        strange = self.clients is not None and client not in self.clients
        if strange or request.url.hostname not in self.hosts:
            raise HTTPException(403, "The mailbox can only be opened on the machine that Crosswalk runs on.")

    def _page(self, request: Request, template: str, **context: Any) -> Response:
        with speaking("en"):
            html = self.templates.get_template(template).render(
                request=request, actor=None, language="en", direction="ltr", languages={}, for_families=False,
                nav=navigation(None, request.url.path), place="Mailbox", **context,
            )  # fmt: skip
        return HTMLResponse(html)


def _templates(zone: ZoneInfo) -> Environment:
    base = environment("mail", zone)
    own = FileSystemLoader(Path(__file__).parent / "templates")
    return base.overlay(loader=ChoiceLoader([own, *([base.loader] if base.loader else [])]))


def _page(request: Request) -> int:
    asked = request.query_params.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


def _json(mail: Summary) -> dict[str, Any]:
    return {**dataclasses.asdict(mail), "at": mail.at.isoformat()}
