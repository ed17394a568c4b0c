"""What must always hold of messages and their deliveries."""

from shared.messaging.invariants import Invariant

INVARIANTS = (
    Invariant(
        "sent_delivery_has_an_attempt",
        "Every mail of the last two days that counts as sent was tried, and says when and under which Message-ID.",
        """
        SELECT id::text FROM delivery WHERE status = 'sent' AND queued_at > :now - interval '2 days'
          AND (attempts < 1 OR sent_at IS NULL OR smtp_message_id IS NULL)
        """,
        "Look for the mail in the mail server's log; send it again from the page Deliveries if it is not there.",
    ),
    Invariant(
        "try_ends",
        "No mail is on its way to the server for more than five minutes after its lease.",
        "SELECT id::text FROM delivery WHERE status = 'sending' AND lease_until < :now - interval '5 minutes'",
        "The worker of notifications does not run: start it.",
    ),
    Invariant(
        "failed_delivery_says_why",
        "Every mail that could not be delivered says why.",
        "SELECT id::text FROM delivery WHERE status = 'failed' AND last_error IS NULL",
        "See the worker's log for the delivery's id.",
    ),
    Invariant(
        "message_is_for_somebody_known",
        "Every message of the last two days is for somebody who is known here.",
        """
        SELECT message.id::text FROM message WHERE written_at > :now - interval '2 days'
          AND NOT EXISTS (SELECT FROM recipient WHERE person_id = message.recipient_id)
        """,
        "Have people tell everybody once more: crosswalk outbox republish people.",
    ),
)
