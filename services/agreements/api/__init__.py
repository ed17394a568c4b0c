"""The JSON API about partners and programs: everything that the pages do."""

from services.agreements.api import (
    agreements,
    attachments,
    goals,
    hsds,
    imports,
    meetings,
    overview,
    partners,
    programs,
    registrations,
    reports,
    reviews,
    tasks,
    vetting,
)

routers = [
    programs.router,
    registrations.router,
    partners.router,
    vetting.router,
    imports.router,
    hsds.router,
    reviews.router,
    reports.router,
    meetings.router,
    tasks.router,
    agreements.router,
    attachments.router,
    goals.router,
    overview.router,
]
