"""The gateway: the first segment of a path says who answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from deploy.gateway import Gateway
from deploy.listening import listen
from deploy.trouble import Trouble


def an_application(name: str, lived: list[str]) -> Starlette:
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{name} {request.url.path}")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        lived.append(f"{name} starts")
        yield
        lived.append(f"{name} stops")

    return Starlette(routes=[Route("/{rest:path}", answer)], lifespan=lifespan)


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/referrals", "referrals"),
        ("/referrals/new", "referrals"),
        ("/referralsx", "people"),
        ("/", "people"),
        ("/sign-in", "people"),
        ("/static/crosswalk.css", "people"),
        ("/people/students", "people"),
    ],
)
async def test_the_first_segment_decides_and_people_gets_the_rest(path: str, who: str) -> None:
    gateway = Gateway(("people", "referrals"), otherwise="people")
    for name in ("people", "referrals"):
        await gateway.join(name, an_application(name, []))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway), base_url="http://here") as client:
        answer = await client.get(path)

    assert answer.text == f"{who} {path}"


async def test_applications_live_as_long_as_the_gateway() -> None:
    lived: list[str] = []
    gateway = Gateway(("people", "audit"), otherwise="people")
    for name in ("people", "audit"):
        await gateway.join(name, an_application(name, lived))
    incoming = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return next(incoming)

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    await gateway({"type": "lifespan"}, receive, send)  # type: ignore[arg-type]

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert lived == ["people starts", "audit starts", "audit stops", "people stops"]


async def test_a_request_waits_for_an_application_that_has_not_joined_yet() -> None:
    gateway = Gateway(("people", "audit"), otherwise="people")
    await gateway.join("people", an_application("people", []))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway), base_url="http://here") as client:
        early = asyncio.create_task(client.get("/audit"))
        meanwhile = await client.get("/sign-in")
        assert not early.done()
        await gateway.join("audit", an_application("audit", []))
        late = await early

    assert (meanwhile.text, late.text) == ("people /sign-in", "audit /audit")


def test_a_busy_port_is_refused_with_another_one_to_take() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(Trouble, match=rf"Port {port} is in use .* PORT={port + 1}"):
            listen("127.0.0.1", port)
