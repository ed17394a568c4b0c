"""Fixtures for tests in a browser; the running system is started as in the journeys."""

from tests.browser.chromium import chromium, visit
from tests.browser.people import people, tickets
from tests.journeys.conftest import system

__all__ = ["chromium", "people", "system", "tickets", "visit"]
