"""Reads small bundles, for tests of what comes of them."""

from pathlib import Path

import pytest

from services.people.roster import Known, Limits, PersonRow, Problem, Severity, Unusable, open_bundle, read_roster
from tests.people.bundles import read_whole


def errors_of(path: Path, known: Known | None = None) -> list[Problem]:
    reading, _ = read_whole(path, known)
    return [p for p in reading.report.problems if p.severity is Severity.ERROR]


def warnings_of(path: Path) -> list[Problem]:
    reading, _ = read_whole(path)
    assert reading.report.errors == 0
    return [p for p in reading.report.problems if p.severity is Severity.WARNING]


def persons_of(path: Path) -> dict[str, PersonRow]:
    with open_bundle(path) as bundle:
        return {person.source_id: person for person in read_roster(bundle).persons()}


def why_unusable(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(Unusable) as refused, open_bundle(path, limits) as bundle:
        list(read_roster(bundle).persons())
    return str(refused.value)
