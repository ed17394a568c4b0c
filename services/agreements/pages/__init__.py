"""Pages about partners and programs: the same commands as the API."""

from services.agreements.pages import (
    imports,
    partners,
    programs,
    ratings,
    registrations,
    reports,
    reviews,
    schools,
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
]
