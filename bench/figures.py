"""What a benchmark found: shown on the screen, and added to `bench.json` in the data folder."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; `floor` is what the machine does bare, in the same unit, in the same run."""

    name: str
    value: float
    unit: str
    floor: float | None
    limit: float
    """The goal: the value, or its ratio to the floor, is at most this."""
    by_ratio: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times the floor."""
        return self.value / self.floor if self.floor else None

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        if not self.by_ratio:
            return self.value <= self.limit
        return self.ratio is not None and self.ratio <= self.limit

    @property
    def goal(self) -> str:
        """The goal in words."""
        return f"at most {self.limit:g} times the floor" if self.by_ratio else f"at most {self.limit:g} {self.unit}"

    @property
    def words(self) -> str:
        """One line for the screen."""
        floor = f"floor {_short(self.floor)} {self.unit}, ratio {self.ratio:.1f}" if self.ratio else "no floor"
        verdict = "met" if self.met else "NOT MET"
        return f"{self.name:<24} {_short(self.value):>9} {self.unit:<3} {floor:<32} goal: {self.goal} ({verdict})"


def spread(name: str, values: Sequence[float]) -> str:
    """Where the values lie, as one line."""
    cuts = quantiles(values, n=100, method="inclusive")
    return f"{name:<24} n={len(values)} p50={cuts[49]:.2f} p90={cuts[89]:.2f} p99={cuts[98]:.2f} max={max(values):.2f}"


def p50(values: Sequence[float]) -> float:
    """The median."""
    return median(values)


def p99(values: Sequence[float]) -> float:
    """What one in a hundred exceeds."""
    return quantiles(values, n=100, method="inclusive")[98]


def keep(folder: Path, figures: Sequence[Figure]) -> Path:
    """Add figures to `bench.json`, with what was measured and on what."""
    file = folder / "bench.json"
    entries = _read(file)
    about = {"commit": commit(), "machine": machine(), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    entries += [_entry(figure) | about for figure in figures]
    folder.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(entries, indent=1) + "\n")
    fresh.replace(file)
    return file


def _entry(figure: Figure) -> dict[str, Any]:
    rounded = {name: _round(value) for name, value in asdict(figure).items() if name in ("value", "floor")}
    return {
        "name": figure.name,
        "value": rounded["value"],
        "unit": figure.unit,
        "floor": rounded["floor"],
        "ratio": _round(figure.ratio),
        "goal": figure.goal,
        "met": figure.met,
    }


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"


def _read(file: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(file.read_text())
    except (OSError, ValueError):
        return []
    return entries if isinstance(entries, list) else []


def commit() -> str:
    """The commit that is measured, marked where files differ from it; `unknown` outside of git."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or "unknown"


def machine() -> str:
    """Processor, cores, memory, system and Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
