"""What must always hold: each query finds a planted breach, and nothing where all is well."""

from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import utc_now
from shared.db import Database
from shared.messaging.figures import of_database
from shared.messaging.invariants import EVERY, EVERYWHERE, Invariant, find, look_if_due
from shared.migrations import SERVICES
from tests.deploy.commands import Machine

A, B, C, D = (uuid4() for _ in range(4))


def of(service: str) -> Sequence[Invariant]:
    found: Sequence[Invariant] = import_module(f"services.{service}.invariants").INVARIANTS
    return found


def a_referral(state: str = "open", ago: str = "1 hour", **more: str) -> str:
    """A referral A of student B, changed so long ago."""
    values = {"consent_id": "NULL", "version": "1"} | more
    return f"""
        INSERT INTO referral (id, student_id, school_id, referrer_id, need, urgency, words, state, version, consent_id,
                              submitted_at, changed_at)
        VALUES ('{A}', '{B}', '{B}', '{B}', 'food', 'routine', '', '{state}', {values["version"]},
                {values["consent_id"]}, now(), now() - interval '{ago}')
    """


def an_attempt(state: str = "sent", position: int = 1) -> str:
    return f"""
        INSERT INTO attempt (id, referral_id, position, program_id, organization_id, state, sent_at, answer_by)
        VALUES (gen_random_uuid(), '{A}', {position}, '{C}', '{C}', '{state}', now(), now())
    """


def a_consent(**more: str) -> str:
    values = {"purpose": "'food'", "given_on": "current_date", "valid_until": "current_date + 100",
              "ended_at": "NULL"} | more  # fmt: skip
    return f"""
        INSERT INTO consent (id, student_id, purpose, method, guardian_name, given_on, valid_until, recorded_by,
                             recorded_at, ended_at)
        VALUES ('{D}', '{B}', {values["purpose"]}, 'paper', '', {values["given_on"]}, {values["valid_until"]}, '{B}',
                now(), {values["ended_at"]})
    """


def a_reminder(thing: str) -> str:
    return f"INSERT INTO reminder (thing_id, kind, due_at, referral_id) SELECT {thing}, 'answer_due', now(), '{A}'"


def a_delivery(status: str, **more: str) -> str:
    values = {
        "attempts": "1",
        "sent_at": "NULL",
        "smtp_message_id": "NULL",
        "lease_until": "NULL",
        "last_error": "NULL",
    }
    columns = values | more
    return f"""
        INSERT INTO delivery (id, message_id, channel, status, queued_at, next_at, {", ".join(columns)})
        VALUES ('{A}', '{B}', 'email', '{status}', now(), now(), {", ".join(columns.values())})
    """


def a_parked(**more: str) -> str:
    values = {"reason": "'ValueError'", "key": r"'\x61'", "event_id": f"'{A}'", "parked_at": "now()"} | more
    return f"""
        INSERT INTO parked (consumer, topic, partition, "offset", headers, detail, attempts, {", ".join(values)})
        VALUES ('c', 't', 0, 0, '[]', '', 1, {", ".join(values.values())})
    """


def an_entry(seq: int, root: str = r"'\x01'") -> str:
    return f"""
        INSERT INTO entry (seq, event_id, type, source, subject, topic, partition, "offset", time, received_at, actor,
                           things, leaf, root)
        VALUES ({seq}, gen_random_uuid(), 't', 's', 's', 't', 0, 0, now(), now(), '', '{{}}', '\\x00', {root})
    """


def a_head(size: int) -> str:
    return rf"""INSERT INTO head ("only", size, root, peaks) VALUES (1, {size}, '\x01', '')"""


def an_agreement(state: str, starts_on: str = "current_date", ends_on: str = "current_date + 100") -> str:
    return f"""
        INSERT INTO agreement (id, organization_id, school_ids, kind, title, state, starts_on, ends_on, notice_days,
                               edition, version, drafted_at, changed_at, changed_by, end_words)
        VALUES ('{A}', '{B}', '{{}}', 'no_cost_mou', '', '{state}', {starts_on}, {ends_on}, 30, 1, 1, now(), now(),
                '', '')
    """


def a_signature(side: str) -> str:
    return f"""
        INSERT INTO signature (id, agreement_id, edition, side, person_id, name, role, consent, digest, at)
        VALUES (gen_random_uuid(), '{A}', 1, '{side}', '{B}', '', '', '', '', now())
    """


