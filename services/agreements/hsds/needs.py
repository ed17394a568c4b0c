"""Which needs of students somebody else's words stand for: terms of taxonomies, else the text itself."""

import re
from collections.abc import Iterable

from services.agreements.words import plain
from shared.events.vocabulary import NEED_LABELS, Need

_WORDS: dict[Need, str] = {
    Need.ACADEMIC: "tutor homework academic literacy reading math stem ged school-readiness tarea tutoria",
    Need.AFTER_SCHOOL: "after-school afterschool out-of-school-time extended-day youth-development boys-and-girls-club",
    Need.ARTS: "arts? music dance theat(?:er|re) painting choir musica",
    Need.ATTENDANCE: "attendance truancy absenteeism dropout",
    Need.COLLEGE_CAREER: "college career job employment internship scholarship vocational apprentice empleo",
    Need.ENGLISH_LEARNING: "esl esol english-as-a-second english-language english-classes english-for ingles",
    Need.FAMILY_SUPPORT: "parenting family-support family-resource child-?care case-management benefits immigra",
    Need.FOOD: "food meals? pantry nutrition snap hunger comida alimentos",
    Need.HEALTH: "health medical dental clinic vision wellness asthma immunization salud",
    Need.HOUSING: "housing shelter rent homeless eviction vivienda",
    Need.MENTAL_HEALTH: "mental-health counsell?ing therapy behavioral-health psychiatr grief suicide consejeria",
    Need.MENTORING: "mentor big-brothers big-sisters",
    Need.SPORTS: "sports? athletic soccer basketball swim recreation gym deportes?",
    Need.SUMMER: "summer camps? verano",
}
"""Beginnings of words; between words stands a hyphen."""

_FINDS = {need: re.compile("|".join(rf"\b{word}" for word in words.split())) for need, words in _WORDS.items()}
_CODES = {need.value: need for need in Need} | {plain(label): need for need, label in NEED_LABELS.items()}


def needs_in(texts: Iterable[str]) -> set[Need]:
    """The needs that these words speak of; a code or a name of ours stands for itself."""
    found: set[Need] = set()
    for text in map(plain, texts):
        known = _CODES.get(text.strip())
        words = re.sub(r"[\s_/-]+", "-", text)
        found |= {known} if known else {need for need, pattern in _FINDS.items() if pattern.search(words)}
    return found - ({Need.HEALTH} if Need.MENTAL_HEALTH in found else set())
