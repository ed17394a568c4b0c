"""Pages about partners and programs: the same commands as the API."""

from services.agreements.pages import imports, partners, programs

routers = [programs.router, partners.router, imports.router]
