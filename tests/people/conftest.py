"""What tests of this folder share."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.db import Database
from tests.people.at_provider import district, make  # noqa: F401
from tests.people.importer import Importer
from tests.support.provider import *  # noqa: F403


@pytest.fixture
def sample_data() -> Path:
    """The folder of real input, named by CROSSWALK_SAMPLE_DATA; without it the test is skipped."""
    folder = Path(os.environ.get("CROSSWALK_SAMPLE_DATA", "/nonexistent"))
    if not (folder / "boston_roster.zip").exists():
        pytest.skip("CROSSWALK_SAMPLE_DATA names no folder with boston_roster.zip")
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def roster(db_people: Database, tmp_path: Path) -> AsyncIterator[Importer]:
    """Imports rosters into an empty database."""
    yield Importer(db_people, tmp_path)
