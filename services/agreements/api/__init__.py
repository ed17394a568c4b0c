"""The JSON API about partners and programs: everything that the pages do."""

from services.agreements.api import imports, partners, programs

routers = [programs.router, partners.router, imports.router]
