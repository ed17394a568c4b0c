"""Fixtures live in tests/support; this file only brings them in."""

from tests.support.clients import *  # noqa: F403
from tests.support.databases import *  # noqa: F403