def an_edition(digest: str) -> str:
    return f"""
        INSERT INTO edition (agreement_id, number, state, template, terms, text, digest, drafted_at)
        VALUES ('{A}', 1, 'holds', '', '{{}}', 'Wir sind uns einig: Zoë', {digest}, now())
    """


SIGNED = [a_signature("school"), a_signature("partner")]
ATTEMPT = f"(SELECT id FROM attempt WHERE referral_id = '{A}')"
USED = {"consent_id": f"'{D}'"}
SOUND = "encode(sha256(convert_to('Wir sind uns einig: Zoë', 'UTF8')), 'hex')"
A_FACT = (
    "INSERT INTO outbox (event_id, topic, key, headers, created_at) VALUES (gen_random_uuid(), 't', 'k', '{{}}', {})"
)
A_ROLE = f"INSERT INTO role (person_id, name, place, origin, source_id) VALUES ('{A}', 'guardian', 0, 'granted', '')"
A_PERSON = f"""
    INSERT INTO person (id, kind, given_name, family_name, language, listed, active, search)
    VALUES ('{A}', '', '', '', 'en', false, true, '')
"""
ERASED = f"INSERT INTO erased_person (id, erased_at) VALUES ('{A}', now())"
OF_THE_ERASED = f"""
    INSERT INTO outbox (event_id, topic, key, headers, value)
    VALUES (gen_random_uuid(), 'people.persons.v1', '{A}', '{{}}', '\\x7b7d')
"""
A_MESSAGE = f"""
    INSERT INTO message (id, recipient_id, kind, language, params, about_id, event_id, written_at)
    VALUES ('{B}', '{C}', 'family_sent', 'en', '{{}}', '{A}', '{D}', now())
"""

BREACHES: list[tuple[str, str, list[str]]] = [
    ("people", "outbox_is_published", [A_FACT.format("now() - interval '11 minutes'")]),
    ("people", "event_is_settled_once", [a_parked(), f"INSERT INTO inbox (consumer, event_id) VALUES ('c', '{A}')"]),
    ("people", "nobody_waits_for_nothing", [a_parked(reason="'behind'", parked_at="now() - interval '1 hour'")]),
    ("people", "role_has_a_person", [A_ROLE]),
    ("people", "erased_person_stays_erased", [A_PERSON, ERASED]),
    ("people", "erased_person_is_in_no_outbox", [ERASED, OF_THE_ERASED]),
    ("referrals", "open_referral_has_next_date", [a_referral(**USED), a_consent(), an_attempt()]),
    ("referrals", "open_referral_has_next_date", [a_referral("awaiting_consent")]),
    ("referrals", "one_live_attempt", [
        "DROP INDEX ix_attempt_one_live", a_referral(**USED), a_consent(), an_attempt(), an_attempt("acknowledged", 2),
    ]),
    ("referrals", "referral_stands_as_its_attempt", [a_referral("accepted", **USED), a_consent()]),
    ("referrals", "referral_stands_as_its_attempt", [
        a_referral("withdrawn", **USED), a_consent(), an_attempt(), a_reminder(ATTEMPT),
    ]),
    ("referrals", "consent_used_is_in_force", [a_referral(), an_attempt(), a_reminder(ATTEMPT)]),
    *(
        ("referrals", "consent_used_is_in_force", [
            a_referral(**USED), a_consent(**wrong), an_attempt(), a_reminder(ATTEMPT)
        ])
        for wrong in ({"purpose": "'arts'"}, {"ended_at": "now()"}, {"valid_until": "current_date - 9"},
                      {"given_on": "current_date + 9"})
    ),
    ("referrals", "timeline_is_whole", [
        a_referral(version="2", **USED), a_consent(), an_attempt(), a_reminder(ATTEMPT),
    ]),
    ("notifications", "sent_delivery_has_an_attempt", [
        a_delivery("sent", sent_at="now()", smtp_message_id="'<a@b>'", attempts="0"),
    ]),
    ("notifications", "sent_delivery_has_an_attempt", [a_delivery("sent", smtp_message_id="'<a@b>'")]),
    ("notifications", "try_ends", [a_delivery("sending", lease_until="now() - interval '6 minutes'")]),
    ("notifications", "failed_delivery_says_why", [a_delivery("failed")]),
    ("notifications", "message_is_for_somebody_known", [A_MESSAGE]),
    ("audit", "log_has_no_gap", [a_head(3), an_entry(0), an_entry(2)]),
    ("audit", "log_has_no_gap", [a_head(3), an_entry(0), an_entry(1)]),
    ("audit", "head_is_of_the_last_entry", [a_head(1), an_entry(0, r"'\x02'")]),
    ("agreements", "agreement_in_force_is_signed", [an_agreement("active"), SIGNED[0]]),
    ("agreements", "signed_text_is_unchanged", [an_edition("'another'")]),
    ("agreements", "agreement_stands_as_the_calendar_says", [
        an_agreement("active", ends_on="current_date - 4", starts_on="current_date - 9"), *SIGNED,
    ]),
    ("agreements", "agreement_stands_as_the_calendar_says", [
        an_agreement("upcoming", starts_on="current_date - 4"), *SIGNED,
    ]),
]  # fmt: skip

