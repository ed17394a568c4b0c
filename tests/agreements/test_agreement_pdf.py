"""The PDF of an agreement: names with any diacritics, the same bytes each time, a word where a letter is missing."""

from datetime import UTC, datetime

from services.agreements.agreement_pdf import FONTS, _Paper, agreement_as_pdf
from services.agreements.models import Edition, Signature
from services.agreements.rules.agreements import EditionState, Side
from services.agreements.rules.signing import CONSENT, digest_of
from shared.clock import new_id
from tests.agreements.agreeing import ZONE

AT = datetime(2026, 9, 1, 15, tzinfo=UTC)
TEXT = "Paid contract: Nghệ thuật\n\nBETWEEN\nEscuela Ñandú\nNguyễn Thị\n\nTERM\nFrom 1 to 2.\n"


def a_text() -> Edition:
    return Edition(
        agreement_id=new_id(), number=1, state=EditionState.HOLDS, template="no_cost_mou", terms={}, text=TEXT,
        digest=digest_of(TEXT), drafted_at=AT, sent_at=AT,
    )  # fmt: skip


def signed_by(name: str) -> Signature:
    return Signature(
        agreement_id=new_id(), edition=1, side=Side.PARTNER, person_id=new_id(), name=name, role="Director",
        consent=CONSENT, digest=digest_of(TEXT), at=AT,
    )  # fmt: skip


def test_the_same_text_and_signatures_give_the_same_file() -> None:
    text, signatures = a_text(), [signed_by("Łukasz Ṣọlá")]

    files = {agreement_as_pdf(text, signatures, district="Boston", zone=ZONE) for _ in range(2)}

    (file,) = files
    assert file.startswith(b"%PDF-")


def test_letters_that_no_font_has_are_noticed_and_a_further_font_brings_them() -> None:
    plain = _Paper("0" * 64, "Boston", ())
    further = _Paper("0" * 64, "Boston", [FONTS / "DejaVuSerif-Bold.ttf"])

    assert not plain.lacks("Nguyễn Thị Hương, Łukasz, Ṣọlá, Жуков")
    assert plain.lacks("王小明")
    assert len(further.fonts) == len(plain.fonts) + 1
    assert agreement_as_pdf(a_text(), [signed_by("王小明")], district="Boston", zone=ZONE)
