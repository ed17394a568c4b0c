"""What must always hold of referrals."""

from shared.messaging.invariants import Invariant

INVARIANTS = (
    Invariant(
        "open_referral_has_next_date",
        "Whoever owes an answer, a partner or a family, is reminded: every open referral has a planned next date.",
        """
        SELECT referral.id::text FROM referral
        LEFT JOIN attempt ON attempt.referral_id = referral.id AND attempt.state IN ('sent', 'acknowledged')
        WHERE (referral.state = 'awaiting_consent' OR attempt.id IS NOT NULL)
          AND referral.changed_at < :now - interval '10 minutes'
          AND (NOT EXISTS (SELECT FROM reminder WHERE thing_id = coalesce(attempt.id, referral.id))
               OR (attempt.id IS NOT NULL AND attempt.answer_by IS NULL))
        """,
        "The worker of referrals plans what is missing every five minutes; if it runs, tell the developers.",
    ),
    Invariant(
        "one_live_attempt",
        "No two programs have the same referral in hand at once.",
        """
        SELECT referral_id::text FROM attempt WHERE state IN ('sent', 'acknowledged', 'waitlisted', 'accepted')
        GROUP BY referral_id HAVING count(*) > 1
        """,
        "Call both partners, withdraw the referral and send it anew; tell the developers.",
    ),
    Invariant(
        "referral_stands_as_its_attempt",
        "A referral stands where its live attempt stands.",
        """
        SELECT referral.id::text FROM referral
        LEFT JOIN attempt ON attempt.referral_id = referral.id
             AND attempt.state IN ('sent', 'acknowledged', 'waitlisted', 'accepted')
        WHERE CASE WHEN referral.state = 'open' THEN coalesce(attempt.state, '') NOT IN ('sent', 'acknowledged')
                   WHEN referral.state IN ('waitlisted', 'accepted') THEN coalesce(attempt.state, '') <> referral.state
                   ELSE attempt.id IS NOT NULL END
        """,
        "Open the referral's page and make it right by hand; tell the developers.",
    ),
    Invariant(
        "consent_used_is_in_force",
        "What a partner has in hand rests on a consent of that family to that need, in force when it was sent.",
        # Days are the district's, moments are not: a day's play on both sides.
        """
        SELECT referral.id::text FROM referral
        JOIN attempt ON attempt.referral_id = referral.id
             AND attempt.state IN ('sent', 'acknowledged', 'waitlisted', 'accepted')
        LEFT JOIN consent ON consent.id = referral.consent_id
        WHERE consent.id IS NULL OR consent.ended_at IS NOT NULL
           OR consent.student_id <> referral.student_id OR consent.purpose <> referral.need
           OR consent.given_on > (attempt.sent_at + interval '1 day')::date
           OR consent.valid_until < (attempt.sent_at - interval '1 day')::date
        """,
        "Withdraw the referral, or ask the family and record its consent.",
    ),
    Invariant(
        "timeline_is_whole",
        "Every move of the last day stands in its referral's timeline.",
        """
        SELECT id::text FROM referral
        WHERE changed_at > :now - interval '1 day'
          AND version IS DISTINCT FROM (SELECT max(version) FROM entry WHERE entry.referral_id = referral.id)
        """,
        "Compare with the log (page Log, the referral's id); tell the developers.",
    ),
)
