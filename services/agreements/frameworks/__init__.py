"""The framework that partnerships are rated by, as data: a TOML file beside this module holds its words."""

import tomllib
from functools import cache
from pathlib import Path

from services.agreements.rules.framework import Framework, read_framework

FOLDER = Path(__file__).parent
"""Where they are."""


@cache
def the_framework() -> Framework:
    """The framework that ratings are given by."""
    text = (FOLDER / "school_community_partnership.toml").read_text("utf-8")
    return read_framework(tomllib.loads(text))
