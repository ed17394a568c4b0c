"""Every part of the design on static pages, to look at: `python -m shared.web.gallery FOLDER`."""

import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import URL

from shared.clock import utc_now
from shared.events.vocabulary import LANGUAGES
from shared.translations import direction, speaking
from shared.web.nav import Item
from shared.web.render import STATIC, environment

ZONE = ZoneInfo("America/New_York")
STAFF: tuple[str, ...] = ("Today", "Refer a student", "Referrals", "Students", "Programs")
FAMILY: dict[str, tuple[str, ...]] = {
    "en": ("Your child's programs", "Homework and soccer", "Accepted", "I agree", "No, thank you", "Ask a question"),
    "ar": ("برامج طفلك", "المساعدة في الواجبات وكرة القدم", "تم القبول", "أوافق", "لا، شكرًا", "اطرح سؤالاً"),
}
ROWS = (
    ("Mariam Abdi Warsame", "A place after school", "City Year: Homework help and soccer", "sent", "Sent"),
    ("Jayden Baptiste", "Help with school work", "Tutors of the Harbor", "good", "Accepted"),
    ("Lucía Hernández Quintanilla", "Mental health", "Riverside Counseling", "paused", "On the waiting list"),
    ("Trần Minh Khôi", "Food", "Weekend Food Bags", "urgent", "Urgent"),
)


def write(folder: Path) -> list[Path]:
    """The pages of the gallery, in English and in Arabic, and what they need beside them."""
    shutil.copytree(STATIC, folder / "static", dirs_exist_ok=True)
    pages = [("staff", "gallery.html", language, STAFF) for language in FAMILY]
    pages += [("family", "gallery_family.html", language, words[:1] + words[-1:]) for language, words in FAMILY.items()]
    written = []
    for name, template, language, labels in pages:
        with speaking(language):
            html = environment("gallery", ZONE).get_template(template).render(_context(name, language, labels))
        path = folder / f"{name}-{language}.html"
        path.write_text(html.replace('"/static/', '"static/'), "utf-8")
        written.append(path)
    return written


def _context(name: str, language: str, labels: tuple[str, ...]) -> dict[str, Any]:
    now = utc_now()
    return {
        "request": SimpleNamespace(url=URL("/gallery?state=sent&page=2")),
        "language": language,
        "direction": direction(language),
        "languages": LANGUAGES if name == "family" else {},
        "for_families": name == "family",
        "actor": SimpleNamespace(name="Dana Whitfield", only=None),
        "place": "Harbor Point K-8 School",
        "nav": [Item(label, "#main", current=label == labels[0]) for label in labels],
        "words": FAMILY[language],
        "rows": ROWS,
        "earlier": now - timedelta(hours=2),
        "later": now + timedelta(days=5),
        "day": date(2027, 6, 30),
        "paging": SimpleNamespace(offset=25, limit=25, page=2),
        "refusal": SimpleNamespace(
            message="Two things are missing.",
            fields={"email": "Enter an address like name@school.org", "method": "Say how the family agreed"},
        ),
        "timeline": [
            SimpleNamespace(at=now - timedelta(hours=hours), title=title, words=words, who=who, kind=kind)
            for hours, title, words, who, kind in (
                (2, "City Year accepted", "Starts Monday. Bring sneakers.", "Luis Ferreira, City Year", "good"),
                (5, "Seen by the partner", "", "Luis Ferreira, City Year", "seen"),
                (25, "Message to Hodan Warsame delivered", "In Somali, by e-mail", "", ""),
                (30, "Harbor Boys and Girls Club declined", "No places before January.", "Ana Reyes", "bad"),
                (50, "Sent", "", "Dana Whitfield", "sent"),
            )
        ],
    }


if __name__ == "__main__":
    for written in write(Path(sys.argv[1])):
        print(written)
