"""`crosswalk doctor`: each thing that is wrong is found, with what to mend."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.doctor.broker import broker as examine_broker
from deploy.doctor.databases import clocks
from deploy.doctor.databases import databases as examine_databases
from deploy.doctor.finding import Finding
from deploy.doctor.machine import keys
from deploy.doctor.mail import mail
from deploy.folder import DataFolder
from shared.identity.keys import make_keys
from shared.settings import ServiceSettings
from tests.deploy.commands import Machine, broker_of, migrated_databases
from tests.support.kafka import Broker


@pytest_asyncio.fixture
async def machine(postgres: str, tmp_path: Path) -> AsyncIterator[Machine]:
    async with migrated_databases(postgres, "doctor") as url:
        yield Machine(url, tmp_path)


async def found(machine: Machine) -> dict[str, Finding]:
    return {one.what: one async for one in examine_databases(machine.url, DataFolder(machine.data))}


async def test_databases_are_looked_at_one_thing_after_the_other(machine: Machine) -> None:
    findings = await found(machine)

    # The tests' own server keeps nothing over a power cut, on purpose.
    assert {what for what, one in findings.items() if not one.well} == {"Durability"}
    assert "fsync" in findings["Durability"].words
    assert findings["Database"].words.startswith("PostgreSQL 18")


@pytest.mark.parametrize(
    ("service", "planted", "what", "words", "to_do"),
    [
        ("audit", "UPDATE alembic_version SET version_num = '0001'", "Tables", "audit at 0001", "crosswalk migrate"),
        ("people", "INSERT INTO outbox (event_id, topic, key, headers, created_at) VALUES"
         " (gen_random_uuid(), 't', 'k', '{}', now() - interval '1 hour')", "Outbox", "people 1", "workers"),
        ("people", "INSERT INTO parked (consumer, topic, partition, \"offset\", headers, reason, detail, attempts)"
         " VALUES ('c', 't', 0, 0, '[]', 'x', '', 5)", "Events", "people 1", "crosswalk parked list"),
        ("referrals", "INSERT INTO invariants (name, breaches, checked_at) VALUES ('one_live_attempt', 2, now())",
         "Invariants", "referrals 1", "crosswalk invariants"),
        ("notifications", "DROP TABLE parked CASCADE", "Events", "cannot be read", "crosswalk migrate"),
    ],
)  # fmt: skip
async def test_what_is_wrong_in_a_database_is_found(
    machine: Machine, service: str, planted: str, what: str, words: str, to_do: str
) -> None:
    await machine.ask(service, planted)

    finding = (await found(machine))[what]

    assert not finding.well
    assert words in finding.words
    assert to_do in finding.to_do


async def test_a_database_that_does_not_answer_is_said(tmp_path: Path) -> None:
    machine = Machine("postgresql://postgres@127.0.0.1:1/{service}", tmp_path)

    assert not (await found(machine))["Database"].well


@pytest.mark.parametrize(
    ("theirs", "well", "words"),
    [
        (100.4, True, "agrees"),
        (99.0, True, "agrees"),
        (112.0, False, "11.0 s ahead of"),
        (50.0, False, "50.0 s behind"),
    ],
)
def test_clocks_may_differ_by_two_seconds(theirs: float, well: bool, words: str) -> None:
    finding = clocks("the database", theirs, before=100.0, after=101.0)

    assert finding.well is well
    assert words in finding.words


def test_keys_whose_halves_do_not_fit_are_found(tmp_path: Path) -> None:
    make_keys(tmp_path)
    make_keys(tmp_path / "other")
    whole = keys(tmp_path)
    (tmp_path / "broken").mkdir()
    for name in ("session.pub", "link.pub", "link.pem", "session.pem"):
        source = tmp_path / "other" if name == "session.pub" else tmp_path
        (tmp_path / "broken" / name).write_bytes((source / name).read_bytes())
        (tmp_path / "broken" / name).chmod(0o600)

    broken = keys(tmp_path / "broken")

    assert whole.well
    assert not broken.well
    assert broken.words == "the two halves do not fit: session"


async def test_kafka_is_asked_for_its_version_and_its_clock(kafka: str) -> None:
    settings = ServiceSettings(service="people", kafka_bootstrap_servers=kafka, kafka_partitions=1)

    findings = {one.what: one async for one in examine_broker(settings, embedded=False)}

    assert findings["Broker"].well
    assert findings["Kafka"].words == "version 4 or newer"
    assert findings["Clocks"].words == "that of Kafka agrees with this machine's"


async def test_a_broker_that_does_not_answer_and_topics_that_lack_are_found(broker: Broker) -> None:
    away = ServiceSettings(service="people", kafka_bootstrap_servers="127.0.0.1:1")
    bare = ServiceSettings(service="people", kafka_bootstrap_servers=broker.address, kafka_partitions=1)

    silent = [one async for one in examine_broker(away, embedded=False)]
    lacking = [one async for one in examine_broker(bare, embedded=True) if not one.well]

    assert [(one.what, one.well) for one in silent] == [("Broker", False)]
    assert {one.to_do for one in lacking} == {"Make it: crosswalk topics."}


async def test_a_mail_server_that_does_not_answer_is_found() -> None:
    finding = await mail(ServiceSettings(service="people", smtp_host="127.0.0.1", smtp_port=1))

    assert not finding.well
    assert "CROSSWALK_SMTP_HOST" in finding.to_do


async def test_the_command_ends_with_1_where_something_is_to_mend(machine: Machine, broker: Broker) -> None:
    code, said = await machine.run("doctor", **broker_of(broker.address), CROSSWALK_SMTP_HOST="127.0.0.1",
                                   CROSSWALK_SMTP_PORT="1")  # fmt: skip

    assert code == 1
    assert "✓ Tables" in said
    assert "✗ Mail" in said
    assert "To do:" in said
