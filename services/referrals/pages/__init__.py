"""The HTML pages: the same commands and queries as the JSON API, for people."""

from services.referrals.pages import district, family, partner, refer, school, students, thing

# `thing` last: its addresses begin with an id and would take the others' words for one.
routers = [part.router for part in (school, refer, students, partner, family, district, thing)]

__all__ = ["routers"]
