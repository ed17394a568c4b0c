"""What tests of this folder share."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def sample_data() -> Path:
    """The folder of real input, named by CROSSWALK_SAMPLE_DATA; without it the test is skipped."""
    folder = Path(os.environ.get("CROSSWALK_SAMPLE_DATA", "/nonexistent"))
    if not (folder / "boston_roster.zip").exists():
        pytest.skip("CROSSWALK_SAMPLE_DATA names no folder with boston_roster.zip")
    return folder
