"""Refusals and failures, rendered once: a page for people, problem details (RFC 9457) for programs."""

import math
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from asyncpg.exceptions import InterfaceError as ClientError
from asyncpg.exceptions import PostgresError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from shared.db import is_away, is_unreadable
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal
from shared.translations import mark
from shared.web.render import page, wants_html

log = structlog.get_logger()

TITLES = {
    400: mark("This could not be read"),
    401: mark("Sign in to go on"),
    403: mark("You cannot do this"),
    404: mark("There is no such page"),
    405: mark("This does not work here"),
    409: mark("Something has changed meanwhile"),
    410: mark("This is over"),
    413: mark("This is too large"),
    422: mark("Something is missing or wrong"),
    429: mark("Too many tries"),
    500: mark("Something went wrong on our side"),
    503: mark("Please try again in a moment"),
}
NEXT = {
    404: mark("Check the address, or start from your first page."),
    500: mark("Nothing that you did is lost. Try again; if it happens once more, tell the district office."),
    503: mark("A part of the system does not answer. Nothing was changed; try again in a few seconds."),
}
UNREADABLE = mark("A text holds characters that cannot be read. Type it again.")


def add_error_pages(app: FastAPI) -> None:
    """Render everything that a route may raise."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http_error)
    # Named, because after what only `Exception` catches the server cuts the caller's connection.
    for kind in (SQLAlchemyError, OSError, PostgresError, ClientError):
        app.add_exception_handler(kind, _failed)
    app.add_exception_handler(Exception, _failed)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    log.info("refused", code=error.code, status=int(error.kind), path=_route(request))
    if error.kind is Kind.NOT_SIGNED_IN and wants_html(request):
        return RedirectResponse(f"/sign-in?next={quote(_way_back(request), safe='')}", status_code=303)
    return _render(request, int(error.kind), error.code, error.message, error.fields, error.retry_after)


def _route(request: Request) -> str:
    """The path as the route names it: links in messages carry their key in the path, and logs must not."""
    return getattr(request.scope.get("route"), "path", "unknown")


def _way_back(request: Request) -> str:
    """Where to go on after signing in: this page, or for a form the page that showed it."""
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/"


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = {".".join(str(part) for part in e["loc"][1:]): str(e["msg"]) for e in error.errors()}
    words = "Check these fields: " + "; ".join(f"{name}: {what}" for name, what in fields.items())
    return _render(request, 422, "malformed", words, fields)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _render(request, error.status_code, HTTPStatus(error.status_code).name.lower(), "")


async def _failed(request: Request, error: Exception) -> Response:
    if is_away(error):
        log.warning("unavailable", path=_route(request), error=repr(error))
        return _render(request, 503, "unavailable", "", retry_after=2)
    if is_unreadable(error):
        log.info("refused", code="unreadable", status=400, path=_route(request))
        return _render(request, 400, "unreadable", UNREADABLE)
    log.error("failed", path=_route(request), exc_info=error)
    return _render(request, 500, "failed", "")


def _render(
    request: Request,
    status: int,
    code: str,
    words: str,
    fields: dict[str, str] | None = None,
    retry_after: int | None = None,
) -> Response:
    headers = {"Retry-After": str(math.ceil(retry_after))} if retry_after else {}
    title = TITLES.get(status, HTTPStatus(status).phrase)
    if not wants_html(request):
        return _problem(status, code, title, words, fields, headers)
    actor: Actor | None = getattr(request.state, "actor", None)
    response = page(
        request,
        actor,
        "error.html",
        status=status,
        for_families=actor is not None and not actor.is_staff,
        title_text=title,
        words=words,
        next_text=NEXT.get(status, ""),
        http_status=status,
    )
    response.headers.update(headers)
    return response


def _problem(
    status: int, code: str, title: str, words: str, fields: dict[str, str] | None, headers: dict[str, str]
) -> JSONResponse:
    body: dict[str, Any] = {"type": f"urn:crosswalk:{code}", "title": title, "status": status, "code": code}
    if words or NEXT.get(status):
        body["detail"] = words or NEXT[status]
    if fields:
        body["fields"] = fields
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")
