"""What must always hold of the log; `crosswalk audit verify` recomputes all of it."""

from shared.messaging.invariants import Invariant

INVARIANTS = (
    Invariant(
        "log_has_no_gap",
        "The log has no gap: its last 100,000 entries follow one another up to its head.",
        """
        SELECT 'head' FROM head WHERE size <> (SELECT coalesce(max(seq) + 1, 0) FROM entry)
            OR least(size, 100000) <> (SELECT count(*) FROM entry WHERE seq >= size - 100000)
        """,
        "Run crosswalk audit verify: it names the first entry. Nobody but the service writes there: find out who did.",
    ),
    Invariant(
        "head_is_of_the_last_entry",
        "The head of the tree is that of the last entry.",
        "SELECT seq::text FROM entry, head WHERE seq = size - 1 AND entry.root <> head.root",
        "Run crosswalk audit verify: it says what does not fit. Somebody changed the log by hand: find out who.",
    ),
)
