"""What must always hold of persons and their roles."""

from shared.messaging.invariants import Invariant

INVARIANTS = (
    Invariant(
        "role_has_a_person",
        "Every role is somebody's.",
        "SELECT id::text FROM role WHERE NOT EXISTS (SELECT FROM person WHERE person.id = role.person_id)",
        "Import the roster again; if they stay, tell the developers.",
    ),
    Invariant(
        "erased_person_stays_erased",
        "Nobody who was erased is there again.",
        "SELECT id::text FROM erased_person JOIN person USING (id)",
        "Erase the person again, on the person's page; tell the developers how they came back.",
    ),
    Invariant(
        "erased_person_is_in_no_outbox",
        "The outbox keeps nothing of an erased person but the fact that they were erased.",
        """
        SELECT outbox.id::text FROM outbox JOIN erased_person ON outbox.key = erased_person.id::text
        WHERE topic = 'people.persons.v1' AND value IS NOT NULL
        """,
        "Erase the person again, on the person's page; tell the developers.",
    ),
)
