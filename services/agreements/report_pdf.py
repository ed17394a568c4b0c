"""The report on the strength of partnerships as a PDF: the page's content, colours and plots on paper."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TableCellFillMode, XPos, YPos
from fpdf.fonts import FontFace

from services.agreements import review_words as said
from services.agreements.plots import LABELS, Mark, Plot, plots_of
from services.agreements.queries.reports import ElementReport, Report
from shared.web.words import on_date

FONTS = Path(__file__).parent / "fonts"
GREEN, INK, SOFT, LINE, WASH, SUN, SHEET = (
    (27, 87, 67), (28, 37, 48), (86, 91, 99), (224, 215, 198), (241, 235, 223), (244, 183, 63), (255, 255, 255),
)  # fmt: skip
"""Colours of the pages, red, green and blue from 0 to 255."""
MARGIN = 18
"""Millimetres."""


def report_as_pdf(report: Report, *, district: str, made_at: datetime) -> bytes:
    """The report on A4; `made_at` is a moment in the district's time zone. The same report gives the same bytes."""
    paper = _Paper(f"{report.school}, {said.year_label(report.year)}", district, made_at)
    paper.begin("Strength of partnerships", f"{report.school}, school year {said.year_label(report.year)}")
    if report.is_empty:
        paper.words("No ratings were given for this year.")
    else:
        _summary(paper, report)
        for element in report.elements:
            _element(paper, report, element)
    _decisions(paper, report)
    return bytes(paper.output())


def _summary(paper: "_Paper", report: Report) -> None:
    paper.words(
        f"{report.rated_by_school} of {report.reviews} partnerships rated by the school, {report.rated_by_partner} by "
        f"the partner. Ratings run from 1 ({report.scale[0].lower()}) to 4 ({report.scale[3].lower()}); both sides "
        "count the same in a mean."
    )
    paper.plots(plots_of(report))
    heads = ("Element", "School", "Partners", "Mean", "From – to", "Last year", "District")
    paper.rows(heads, [_means(one) for one in report.elements], widths=(44, 11, 13, 11, 14, 13, 12))


def _means(of: ElementReport) -> tuple[str, ...]:
    figures = of.figures
    spread = f"{figures.lowest} – {figures.highest}" if figures.lowest else "–"
    means = (figures.school, figures.partner, figures.mean)
    return (of.title, *map(said.mean, means), spread, said.mean(of.last_year), said.mean(of.district))


def _element(paper: "_Paper", report: Report, of: ElementReport) -> None:
    paper.heading(of.title)
    strong = [f"{one.words} ({one.code}, {said.mean(one.figures.mean)})" for one in of.indicators
              if one.code in of.strengths]  # fmt: skip
    steps = [f"{one.words} ({one.code}, {said.WHY[one.why]})" for one in of.next_steps]
    paper.listed("Strengths", strong, "No indicator is rated 3 or more.")
    paper.listed("Next steps", steps, "Nothing stands out.")
    evidence = [
        f"{one.code}: Crosswalk knows: {known}"
        for one in of.indicators
        if (known := said.known(one.known, report.evidence))
    ]
    for one in of.indicators:
        evidence += [f"{one.code}: {said.SIDES[by.side]}, {by.partner}: {by.words}" for by in one.pointers]
    if evidence:
        paper.listed("What it builds on", evidence, "")


def _decisions(paper: "_Paper", report: Report) -> None:
    if not report.decisions:
        return
    paper.heading("How it goes on")
    heads = ("Partner or program", "Decision", "To build on", "To change", "How it will be known")
    rows = [
        (
            f"{one.partner}, {one.program}" if one.program else one.partner,
            f"{said.DECISIONS[one.decision][1]}. {one.reason}",
            one.build_on,
            one.to_change,
            one.known_by,
        )
        for one in report.decisions
    ]
    paper.rows(heads, rows, widths=(26, 24, 24, 24, 24), numbers=False)


