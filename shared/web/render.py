"""Pages: Jinja templates of the service and the shared ones, in the reader's language."""

import hashlib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from shared.clock import utc_now
from shared.events.vocabulary import LANGUAGES
from shared.identity.actor import Actor
from shared.translations import best_language, direction, gettext, install, speaking, spoken
from shared.web import words
from shared.web.nav import navigation

HERE = Path(__file__).parent
STATIC = HERE / "static"
ROOT = HERE.parent.parent


@lru_cache
def environment(service: str, zone: ZoneInfo) -> Environment:
    """The templates of a service, with what every template may use."""
    folders = [ROOT / "services" / service / "templates", HERE / "templates"]
    env = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    install(env)
    env.globals["asset"] = asset
    env.globals["today_here"] = lambda: utc_now().astimezone(zone).date()
    # For words that come in a variable: `_` would take a per cent sign in them for a format, and not escape them.
    env.filters["said"] = gettext
    env.filters["relative"] = lambda dt: words.relative(dt, utc_now(), spoken())
    env.filters["exact"] = lambda dt: words.exact(dt, zone, spoken())
    env.filters["exact_in"] = lambda dt, name: words.exact(dt, ZoneInfo(name), spoken())
    env.filters["by_deadline"] = lambda dt: words.by_deadline(dt, utc_now(), zone, spoken())
    env.filters["on_date"] = lambda day: words.on_date(day, spoken())
    return env


@cache
def asset(path: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


def page(
    request: Request,
    actor: Actor | None,
    template: str,
    *,
    status: int = 200,
    for_families: bool = False,
    language: str | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page. Pages for families and for people not signed in speak the reader's language, all others English."""
    translated = for_families or actor is None
    chosen = language or (reader_language(request, actor) if translated else "en")
    settings = request.app.state.settings
    with speaking(chosen):
        html = (
            environment(request.app.state.service, settings.zone)
            .get_template(template)
            .render(
                request=request,
                actor=actor,
                language=chosen,
                direction=direction(chosen),
                languages=LANGUAGES if translated else {},
                for_families=for_families,
                service=request.app.state.service,
                nav=navigation(actor, request.url.path),
                place=context.pop("place", settings.district_name),
                now=utc_now(),
                **context,
            )
        )
    response = HTMLResponse(html, status_code=status)
    if translated and request.query_params.get("lang") in LANGUAGES:
        remember_language(response, chosen)
    return response


def remember_language(response: Response, language: str) -> None:
    """Let pages speak this language in this browser from now on."""
    response.set_cookie("lang", language, max_age=365 * 86400, samesite="lax", httponly=True)


def reader_language(request: Request, actor: Actor | None) -> str:
    """What the reader asked for just now, or before, or is known to speak, or the browser says."""
    asked = request.query_params.get("lang") or request.cookies.get("lang")
    if asked in LANGUAGES:
        return asked
    if actor is not None:
        return best_language(actor.language)
    for choice in request.headers.get("accept-language", "").split(","):
        tag = choice.partition(";")[0].strip()
        if tag and (best_language(tag) != "en" or tag.lower().startswith("en")):
            return best_language(tag)
    return "en"


def see_other(url: str) -> RedirectResponse:
    """Where to go after a form was taken (303)."""
    return RedirectResponse(url, status_code=303)


def wants_html(request: Request) -> bool:
    """Whether a person's browser asks, as opposed to a program."""
    return "/api/" not in request.url.path and "text/html" in request.headers.get("accept", "")
