"""Names of languages as people write them ("Spanish", "Español") read as the tags of the languages we write in."""

from services.agreements.words import folded
from shared.events.vocabulary import LANGUAGES

ENGLISH_NAMES: dict[str, str] = {
    "english": "en",
    "spanish": "es",
    "castilian": "es",
    "haitian creole": "ht",
    "haitian": "ht",
    "cape verdean creole": "kea",
    "cape verdean": "kea",
    "kabuverdianu": "kea",
    "vietnamese": "vi",
    "simplified chinese": "zh-Hans",
    "chinese (simplified)": "zh-Hans",
    "mandarin": "zh-Hans",
    "traditional chinese": "zh-Hant",
    "chinese (traditional)": "zh-Hant",
    "cantonese": "zh-Hant",
    "portuguese": "pt",
    "somali": "so",
    "arabic": "ar",
    "french": "fr",
}
"""English names; a spoken form of Chinese stands for the script that its speakers mostly read."""

_TAGS = ENGLISH_NAMES | {folded(name): tag for tag, name in LANGUAGES.items()} | {folded(t): t for t in LANGUAGES}


def language_tag(text: str) -> str | None:
    """The tag of a language by its name in English or in itself, or by its tag; None where it is none of ours."""
    return _TAGS.get(folded(text))
