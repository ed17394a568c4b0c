"""What the plots of the report show, for the page and for the PDF: per element some points on the scale from 1 to 4."""

from dataclasses import dataclass
from enum import StrEnum

from services.agreements.queries.reports import Report


class Mark(StrEnum):
    """What a point stands for; each has a shape and a colour of its own."""

    SCHOOL = "school"
    PARTNERS = "partners"
    THIS_YEAR = "this_year"
    LAST_YEAR = "last_year"
    DISTRICT = "district"


LABELS = {
    Mark.SCHOOL: "School",
    Mark.PARTNERS: "Partners",
    Mark.THIS_YEAR: "This year",
    Mark.LAST_YEAR: "Last year",
    Mark.DISTRICT: "District",
}


@dataclass(frozen=True, slots=True)
class Point:
    """A value on the scale."""

    mark: Mark
    value: float

    @property
    def place(self) -> float:
        """Where it lies between the ends of the scale, 0 to 1."""
        return (self.value - 1) / 3

    @property
    def words(self) -> str:
        """What it says: "School 2.8"."""
        return f"{LABELS[self.mark]} {self.value:.1f}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a plot."""

    title: str
    points: tuple[Point, ...]

    @property
    def words(self) -> str:
        """The values in words."""
        return ", ".join(point.words for point in self.points) or "not rated"


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot with its rows; `marks` are those of the legend."""

    title: str
    marks: tuple[Mark, ...]
    rows: tuple[Row, ...]

    @property
    def words(self) -> str:
        """The whole plot in words, for who cannot see it."""
        return f"{self.title}. " + "; ".join(f"{row.title}: {row.words}" for row in self.rows)


def plots_of(report: Report) -> tuple[Plot, Plot]:
    """The school beside its partners, and this year beside the last one and the district."""
    sides = [
        Row(one.title, _points({Mark.SCHOOL: one.figures.school, Mark.PARTNERS: one.figures.partner}))
        for one in report.elements
    ]
    years = [
        Row(
            one.title,
            _points({Mark.DISTRICT: one.district, Mark.LAST_YEAR: one.last_year, Mark.THIS_YEAR: one.figures.mean}),
        )
        for one in report.elements
    ]
    return (
        Plot("The school and its partners", (Mark.SCHOOL, Mark.PARTNERS), tuple(sides)),
        Plot("This year, last year, the district", (Mark.THIS_YEAR, Mark.LAST_YEAR, Mark.DISTRICT), tuple(years)),
    )


def _points(values: dict[Mark, float | None]) -> tuple[Point, ...]:
    return tuple(Point(mark, value) for mark, value in values.items() if value is not None)