class _Paper(FPDF):
    """Pages that look like the product's."""

    def __init__(self, about: str, district: str, made_at: datetime) -> None:
        super().__init__(format="A4")
        self.about, self.district, self.made_at = about, district, made_at
        self.add_font("sans", "", FONTS / "DejaVuSans.ttf")
        self.add_font("sans", "B", FONTS / "DejaVuSans-Bold.ttf")
        self.add_font("serif", "B", FONTS / "DejaVuSerif-Bold.ttf")
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, margin=20)
        self.set_lang("en")
        self.set_title(f"Strength of partnerships: {about}")
        self.set_creation_date(made_at)
        self.set_text_color(*INK)
        self.add_page()

    def header(self) -> None:
        """The bar of the product, on every page."""
        self.set_fill_color(*GREEN)
        self.rect(0, 0, self.w, 12, style="F")
        self.set_text_color(*SHEET)
        self.set_font("serif", "B", 11)
        self.set_xy(MARGIN, 3)
        self.cell(0, 6, "Crosswalk")
        self.set_font("sans", "", 8)
        self.set_xy(MARGIN, 3)
        self.cell(0, 6, self.district, align="R")
        self.set_text_color(*INK)
        self.set_y(20)

    def footer(self) -> None:
        """What it is about, when it was made, and the page."""
        self.set_y(-14)
        self.set_font("sans", "", 7.5)
        self.set_text_color(*SOFT)
        self.cell(0, 5, f"{self.about} · made on {on_date(self.made_at.date())}")
        self.set_x(MARGIN)
        self.cell(0, 5, f"{self.page_no()} of {{nb}}", align="R")
        self.set_text_color(*INK)

    def begin(self, words: str, below: str) -> None:
        """The heading of the whole."""
        self.set_font("serif", "B", 21)
        self._line(words, 10)
        self.set_font("sans", "", 11)
        self.set_text_color(*SOFT)
        self._line(below, 6)
        self.set_text_color(*INK)
        self.ln(3)

    def heading(self, words: str) -> None:
        """The heading of a part, never the last thing on a page."""
        self.ln(5)
        if self.will_page_break(45):
            self.add_page()
        self.set_font("serif", "B", 13.5)
        self._line(words, 7)
        self.ln(1)

    def words(self, words: str) -> None:
        """A paragraph."""
        self.set_font("sans", "", 9)
        self._line(words, 5)
        self.ln(2)

    def listed(self, title: str, items: Iterable[str], nothing: str) -> None:
        """A small heading with points under it."""
        self.set_font("sans", "B", 9)
        self._line(title, 5.5)
        self.set_font("sans", "", 8.5)
        left = self.l_margin
        items = list(items)
        if not items:
            self.set_text_color(*SOFT)
            self._line(nothing, 4.8)
            self.set_text_color(*INK)
        for item in items:
            self.set_x(left)
            self.cell(4, 4.8, "•")
            self.multi_cell(0, 4.8, item, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.5)

    def _line(self, words: str, height: float) -> None:
        self.multi_cell(0, height, words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def rows(
        self, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, widths: tuple[int, ...], numbers: bool = True
    ) -> None:
        """A table whose head comes again on each page."""
        self.set_font("sans", "", 8)
        self.set_draw_color(*LINE)
        self.set_line_width(0.2)
        head = FontFace(emphasis="", color=SOFT, fill_color=WASH)
        align = ("LEFT", *("RIGHT" if numbers else "LEFT" for _ in heads[1:]))
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            cell_fill_mode=TableCellFillMode.NONE,
            col_widths=widths,
            headings_style=head,
            line_height=4.6,
            padding=1.4,
            text_align=align,
        ) as table:
            for cells in (heads, *rows):
                row = table.row()
                for cell in cells:
                    row.cell(cell)
        self.ln(2)

    def plots(self, plots: tuple[Plot, ...]) -> None:
        """Plots beside each other; the table below says the same."""
        gap = 8.0
        width = (self.epw - gap * (len(plots) - 1)) / len(plots)
        top = self.get_y()
        for place, plot in enumerate(plots):
            self._plot(plot, MARGIN + place * (width + gap), top, width)
        self.set_y(top + 12 + max(len(plot.rows) for plot in plots) * 10.5 + 12)

    def _plot(self, plot: Plot, left: float, top: float, width: float) -> None:
        self.set_xy(left, top)
        self.set_font("sans", "B", 9)
        self.cell(width, 6, plot.title)
        for number, row in enumerate(plot.rows):
            y = top + 9 + number * 10.5
            self.set_font("sans", "", 8)
            self.set_xy(left - 1, y)
            self.cell(width, 4, row.title)
            self._scale(left + 2, y + 6.6, width - 4)
            for point in row.points:
                self._mark(point.mark, left + 2 + (width - 4) * point.place, y + 6.6)
        self._legend(plot, left, top + 9 + len(plot.rows) * 10.5, width)

    def _scale(self, left: float, y: float, width: float) -> None:
        self.set_draw_color(*LINE)
        self.set_line_width(0.4)
        self.line(left, y, left + width, y)
        for tick in range(4):
            x = left + width * tick / 3
            self.line(x, y - 1.1, x, y + 1.1)

    def _legend(self, plot: Plot, left: float, y: float, width: float) -> None:
        self.set_font("sans", "", 7.5)
        self.set_text_color(*SOFT)
        for tick in range(4):
            self.set_xy(left - 3 + (width - 4) * tick / 3, y - 0.5)
            self.cell(10, 4, str(tick + 1), align="C")
        x = left
        for mark in plot.marks:
            self._mark(mark, x + 2, y + 7)
            self.set_xy(x + 4.5, y + 5)
            self.cell(20, 4, LABELS[mark])
            x += 8.5 + self.get_string_width(LABELS[mark])
        self.set_text_color(*INK)

    def _mark(self, mark: Mark, x: float, y: float) -> None:
        self.set_line_width(0.35)
        self.set_draw_color(*INK)
        match mark:
            case Mark.SCHOOL | Mark.THIS_YEAR:
                self.set_fill_color(*GREEN)
                self.set_draw_color(*SHEET)
                self.ellipse(x - 1.6, y - 1.6, 3.2, 3.2, style="DF")
            case Mark.PARTNERS:
                self.set_fill_color(*SUN)
                self.rect(x - 1.35, y - 1.35, 2.7, 2.7, style="DF")
            case Mark.LAST_YEAR:
                self.set_fill_color(*SHEET)
                self.set_draw_color(*GREEN)
                self.set_line_width(0.5)
                self.polygon([(x, y - 1.8), (x + 1.8, y), (x, y + 1.8), (x - 1.8, y)], style="DF")
            case Mark.DISTRICT:
                self.set_line_width(0.8)
                self.line(x, y - 2.2, x, y + 2.2)
