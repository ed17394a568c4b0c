"""Pages about partners and programs: the same commands as the API."""

from services.agreements.pages import (
    calendars,
    imports,
    meeting_moves,
    meetings,
    minutes,
    partners,
    programs,
    ratings,
    registrations,
    reports,
    reviews,
    schools,
    tasks,
    vetting,
    year_ends,
)

routers = [
    programs.router,
    partners.router,
    registrations.router,
    vetting.router,
    imports.router,
    schools.router,
    reports.router,
    reviews.router,
    ratings.router,
    year_ends.router,
    calendars.router,
    meetings.router,
    meeting_moves.router,
    minutes.router,
    tasks.router,
]
