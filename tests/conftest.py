"""Fixtures live in tests/support; this file only brings them in."""

from tests.support.clients import *  # noqa: F403
from tests.support.core import *  # noqa: F403
from tests.support.databases import *  # noqa: F403
from tests.support.kafka import *  # noqa: F403
