"""Topics as they are against what the code wants: made where missing; what would lose order or facts is refused."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from deploy.schema import PATIENCE
from deploy.trouble import Trouble
from shared.events import TOPICS
from shared.messaging import topics
from shared.messaging.connection import client_arguments
from shared.messaging.supervise import within
from shared.settings import ServiceSettings

T = TypeVar("T")
KEPT = ("cleanup.policy", "retention.ms", "min.insync.replicas", "unclean.leader.election.enable")
"""What is asked of each topic."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One topic as it is: `wrong` holds a sentence for each thing that is not as it must be, with what to do."""

    name: str
    partitions: int = 0
    replication: int = 0
    config: Mapping[str, str] = field(default_factory=dict)
    """Empty where the broker does not tell."""
    made: bool = False
    """Whether it was made just now."""
    wrong: Sequence[str] = ()


async def make_and_survey(settings: ServiceSettings, *, make: bool = True) -> list[Standing]:
    """Make what is missing (unless only looked at), then say how every topic stands. Raises `Trouble`."""
    before = await _names(settings)
    if make and set(TOPICS) - before:
        await _make(settings)
    return await survey(settings, new=set(TOPICS) - before)


async def _names(settings: ServiceSettings) -> set[str]:
    async def names(admin: AIOKafkaAdminClient) -> set[str]:
        return set(await admin.list_topics())

    return await _asked(settings, names)


async def _make(settings: ServiceSettings) -> None:
    try:
        await topics.create(settings, deadline=PATIENCE)
    except topics.NotMade as error:
        raise Trouble(f"{error} Come as an operator, or have one make them.") from None
    except TimeoutError:
        raise Trouble(_silent(settings)) from None
    except RuntimeError as error:
        raise Trouble(
            f"Refused: {error}. Use an account that may make topics, or have its operator make them."
        ) from None


async def survey(settings: ServiceSettings, *, new: Iterable[str] = ()) -> list[Standing]:
    """How every topic of ours stands against what these settings want."""
    fresh, known = set(new), await _names(settings)

    async def look(admin: AIOKafkaAdminClient) -> list[Standing]:
        # Who asks a broker about a topic by name may have made it: that of one machine makes what it is asked about.
        there = [name for name in TOPICS if name in known]
        found = await admin.describe_topics(there) if there else []
        described = {one["topic"]: one["partitions"] for one in found}
        config = await _config(admin, there)
        return [_standing(name, described.get(name) or [], config.get(name, {}), name in fresh, settings)
                for name in TOPICS]  # fmt: skip

    return await _asked(settings, look)


async def _asked(settings: ServiceSettings, ask: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T:
    admin = AIOKafkaAdminClient(**client_arguments(settings), request_timeout_ms=10_000)
    try:
        await admin.start()
        return await ask(admin)
    except (KafkaError, OSError, TimeoutError):
        raise Trouble(_silent(settings)) from None
    finally:
        await within(2, admin.close(), "admin client")


def _silent(settings: ServiceSettings) -> str:
    return (
        f"No broker answers at {settings.kafka_bootstrap_servers}. Start it, or set CROSSWALK_KAFKA_BOOTSTRAP_SERVERS."
    )


async def _config(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """What the broker tells of each topic; the embedded one does not tell all."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(KEPT, "")) for name in names]
    try:
        answers = await admin.describe_configs(asked) if asked else []
    except KafkaError:
        return {}
    found = {}
    for answer in answers:
        for code, _, _, name, entries in (resource[:5] for resource in answer.resources):  # type: ignore[attr-defined]
            if not code:
                found[name] = {entry[0]: entry[1] for entry in entries if entry[1] is not None}
    return found


def _standing(
    name: str, partitions: Sequence[Any], config: Mapping[str, str], made: bool, settings: ServiceSettings
) -> Standing:
    copies = min((len(one["replicas"]) for one in partitions), default=0)
    wrong = judge(name, len(partitions), copies, config, settings)
    return Standing(name, len(partitions), copies, config, made and bool(partitions), wrong)


def judge(
    name: str, partitions: int, replication: int, config: Mapping[str, str], settings: ServiceSettings
) -> list[str]:
    """What is wrong with a topic, in sentences; more partitions or copies than wanted harm nobody."""
    if not partitions:
        return ["is missing. Make it: crosswalk topics"]
    wanted = topics.wanted_config(name, settings)
    wrong = []
    if partitions < settings.kafka_partitions:
        wrong.append(
            f"has {partitions} partitions, {settings.kafka_partitions} are wanted. Do not add any: events of one thing "
            "would then lie in two partitions and lose their order. Set "
            f"CROSSWALK_KAFKA_PARTITIONS={partitions}, or make the topic anew (docs/runbook/README.md, More partitions)"
        )
    if replication < settings.kafka_replication:
        wrong.append(
            f"has {replication} copies, {settings.kafka_replication} are wanted: one lost disk would lose it. "
            "Have Kafka make more copies (kafka-reassign-partitions)"
        )
    return wrong + _wrong_config(config, wanted, replication)


def _wrong_config(config: Mapping[str, str], wanted: Mapping[str, str], replication: int) -> list[str]:
    wrong = []
    if config.get("cleanup.policy", wanted["cleanup.policy"]) != wanted["cleanup.policy"]:
        loses = "facts" if wanted["cleanup.policy"] == "delete" else "the state of what did not change lately"
        wrong.append(
            f"cleanup.policy is {config['cleanup.policy']} and loses {loses}. {_set(wanted, 'cleanup.policy')}"
        )
    kept, least = int(config.get("retention.ms", -1)), int(wanted.get("retention.ms", 0))
    if "retention.ms" in wanted and 0 <= kept < least:
        wrong.append(
            f"retention.ms is {kept} ({kept // topics.DAY_MS} days): a service that stands still for longer loses "
            f"facts. {_set(wanted, 'retention.ms')}"
        )
    together = int(config.get("min.insync.replicas", 0))
    if 0 < together < int(wanted.get("min.insync.replicas", 1)):
        wrong.append(
            f"min.insync.replicas is {together}: what was taken can be lost. {_set(wanted, 'min.insync.replicas')}"
        )
    if together > replication:
        wrong.append(f"min.insync.replicas is {together} with {replication} copies: it takes nothing. Set it lower")
    if replication > 1 and config.get("unclean.leader.election.enable") == "true":
        wrong.append("unclean.leader.election.enable is true and loses what was taken. Set it to false")
    return wrong


def _set(wanted: Mapping[str, str], name: str) -> str:
    return f"Set it to {wanted[name]} (kafka-configs)"
