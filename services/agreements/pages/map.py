"""A map of what was found, drawn here without tiles: dots in their places, names of neighborhoods, a scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from services.agreements.queries import PlaceView, ProgramView
from services.agreements.queries.places import METRES

WIDTH, HEIGHT, EDGE = 640, 420, 36
LEAST = 600.0
"""Metres that a map shows at least."""
APART = 22
"""Dots that are closer become one."""
MOST_NAMES = 12
STEPS = (100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000)
MILE_STEPS = (160.9344, 402.336, 804.672, 1609.344, 3218.688, 8046.72, 16093.44, 80467.2, 804672.0)


@dataclass(frozen=True, slots=True)
class Dot:
    """One or several programs on the map; `numbers` are their places in the list."""

    x: float
    y: float
    numbers: str
    names: str
    href: str


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a neighborhood on the map."""

    x: float
    y: float
    name: str


@dataclass(frozen=True, slots=True)
class Map:
    """What the template draws; lengths are in the drawing's units."""

    dots: list[Dot]
    names: list[Name]
    scale: float
    """How long the bar is that stands for `scale_metres`."""
    scale_metres: float
    width: int = WIDTH
    height: int = HEIGHT


class _Projection:
    """Degrees to the drawing: north is up, a metre is as long to the east as to the north."""

    def __init__(self, positions: Sequence[tuple[float, float]]) -> None:
        south, north = min(p[0] for p in positions), max(p[0] for p in positions)
        west, east = min(p[1] for p in positions), max(p[1] for p in positions)
        self.latitude, self.longitude = (south + north) / 2, (west + east) / 2
        self.narrower = max(cos(radians(self.latitude)), 0.01)
        high = max((north - south) * METRES, LEAST)
        wide = max((east - west) * METRES * self.narrower, LEAST)
        self.per_metre = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)

    def at(self, latitude: float, longitude: float) -> tuple[float, float]:
        east = (longitude - self.longitude) * METRES * self.narrower * self.per_metre
        north = (latitude - self.latitude) * METRES * self.per_metre
        return round(WIDTH / 2 + east, 1), round(HEIGHT / 2 - north, 1)


def drawn(programs: Sequence[ProgramView], places: Sequence[PlaceView], *, first: int, miles: bool) -> Map | None:
    """The map of a page of the list, whose first row has the number `first`; None where no place is known."""
    located = [
        (number, one, (one.latitude, one.longitude))
        for number, one in enumerate(programs, start=first)
        if one.latitude is not None and one.longitude is not None
    ]
    if not located:
        return None
    projection = _Projection([position for _, _, position in located])
    metres = max((s for s in (MILE_STEPS if miles else STEPS) if s * projection.per_metre <= WIDTH / 3), default=100)
    dots = _dots([(number, one, projection.at(*position)) for number, one, position in located])
    return Map(dots, _names(places, projection), round(metres * projection.per_metre, 1), metres)


def _dots(located: Sequence[tuple[int, ProgramView, tuple[float, float]]]) -> list[Dot]:
    groups: list[list[tuple[int, ProgramView, tuple[float, float]]]] = []
    for item in located:
        near = (g for g in groups if abs(g[0][2][0] - item[2][0]) < APART and abs(g[0][2][1] - item[2][1]) < APART)
        group = next(near, None)
        if group is None:
            groups.append([item])
        else:
            group.append(item)
    return [
        Dot(
            *group[0][2],
            numbers=f"{group[0][0]}+" if len(group) > 1 else str(group[0][0]),
            names="; ".join(f"{number}. {one.name}" for number, one, _ in group),
            href=f"#program-{group[0][0]}",
        )
        for group in groups
    ]


def _names(places: Sequence[PlaceView], projection: _Projection) -> list[Name]:
    largest = sorted(places, key=lambda place: -place.programs)
    placed = [Name(*projection.at(place.latitude, place.longitude), place.name) for place in largest]
    inside = [n for n in placed if EDGE < n.x < WIDTH - EDGE and EDGE < n.y < HEIGHT - EDGE]
    return inside[:MOST_NAMES]
