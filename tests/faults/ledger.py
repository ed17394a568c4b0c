"""What was intended and what came of it, in a file outside the system; it alone says what is lost or doubled.

Every intent is on the disk before it is sent; every answer is written when it came, every effect as found at the end.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

TABLES = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE intents (intent INTEGER PRIMARY KEY, thing INT NOT NULL);
    CREATE TABLE answers (intent INTEGER PRIMARY KEY, status INT NOT NULL);
    CREATE TABLE effects (place INTEGER PRIMARY KEY, intent INT NOT NULL, thing INT NOT NULL, number INT NOT NULL);
    CREATE TABLE committed (intent INTEGER PRIMARY KEY, thing INT NOT NULL, number INT NOT NULL);
    CREATE TABLE waiting (intent INTEGER PRIMARY KEY);
"""


@dataclass(frozen=True)
class Verdict:
    """Counts of intents; a clean one has nothing but `effects`."""

    intents: int
    acknowledged: int
    effects: int
    lost: int
    """Acknowledged or committed, but without effect and waiting nowhere."""
    doubled: int
    """With more than one effect."""
    reordered: int
    """Effects that came before an earlier one of the same thing."""
    stuck: int
    """Without effect, waiting in the outbox, on the topic or set aside."""
    invented: int
    """Effects of what was never intended, or never committed."""

    @property
    def clean(self) -> bool:
        """Whether all is as promised."""
        return not (self.lost or self.doubled or self.reordered or self.stuck or self.invented)

    def __str__(self) -> str:
        words = ("lost", "doubled", "reordered", "stuck", "invented")
        counts = ", ".join(f"{getattr(self, word)} {word}" for word in words)
        return f"{self.intents} intents, {self.acknowledged} acknowledged, {self.effects} effects: {counts}"


class Ledger:
    """The file; `intend` returns when it is on the disk."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path)
        self.db.executescript(TABLES)

    def intend(self, thing: int, intents: Sequence[int]) -> None:
        """Before anything is sent."""
        with self.db:
            self.db.executemany("INSERT INTO intents VALUES (?, ?)", [(intent, thing) for intent in intents])

    def answered(self, intents: Sequence[int], status: int) -> None:
        """What the API said (its HTTP status); no answer is none."""
        with self.db:
            self.db.executemany("INSERT INTO answers VALUES (?, ?)", [(intent, status) for intent in intents])

    def found(
        self,
        effects: Iterable[tuple[int, int, int]],
        committed: Iterable[tuple[int, int, int]],
        waiting: Iterable[int],
    ) -> None:
        """At the end: effects in their order and commits (intent, thing, number), and intents that wait somewhere."""
        with self.db:
            self.db.executemany("INSERT INTO effects (intent, thing, number) VALUES (?, ?, ?)", effects)
            self.db.executemany("INSERT INTO committed VALUES (?, ?, ?)", committed)
            self.db.executemany("INSERT OR IGNORE INTO waiting VALUES (?)", ((intent,) for intent in waiting))

    def statuses(self) -> Counter[int]:
        """How often which status was answered."""
        return Counter(dict(self.db.execute("SELECT status, count(*) FROM answers GROUP BY status")))

    def verdict(self) -> Verdict:
        """What came of it all."""
        due = "(SELECT intent FROM answers WHERE status = 200 UNION SELECT intent FROM committed)"
        missing = f"SELECT count(*) FROM {due} WHERE intent NOT IN (SELECT intent FROM effects) AND intent"
        return Verdict(
            intents=self._count("SELECT count(*) FROM intents"),
            acknowledged=self._count("SELECT count(*) FROM answers WHERE status = 200"),
            effects=self._count("SELECT count(*) FROM effects"),
            lost=self._count(f"{missing} NOT IN (SELECT intent FROM waiting)"),
            stuck=self._count(f"{missing} IN (SELECT intent FROM waiting)"),
            doubled=self._count("SELECT count(*) FROM (SELECT 1 FROM effects GROUP BY intent HAVING count(*) > 1)"),
            reordered=self._count(_REORDERED),
            invented=self._count(
                "SELECT count(*) FROM effects WHERE intent NOT IN (SELECT intent FROM intents)"
                " OR intent NOT IN (SELECT intent FROM committed)"
            ),
        )

    def _count(self, query: str) -> int:
        return int(self.db.execute(query).fetchone()[0])


# Of effects that came twice the first counts: a double is no inversion.
_REORDERED = """
    SELECT count(*) FROM (
        SELECT number, max(number) OVER (PARTITION BY thing ORDER BY place ROWS UNBOUNDED PRECEDING) AS highest
        FROM (SELECT thing, number, min(place) AS place FROM effects GROUP BY thing, number)
    ) WHERE number < highest
"""
