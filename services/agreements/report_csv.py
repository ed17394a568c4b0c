"""The report on the strength of partnerships as a CSV file: one row per element, and one per indicator."""

import csv
import io

from services.agreements import review_words as said
from services.agreements.queries.reports import ElementReport, IndicatorReport, Report
from services.agreements.rules.strength import Figures
from shared.spreadsheets import harmless

COLUMNS = (
    "school", "school year", "kind", "code", "words", "school mean", "partner mean", "mean", "difference", "lowest",
    "highest", "ratings", "not known", "mean last year", "district mean", "strength", "next step",
    "known to the system", "evidence",
)  # fmt: skip


def report_as_csv(report: Report) -> str:
    """Means have two decimals, a cell is empty where nobody rated. No cell can be taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for element in report.elements:
        writer.writerow(_row(report, _element(element)))
        for indicator in element.indicators:
            writer.writerow(_row(report, _indicator(report, element, indicator)))
    return out.getvalue()


def _row(report: Report, cells: list[str]) -> list[str]:
    return [harmless(cell) for cell in (report.school, said.year_label(report.year), *cells)]


def _element(of: ElementReport) -> list[str]:
    before_and_district = [_mean(of.last_year), _mean(of.district)]
    return ["element", of.code, of.title, *_figures(of.figures), *before_and_district, "", "", "", ""]


def _indicator(report: Report, element: ElementReport, of: IndicatorReport) -> list[str]:
    step = next((said.WHY[one.why] for one in element.next_steps if one.code == of.code), "")
    words = [f"{said.SIDES[one.side]}, {one.partner}: {one.words}" for one in of.pointers]
    return [
        "indicator",
        of.code,
        of.words,
        *_figures(of.figures),
        "",
        "",
        "yes" if of.code in element.strengths else "",
        step,
        said.known(of.known, report.evidence),
        "\n".join(words),
    ]


def _figures(of: Figures) -> list[str]:
    means = [_mean(value) for value in (of.school, of.partner, of.mean, of.gap)]
    return [*means, *("" if value is None else str(value) for value in (of.lowest, of.highest)), str(of.ratings),
            str(of.not_known)]  # fmt: skip


def _mean(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
