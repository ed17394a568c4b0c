"""An agreement's text as a PDF: the exact words, the signatures under them, and the digest that both name."""

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from services.agreements.models import Edition, Signature
from services.agreements.rules.agreements import Side
from shared.web.words import exact

FONTS = Path(__file__).parent / "fonts"
GREEN, INK, SOFT, LINE = (27, 87, 67), (28, 37, 48), (86, 91, 99), (224, 215, 198)
"""Colours of the pages, red, green and blue from 0 to 255."""
SIDES = {Side.SCHOOL: "For the school", Side.PARTNER: "For the partner"}
MISSING = "Some letters of this text cannot be printed here; the text file with the same digest holds them."


def agreement_as_pdf(
    text: Edition, signatures: Sequence[Signature], *, district: str, zone: tzinfo, fonts: Iterable[Path] = ()
) -> bytes:
    """The text on A4 with its signatures; the same arguments give the same bytes.

    `fonts`: TrueType files for letters beyond Latin, Greek and Cyrillic.
    """
    assert text.text is not None
    assert text.digest is not None
    assert text.sent_at is not None
    paper = _Paper(text.digest, district, fonts)
    paper.set_creation_date(text.sent_at)
    title, _, rest = text.text.partition("\n")
    paper.set_title(title)
    paper.put(title, size=17, bold=True, after=2)
    for part in rest.strip().split("\n\n"):
        _part(paper, part)
    _signatures(paper, signatures, zone)
    paper.put(f"SHA-256 of the text (UTF-8, line feeds): {text.digest}", size=8, colour=SOFT)
    if paper.lacks(text.text + "".join(one.name + one.role for one in signatures)):
        paper.put(MISSING, size=8, colour=SOFT)
    return bytes(paper.output())


def _part(paper: "_Paper", part: str) -> None:
    heading, _, words = part.partition("\n")
    if heading.isupper() and words:
        paper.put(heading.capitalize(), size=11, bold=True, colour=GREEN, before=3)
        paper.put(words, size=10)
    else:
        paper.put(part, size=9, colour=SOFT)


def _signatures(paper: "_Paper", signatures: Sequence[Signature], zone: tzinfo) -> None:
    if paper.will_page_break(30 + 25 * len(signatures)):
        paper.add_page()
    paper.put("Signatures", size=13, bold=True, before=6, after=1)
    if not signatures:
        paper.put("Nobody has signed this text yet.", size=10, colour=SOFT)
    for one in signatures:
        paper.rule()
        role = f", {one.role}" if one.role else ""
        paper.put(f"{one.name}{role}", size=12, bold=True)
        paper.put(f"{SIDES[one.side]}, on {exact(one.at, zone)}", size=10)
        paper.put(one.consent, size=8, colour=SOFT, after=2)


class _Paper(FPDF):
    """Pages that look like the product's."""

    def __init__(self, digest: str, district: str, fonts: Iterable[Path]) -> None:
        super().__init__(format="A4")
        self.digest, self.district = digest, district
        self.add_font("sans", "", FONTS / "DejaVuSans.ttf")
        self.add_font("sans", "B", FONTS / "DejaVuSans-Bold.ttf")
        further = {f"further{place}": path for place, path in enumerate(fonts)}
        for name, path in further.items():
            self.add_font(name, "", path)
        if further:
            self.set_fallback_fonts(list(further), exact_match=False)
        self.set_margin(20)
        self.set_auto_page_break(True, margin=22)
        self.set_lang("en")
        self.add_page()

    def header(self) -> None:
        """The district, on every page."""
        self.set_fill_color(*GREEN)
        self.rect(0, 0, self.w, 4, style="F")
        self.set_y(10)
        self.put(self.district, size=8, colour=SOFT, after=4)

    def footer(self) -> None:
        """Which text it is, and the page."""
        self.set_y(-16)
        self.put(f"Text {self.digest[:16]}…   Page {self.page_no()} of {{nb}}", size=8, colour=SOFT)

    def put(
        self,
        words: str,
        *,
        size: float,
        bold: bool = False,
        colour: tuple[int, int, int] = INK,
        before: float = 0,
        after: float = 0,
    ) -> None:
        """A paragraph; gaps in millimetres."""
        self.ln(before)
        self.set_font("sans", "B" if bold else "", size)
        self.set_text_color(*colour)
        self.multi_cell(0, size * 0.5, words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(after)

    def rule(self) -> None:
        """A line across."""
        self.ln(2)
        self.set_draw_color(*LINE)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())
        self.ln(2)

    def lacks(self, words: str) -> bool:
        """Whether a letter is in none of the fonts."""
        known = {code for font in self.fonts.values() for code in font.cmap}  # type: ignore[union-attr]
        return any(ord(sign) not in known for sign in words if not sign.isspace())
