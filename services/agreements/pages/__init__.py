"""Pages about partners and programs: the same commands as the API."""

from services.agreements.pages import imports, partners, programs, registrations, schools, vetting

routers = [programs.router, partners.router, registrations.router, vetting.router, imports.router, schools.router]
