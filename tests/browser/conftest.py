"""Fixtures for tests in a browser."""

from tests.browser.chromium import *  # noqa: F403
