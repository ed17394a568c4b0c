"""The page on size says what its model says, and the model builds on what was measured."""

from pathlib import Path

import pytest

from bench.size import DOCUMENT, PLACES, Measured, Place, written

BENCHMARKS = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def test_the_table_on_the_page_is_that_of_the_model() -> None:
    page = DOCUMENT.read_text()

    assert written(page) == page, "run python -m bench.size"


@pytest.mark.parametrize("figure", [Measured().relay, Measured().consumer, Measured().log])
def test_the_model_builds_on_figures_of_the_benchmarks(figure: float) -> None:
    assert f"{figure:,.0f}" in BENCHMARKS.read_text()


def test_what_is_the_same_for_twice_the_students_is_twice_as_much() -> None:
    small, large = Place("small", 1_000_000), Place("large", 2_000_000)

    assert large.events == pytest.approx(2 * small.events)
    assert large.log_gb == pytest.approx(2 * small.log_gb)
    assert large.filled() == pytest.approx({what: 2 * share for what, share in small.filled().items()})


def test_where_one_deployment_is_not_enough_the_page_says_what_to_do() -> None:
    full = [place.name for place in PLACES if max(place.filled().values()) > 1]

    assert all(f"**A {name}**" in DOCUMENT.read_text() for name in full)
