"""A page is drawn inside the base page, and both share one set of names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASE = ROOT / "shared" / "web" / "templates" / "base.html"
PAGES = sorted(page for page in ROOT.glob("services/*/templates/*.html"))
SET = re.compile(r"{%-?\s*set\s+(\w+)\s*=")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parts[-3]}/{page.name}")
def test_what_the_base_page_sets_no_page_sets(page: Path) -> None:
    """The base page is drawn first: its value would stand in the page's place, in addresses of forms for example."""
    of_base = set(SET.findall(BASE.read_text()))

    assert of_base
    assert not of_base & set(SET.findall(page.read_text()))
