"""Fixtures live in tests/support; this file only brings them in."""

import os
import re

import pytest

from tests.support.clients import *  # noqa: F403
from tests.support.core import *  # noqa: F403
from tests.support.databases import *  # noqa: F403
from tests.support.databases import which_postgres
from tests.support.kafka import *  # noqa: F403
from tests.support.kafka import which_kafka
from tests.support.running import *  # noqa: F403

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def pytest_make_parametrize_id(val: object) -> str | None:
    """A test is called the same in every process, whatever fresh ids its parameters hold."""
    return _UUID.sub("id", val) if isinstance(val, str) and _UUID.search(val) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which servers tests took, or would have taken."""
    terminalreporter.write_line(f"PostgreSQL: {which_postgres()}. Kafka: {which_kafka()}.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes a minute is for CI and the long form: nobody waits a quarter of an hour for their own tests."""
    if {"CI", "CROSSWALK_LONG"} & os.environ.keys():
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="takes a minute: in CI and `make test-long`"))
