"""The people service's pages; `front` are those that stand before every service: the front page and sign-in."""

from fastapi import APIRouter

from services.people.pages import front, me, persons, places, rosters

router = APIRouter(prefix="/people", include_in_schema=False)
for part in (me, persons, places, rosters):
    router.include_router(part.router)

routers = (front.router, router)
