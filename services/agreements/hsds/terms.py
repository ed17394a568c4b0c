"""Ids of what HSDS has and we have not, and our codes as its taxonomies."""

from typing import Any
from uuid import UUID, uuid5

from services.agreements.labels import GRADE_LABELS
from shared.events.vocabulary import NEED_LABELS

VERSION = "3.1"
SPACE = UUID("a53a8a2c-94e4-5c53-8f37-6dc0f1a3f2b9")
"""Every id made here is a UUIDv5 in this namespace; it never changes."""

NEEDS, GRADES, SCHOOLS = "needs", "grades", "schools"
_ABOUT = {
    NEEDS: ("Needs of students", "What a program helps a student with."),
    GRADES: ("Grades", "Grades that a program is for, by their CEDS codes; a program without any is for every grade."),
    SCHOOLS: ("Schools", "Schools that a program is for; a program without any is for every school."),
}


def made(*parts: object) -> str:
    """The id of something that these parts name."""
    return str(uuid5(SPACE, "\n".join(map(str, parts))))


def taxonomies() -> list[dict[str, Any]]:
    """Our taxonomies."""
    return [
        {"id": made("taxonomy", key), "name": name, "description": words, "version": "1"}
        for key, (name, words) in _ABOUT.items()
    ]


def terms() -> list[dict[str, Any]]:
    """The terms whose codes are ours: needs and grades."""
    grades = {code: label % {"number": code.lstrip("0")} for code, label in GRADE_LABELS.items()}
    needs = {need.value: label for need, label in NEED_LABELS.items()}
    return [_term(key, code, name) for key, names in ((NEEDS, needs), (GRADES, grades)) for code, name in names.items()]


def school_term(id: UUID, name: str) -> dict[str, Any]:
    """A school as a term; it keeps its id."""
    return _term(SCHOOLS, str(id), name) | {"id": str(id)}


def _term(taxonomy: str, code: str, name: str) -> dict[str, Any]:
    detail = next(one for one in taxonomies() if one["id"] == made("taxonomy", taxonomy))
    return {
        "id": made("term", taxonomy, code),
        "code": code,
        "name": name,
        "description": name,
        "taxonomy": detail["name"],
        "taxonomy_detail": detail,
        "taxonomy_id": detail["id"],
        "language": "en",
    }


BY_ID = {term["id"]: term for term in terms()}
KEY_OF = {made("taxonomy", key): key for key in _ABOUT}
"""Our name of a taxonomy, by its id."""
FACET = {NEEDS: "need", GRADES: "grade", SCHOOLS: "school"}
"""Under which name the listing of a program has the codes of a taxonomy."""
