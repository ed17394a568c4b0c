"""Planted bugs are noticed: a suite that stays green on a broken system proves nothing."""

import os
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.faults.conftest import LONG
from tests.faults.rig import Rig
from tests.faults.sabotage import BUGS, SEEN_BY
from tests.faults.scenarios import SCENARIOS

A_FEW = 2


def todays() -> list[str]:
    """All bugs in the long form; in the short one a few, others each day (or CROSSWALK_SABOTAGE, comma-separated)."""
    if wanted := os.environ.get("CROSSWALK_SABOTAGE"):
        return wanted.split(",")
    names = sorted(BUGS)
    first = datetime.now(UTC).toordinal() * A_FEW
    return names if LONG else [names[(first + number) % len(names)] for number in range(A_FEW)]


@pytest.mark.parametrize("name", SCENARIOS if LONG else sorted({SEEN_BY[name] for name in todays()}))
async def test_a_scenario_is_clean_when_nothing_is_sabotaged(make_rig: Callable[..., Rig], name: str) -> None:
    verdict = await SCENARIOS[name](make_rig(session_timeout_ms=1000))

    print(verdict)
    assert verdict.clean, str(verdict)


@pytest.mark.parametrize("name", todays())
async def test_a_planted_bug_is_noticed(make_rig: Callable[..., Rig], name: str) -> None:
    verdict = await SCENARIOS[SEEN_BY[name]](make_rig(session_timeout_ms=1000, sabotage=name))

    print(f"{name}: {verdict}")
    assert not verdict.clean, f"{name} was not noticed: {verdict}"


def test_there_are_enough_bugs_and_each_has_its_scenario() -> None:
    assert len(BUGS) >= 15
    assert set(SEEN_BY.values()) <= set(SCENARIOS)
