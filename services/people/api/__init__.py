"""The JSON API of the people service: sign-in, persons and roles, schools and students, roster imports."""

from fastapi import APIRouter

from services.people.api import persons, rosters, sign_in

router = APIRouter(prefix="/people/api/v1", tags=["people"])
for part in (sign_in, persons, rosters):
    router.include_router(part.router)
