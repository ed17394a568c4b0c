"""What must always hold of agreements."""

from shared.messaging.invariants import Invariant

INVARIANTS = (
    Invariant(
        "agreement_in_force_is_signed",
        "An agreement that both signed bears the signatures of both under the text that holds.",
        """
        SELECT id::text FROM agreement WHERE state IN ('upcoming', 'active', 'renewal_due')
          AND 2 <> (SELECT count(DISTINCT side) FROM signature
                    WHERE agreement_id = agreement.id AND signature.edition = agreement.edition AND void_at IS NULL)
        """,
        "End the agreement and have it signed anew; tell the developers.",
    ),
    Invariant(
        "signed_text_is_unchanged",
        "The exact words that were signed give the digest that was signed.",
        """
        SELECT agreement_id || ' ' || number FROM edition
        WHERE text IS NOT NULL AND digest IS DISTINCT FROM encode(sha256(convert_to(text, 'UTF8')), 'hex')
        """,
        "Somebody changed the database by hand. The PDF that both sides were sent has the words that hold.",
    ),
    Invariant(
        "agreement_stands_as_the_calendar_says",
        "An agreement begins and ends on its days.",
        """
        SELECT id::text FROM agreement
        WHERE (state IN ('active', 'renewal_due') AND ends_on < (:now - interval '2 days')::date)
           OR (state = 'upcoming' AND starts_on < (:now - interval '2 days')::date)
        """,
        "The worker of agreements does not run: start it.",
    ),
)