WELL: dict[str, list[str]] = {
    "people": [A_FACT.format("now()"), A_PERSON, A_ROLE, a_parked()],
    "referrals": [
        a_referral(**USED), a_consent(), an_attempt(), a_reminder(ATTEMPT),
        f"INSERT INTO entry (referral_id, version, at, type, data, words) VALUES ('{A}', 1, now(), 't', '{{}}', '')",
    ],
    "notifications": [a_delivery("sent", sent_at="now()", smtp_message_id="'<a@b>'")],
    "audit": [a_head(2), an_entry(0, r"'\x02'"), an_entry(1)],
    "agreements": [an_agreement("active"), *SIGNED, an_edition(SOUND)],
}  # fmt: skip


async def broken(session: AsyncSession, service: str, planted: Sequence[str]) -> set[str]:
    """What does not hold once this is in the database."""
    await session.execute(text("SET LOCAL session_replication_role = replica"))
    connection = await session.connection()
    for statement in planted:
        await connection.exec_driver_sql(statement)
    return {one.invariant.name for one in await find(session, of(service), utc_now()) if one.breaches}


@pytest.fixture
def session(request: pytest.FixtureRequest, service: str) -> AsyncSession:
    """Of the service that the test is about."""
    found: AsyncSession = request.getfixturevalue(f"session_{service}")
    return found


@pytest.mark.parametrize(("service", "name", "planted"), BREACHES)
async def test_a_planted_breach_is_found(session: AsyncSession, service: str, name: str, planted: list[str]) -> None:
    assert name in await broken(session, service, planted)


@pytest.mark.parametrize("service", SERVICES)
async def test_where_all_is_well_nothing_is_found(session: AsyncSession, service: str) -> None:
    assert await broken(session, service, WELL[service]) == set()


def test_each_has_a_planted_breach_and_says_what_to_do() -> None:
    planted = {name for _, name, _ in BREACHES}
    every = [*EVERYWHERE, *(one for service in SERVICES for one in of(service))]

    assert {one.name for one in every} == planted
    assert [one.name for one in every if not one.to_do.endswith(".") or not one.words.endswith(".")] == []


async def test_of_all_workers_one_looks_every_five_minutes(db_people: Database) -> None:
    now = utc_now()

    looks = [await look_if_due(db_people, of("people"), now + later)
             for later in (timedelta(), timedelta(seconds=1), EVERY)]  # fmt: skip

    assert looks == [True, False, True]


async def test_a_breach_is_a_figure_with_what_to_do(db_people: Database) -> None:
    async with db_people.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text(A_ROLE))
    await look_if_due(db_people, of("people"), utc_now())

    async with db_people.transaction() as session:
        figures = await of_database(session, "people", utc_now())

    (summary,) = [figure for figure in figures if figure.metric == "invariants_broken"]
    counts = {f.labels["invariant"]: f.value for f in figures if f.metric == "invariant_breaches"}
    assert (summary.well, summary.words) == (False, "role has a person (1)")
    assert "crosswalk invariants people" in summary.to_do
    assert counts["role_has_a_person"] == 1
    assert set(counts) == {one.name for one in (*EVERYWHERE, *of("people"))}


async def test_the_command_names_the_things_and_says_what_to_do(
    db_people: Database, db_audit: Database, postgres: str, tmp_path: Path
) -> None:
    machine = Machine(postgres.replace("{service}", "test_{service}"), tmp_path)
    async with db_people.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in (A_PERSON, ERASED):
            await session.execute(text(statement))

    broken, well = await machine.run("invariants", "people"), await machine.run("invariants", "audit")

    assert broken[0] == 1
    assert "Nobody who was erased is there again." in broken[1]
    assert f"Not so for 1: {A}" in broken[1]
    assert "To do:" in broken[1]
    assert well == (0, "✓ All 5 hold.\n")
