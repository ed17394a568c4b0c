"""Names as they are searched: folded words, found by their beginnings."""

import re
import unicodedata

_NOT_A_WORD = re.compile(r"[\W_]+")
_WITHOUT_ACCENTS = str.maketrans({"đ": "d", "ø": "o", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe"})


def folded_words(name: str) -> list[str]:
    """The words of a name in lower case without accents, each once: `"Nguyễn, Thị-Mai"` -> nguyen, thi, mai."""
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_WITHOUT_ACCENTS)
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return list(dict.fromkeys(word for word in _NOT_A_WORD.split(bare) if word))
