"""Pages and JSON routes: what every service's web process is made of."""

from shared.web.app import create_app
from shared.web.paging import Page, Paging
from shared.web.render import page, reader_language, remember_language, see_other, wants_html
from shared.web.transaction import Transaction

__all__ = [
    "Page",
    "Paging",
    "Transaction",
    "create_app",
    "page",
    "reader_language",
    "remember_language",
    "see_other",
    "wants_html",
]
