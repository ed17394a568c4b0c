"""docker-compose.yml: what it promises, read from the file itself; that it runs is shown by test_compose_run.py."""

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.kafka import jars
from deploy.postgres import SERVICES
from deploy.web import FIRST
from shared.web.guard import only_by_tls

ROOT = Path(__file__).resolve().parents[2]
FILE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: Mapping[str, Mapping[str, Any]] = FILE["services"]
PROCESSES = [f"{service}-{role}" for service in SERVICES for role in ("web", "worker")]
STEPS = ("databases", "migrate", "topics")
OURS = [name for name, one in CONTAINERS.items() if one["image"].startswith("${CROSSWALK_IMAGE")]
METRIC = re.compile(r"\bcrosswalk_[a-z_]+")


def secrets_of(name: str) -> set[str]:
    return {one if isinstance(one, str) else one["source"] for one in CONTAINERS[name].get("secrets", ())}


def needs(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = CONTAINERS[name].get("depends_on", {})
    return found


def all_needs(name: str) -> set[str]:
    return {name}.union(*(all_needs(other) for other in needs(name)))


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_has_its_pages_and_its_worker_as_containers_of_the_one_image(service: str) -> None:
    web, worker = CONTAINERS[f"{service}-web"], CONTAINERS[f"{service}-worker"]

    assert web["command"][:3] == ["serve", service, "web"]
    assert worker["command"][:3] == ["serve", service, "worker"]
    assert web["image"] == worker["image"]


@pytest.mark.parametrize("name", PROCESSES)
def test_no_process_starts_before_migrations_have_ended_and_no_worker_before_the_topics_are_there(name: str) -> None:
    assert needs(name)["migrate"]["condition"] == "service_completed_successfully"
    assert {"postgres", "databases"} <= all_needs(name)
    if name.endswith("-worker"):
        assert needs(name)["topics"]["condition"] == "service_completed_successfully"
        assert needs("topics")["kafka"]["condition"] == "service_healthy"


@pytest.mark.parametrize("name", [name for name in CONTAINERS if name not in (*STEPS, "crosswalk")])
def test_what_runs_on_has_a_health_check_limits_and_comes_back_by_itself(name: str) -> None:
    container = CONTAINERS[name]

    assert container["healthcheck"]["test"][0] == "CMD"
    assert container["restart"] == "unless-stopped"
    assert set(container["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}


@pytest.mark.parametrize("name", CONTAINERS)
def test_no_container_has_rights_that_it_does_not_need(name: str) -> None:
    container = CONTAINERS[name]

    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in container
    assert not any("docker.sock" in str(volume) for volume in container.get("volumes", ()))


@pytest.mark.parametrize("name", OURS)
def test_our_containers_write_only_to_what_is_mounted(name: str) -> None:
    assert CONTAINERS[name]["read_only"] is True
    assert CONTAINERS[name]["tmpfs"] == ["/tmp"]


def test_no_secret_stands_in_the_file_and_all_come_from_the_folder_that_the_command_makes() -> None:
    values = [str(value) for one in CONTAINERS.values() for value in one.get("environment", {}).values()]
    named = {
        key: str(value)
        for one in CONTAINERS.values()
        for key, value in one.get("environment", {}).items()
        if re.search("PASS|SECRET|TOKEN|DATABASE_URL", key)
    }

    assert not [value for value in values if re.search(r"://[^/]*:[^/]*@", value)]
    assert {value.startswith("/run/secrets") for value in named.values()} == {True}
    assert {Path(one["file"]).parent.as_posix() for one in FILE["secrets"].values()} == {
        "${CROSSWALK_SECRETS:-./secrets}"
    }
    assert set(FILE["secrets"]) == set.union(*(secrets_of(name) for name in CONTAINERS))


@pytest.mark.parametrize("name", CONTAINERS)
def test_each_secret_file_that_a_container_is_told_of_is_given_to_it(name: str) -> None:
    told = {str(v) for v in CONTAINERS[name].get("environment", {}).values() if str(v).startswith("/run/secrets/")}

    assert {Path(path).name for path in told} <= secrets_of(name)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_service_is_given_its_own_database_only_and_only_the_keys_that_it_signs_with(name: str) -> None:
    service, given = name.split("-")[0], secrets_of(name)

    assert {one for one in given if one.startswith(("database", "password"))} == {f"database_url_{service}"}
    assert ("session.pem" in given) == (service == "people")
    assert ("link.pem" in given) == (service == "notifications")
    assert {"session.pub", "link.pub"} <= given


def test_pages_do_not_reach_kafka_and_only_the_gateway_is_open_beyond_this_machine() -> None:
    opened = {name: one["ports"] for name, one in CONTAINERS.items() if "ports" in one}

    assert not [name for name in PROCESSES if name.endswith("-web") and "events" in CONTAINERS[name]["networks"]]
    assert FILE["networks"]["data"] == FILE["networks"]["events"] == {"internal": True}
    assert "edge" not in {*CONTAINERS["postgres"]["networks"], *CONTAINERS["kafka"]["networks"]}
    for name, ports in opened.items():
        for port in ports:
            assert port.startswith("${CROSSWALK_BIND:-127.0.0.1}:" if name == "gateway" else "127.0.0.1:")


def test_the_gateway_sends_each_path_to_whom_the_one_of_one_machine_does() -> None:
    caddy = (ROOT / "deploy/compose/Caddyfile").read_text()
    (named,) = re.findall(r"~\^/\((.*)\)\(/\|\$\) \$\{1\}-web", caddy)

    assert sorted(named.split("|")) == sorted(service for service in SERVICES if service != FIRST)
    assert f"default {FIRST}-web" in caddy


def settings_in(name: str) -> dict[str, str]:
    lines = (ROOT / "deploy/compose" / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_three_brokers_keep_three_copies_of_which_two_must_be_written() -> None:
    settings = settings_in("three-brokers.env")
    brokers = [name for name in CONTAINERS if re.fullmatch(r"kafka(-\d)?", name)]

    assert (settings["CROSSWALK_KAFKA_REPLICATION"], settings["CROSSWALK_KAFKA_MIN_INSYNC"]) == ("3", "2")
    assert [f"{CONTAINERS[b]['environment']['KAFKA_NODE_ID']}@{b}:9093" for b in brokers] == settings[
        "CROSSWALK_KAFKA_VOTERS"
    ].split(",")
    assert [f"{broker}:9092" for broker in brokers] == settings["CROSSWALK_KAFKA_BOOTSTRAP_SERVERS"].split(",")
    assert {CONTAINERS[broker].get("profiles", [""])[0] for broker in brokers[1:]} == {settings["COMPOSE_PROFILES"]}
    assert (
        len({volume for b in brokers for volume in CONTAINERS[b]["volumes"] if ":/var/lib/kafka/data" in volume}) == 3
    )


def test_observing_shows_traces_too() -> None:
    settings = settings_in("observe.env")
    profiles = CONTAINERS["traces"]["profiles"]

    assert profiles == [settings["COMPOSE_PROFILES"]]
    assert settings["CROSSWALK_OTLP_ENDPOINT"] == "http://traces:4318"
    assert {"observe"} <= set.intersection(*(set(CONTAINERS[name]["networks"]) for name in [*PROCESSES, "traces"]))
    for name in PROCESSES:
        assert CONTAINERS[name]["environment"]["CROSSWALK_OTLP_ENDPOINT"] == "${CROSSWALK_OTLP_ENDPOINT:-}"


def test_kafka_is_the_version_that_the_tests_run_on() -> None:
    assert CONTAINERS["kafka"]["image"] == f"${{KAFKA_IMAGE:-apache/kafka:{jars.version()}}}"


def test_the_settings_it_gives_are_settings_that_there_are() -> None:
    known = {"office_email", "monitor_port"}.union(
        *(import_module(f"services.{service}.settings").Settings.model_fields for service in SERVICES)
    )
    given = {
        key.removeprefix("CROSSWALK_").removesuffix("_FILE").lower()
        for name in OURS
        for key in CONTAINERS[name].get("environment", {})
        if key.startswith("CROSSWALK_")
    }

    assert given <= known


def test_every_volume_and_mounted_file_is_there() -> None:
    mounts = [volume.split(":") for one in CONTAINERS.values() for volume in one.get("volumes", ())]

    assert {source for source, *_ in mounts if not source.startswith(".")} == set(FILE["volumes"])
    assert [source for source, *_ in mounts if source.startswith(".") and not (ROOT / source).exists()] == []


def metrics_of_the_code() -> set[str]:
    """Names of figures, as the code spells them."""
    sources = [path.read_text() for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]
    found = {name for text in sources for name in re.findall(r'Figure\(\s*"([a-z_]+)"', text)}
    return {f"crosswalk_{name}" for name in found}


def alerts() -> Iterator[Any]:
    for group in yaml.safe_load((ROOT / "deploy/observe/alerts.yml").read_text())["groups"]:
        yield from group["rules"]


@pytest.mark.parametrize("alert", list(alerts()), ids=lambda alert: str(alert["alert"]))
def test_an_alert_asks_for_figures_that_there_are_and_names_its_page_of_the_runbook(alert: Any) -> None:
    asked = set(METRIC.findall(alert["expr"]))

    assert asked <= metrics_of_the_code()
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"]["summary"]
    assert re.fullmatch(r"docs/runbook/[a-z-]+\.md", alert["annotations"]["runbook"])


@pytest.mark.parametrize("service", SERVICES)
def test_pages_whose_container_is_gone_are_missed_and_so_are_workers(service: str) -> None:
    rules = {rule["alert"]: rule["expr"] for rule in alerts()}

    assert f'absent(up{{job="crosswalk", service="{service}", role="web"}})' in rules["ProcessDown"]
    assert "max by (service) (crosswalk_workers) == 0" in rules["WorkerMissing"]


@pytest.mark.parametrize(
    "board", sorted((ROOT / "deploy/observe/grafana/dashboards").glob("*.json")), ids=lambda p: p.stem
)
def test_a_dashboard_asks_for_figures_that_there_are_in_panels_that_do_not_overlap(board: Path) -> None:
    panels = yaml.safe_load(board.read_text())["panels"]
    asked = {metric for panel in panels for target in panel["targets"] for metric in METRIC.findall(target["expr"])}
    places = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert asked <= metrics_of_the_code()
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24


def test_prometheus_asks_every_process() -> None:
    config = yaml.safe_load((ROOT / "deploy/observe/prometheus.yml").read_text())
    asked = config["scrape_configs"][0]["dns_sd_configs"][0]["names"]

    assert asked == PROCESSES
    assert {"observe"} <= set.intersection(*(set(CONTAINERS[name]["networks"]) for name in [*PROCESSES, "prometheus"]))


def test_a_browser_is_not_told_to_come_to_this_machine_by_tls_for_ever() -> None:
    assert only_by_tls("https://crosswalk.example.org")
    assert not only_by_tls("https://localhost:8443")
    assert not only_by_tls("http://crosswalk.example.org")
