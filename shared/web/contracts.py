"""What events a service says and hears: an AsyncAPI 3 document for programs, the same for people to read."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from shared.identity.access import Anyone
from shared.web.render import page


def router(service: str) -> APIRouter:
    """The two routes of a service, open to everyone as its OpenAPI document is."""
    routes = APIRouter(prefix=f"/{service}", include_in_schema=False)

    @routes.get("/asyncapi.json")
    async def document(actor: Anyone) -> JSONResponse:
        """The AsyncAPI document."""
        return JSONResponse(await asyncio.to_thread(_document, service))

    @routes.get("/asyncapi")
    async def readable(request: Request, actor: Anyone) -> HTMLResponse:
        """Each event with its meaning, its fields, its producer and its consumers."""
        whole = await asyncio.to_thread(_document, service)
        return page(request, actor, "asyncapi.html", language="en", document=whole, kind=kind)

    return routes


def _document(service: str) -> Mapping[str, Any]:
    # It looks into the consumers of every service, which nothing else in a web process needs.
    from shared.asyncapi import document

    return document(service)


def kind(schema: Mapping[str, Any]) -> str:
    """What a JSON schema lets in, in a few words: "uuid", "list of Need", "date-time, optional"."""
    if "anyOf" in schema:
        kinds = [kind(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(kinds) + (", optional" if len(kinds) < len(schema["anyOf"]) else "")
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")
