"""The people service's pages; `front` and `provider` stand before every service: the front page and sign-in."""

from fastapi import APIRouter

from services.people.pages import front, me, persons, places, provider, rosters

router = APIRouter(prefix="/people", include_in_schema=False)
for part in (me, persons, places, rosters):
    router.include_router(part.router)

routers = (front.router, provider.router, router)
