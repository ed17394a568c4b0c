"""Fixtures for tests in a browser."""

from tests.browser.chromium import chromium, visit
from tests.browser.people import people, tickets

__all__ = ["chromium", "people", "tickets", "visit"]
