"""What is under deploy/kubernetes fits the code: services, settings, ports, routes, topics, rights."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from deploy import strimzi
from deploy.acls import OPERATOR, SCALER, USERS
from deploy.doctor.databases import databases
from deploy.folder import DataFolder
from deploy.web import FIRST
from shared.events import TOPICS
from shared.messaging.connection import client_arguments
from shared.migrations import SERVICES, upgrade
from shared.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("one-node", "city")
PROCESSES = [(service, role) for service in SERVICES for role in ("web", "worker")]
Resource = dict[str, Any]

POOLS = {"web": 16, "worker": 8 + 3}
"""Connections that one process may hold: its pool with overflow; of a worker also relay, listener and cleaning."""


@cache
def built(folder: str) -> list[Resource]:
    """What Kustomize makes of a folder, with the tool that this machine has."""
    if kustomize := shutil.which("kustomize") or shutil.which("kustomize", path=_go_programs()):
        command = [kustomize, "build"]
    elif kubectl := shutil.which("kubectl"):
        command = [kubectl, "kustomize"]
    else:
        pytest.skip("needs kustomize or kubectl (go install sigs.k8s.io/kustomize/kustomize/v5@latest)")
    done = subprocess.run([*command, KUBERNETES / folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [resource for resource in yaml.safe_load_all(done.stdout) if resource]


def _go_programs() -> str:
    return str(Path(os.environ.get("GOPATH") or Path.home() / "go") / "bin")


def overlay(name: str) -> list[Resource]:
    return built(f"overlays/{name}")


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    return {one["metadata"]["name"]: one for one in resources if one["kind"] == kind}


def pods(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    """The pods that are made, by what makes them."""
    for one in resources:
        if one["kind"] in ("Deployment", "Job"):
            yield one["metadata"]["name"], one["spec"]["template"]


def variables(resources: list[Resource], container: Resource) -> dict[str, Any]:
    """What a container is told; of secrets and fields, where they come from."""
    maps = of_kind(resources, "ConfigMap")
    told: dict[str, Any] = {}
    for source in container.get("envFrom", []):
        told |= maps[source["configMapRef"]["name"]]["data"]
    return told | {one["name"]: one.get("value", one.get("valueFrom")) for one in container["env"]}


def container_of(resources: list[Resource], service: str, role: str) -> Resource:
    deployment = of_kind(resources, "Deployment")[f"{service}-{role}"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    return dict(container)


def test_topics_and_users_are_those_of_the_code() -> None:
    for path, content in strimzi.files().items():
        assert path.read_text() == content, f"run python -m deploy.strimzi: {path}"


def test_the_files_of_topics_and_users_can_be_read() -> None:
    read = {path.name: list(yaml.safe_load_all(path.read_text())) for path in strimzi.files()}

    assert [topic["metadata"]["name"] for topic in read["topics.yaml"]] == list(TOPICS)
    assert [user["metadata"]["name"] for user in read["users.yaml"]] == [
        f"crosswalk-{user}" for user in (*SERVICES, SCALER, OPERATOR)
    ]


@pytest.mark.parametrize("name", OVERLAYS)
def test_each_service_has_pages_a_worker_and_a_migration(name: str) -> None:
    resources = overlay(name)

    assert set(of_kind(resources, "Deployment")) == {f"{service}-{role}" for service, role in PROCESSES} | {OPERATOR}
    assert set(of_kind(resources, "Job")) == {f"{service}-migrate" for service in SERVICES}
    assert set(of_kind(resources, "PodDisruptionBudget")) == {f"{service}-{role}" for service, role in PROCESSES}
    assert set(of_kind(resources, "HorizontalPodAutoscaler")) == {f"{service}-web" for service in SERVICES}
    assert set(of_kind(resources, "ScaledObject")) == {f"{service}-worker" for service in SERVICES}
    assert not re.search(r"SERVICE-|-SERVICE|: SERVICE", yaml.safe_dump_all(resources))


@pytest.mark.parametrize("name", OVERLAYS)
@pytest.mark.parametrize(("service", "role"), PROCESSES)
def test_the_settings_that_a_process_is_given_are_those_that_it_has(
    name: str, service: str, role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = overlay(name)
    container = container_of(resources, service, role)
    told = variables(resources, container)
    settings: type[ServiceSettings] = import_module(f"services.{service}.settings").Settings

    ours = {key.removeprefix("CROSSWALK_").lower() for key in told if key.startswith("CROSSWALK_")}
    assert ours <= set(settings.model_fields)
    for key, value in told.items():
        if key.startswith("CROSSWALK_"):
            monkeypatch.setenv(key, _on_this_machine(value, tmp_path) if isinstance(value, str) else service)
    made = settings()

    assert made.service == service
    assert made.dsn == f"postgresql://{service}@database-rw:5432/{service}"
    assert made.kafka_security_protocol == ("SASL_SSL" if role == "worker" else "PLAINTEXT")
    assert container["args"][:3] == ["serve", "$(CROSSWALK_SERVICE)", role]
    assert {port["name"]: port["containerPort"] for port in container["ports"]}["monitor"] == made.monitor_port


def _on_this_machine(value: str, folder: Path) -> str:
    """A file that a volume brings, as a file here."""
    if not value.startswith("/etc/crosswalk/"):
        return value
    file = folder / value.replace("/", "_")
    file.touch()
    return str(file)


@pytest.mark.parametrize("name", OVERLAYS)
@pytest.mark.parametrize("service", SERVICES)
async def test_a_caller_cannot_claim_to_call_from_elsewhere(name: str, service: str) -> None:
    told = variables(overlay(name), container_of(overlay(name), service, "web"))["FORWARDED_ALLOW_IPS"]
    gateway = str(ip_network(told)[517])
    heard: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        heard.append(scope["client"][0])

    for door in (gateway, "192.0.2.7"):
        scope: Any = {"type": "http", "client": (door, 1), "headers": [(b"x-forwarded-for", b"1.2.3.4, 203.0.113.9")]}
        await ProxyHeadersMiddleware(application, told)(scope, _nothing, _nothing)

    assert heard == ["203.0.113.9", "192.0.2.7"]


async def _nothing(*message: Any) -> Any:
    return None


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_settings_name_as_a_file_is_mounted(name: str) -> None:
    resources = overlay(name)
    for who, pod in pods(resources):
        for container in pod["spec"]["containers"]:
            mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
            for value in variables(resources, container).values():
                if isinstance(value, str) and value.startswith("/etc/crosswalk/"):
                    folder, file = value.rsplit("/", 1)
                    items = volumes[mounts[folder]]["secret"]["items"]
                    assert file in {item["path"] for item in items}, (who, value)


@pytest.mark.parametrize("folder", [f"overlays/{name}" for name in OVERLAYS] + ["other-kafka"])
def test_a_process_may_do_no_more_than_it_must(folder: str) -> None:
    found = list(pods(built(folder)))

    assert found
    for who, pod in found:
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, who
        assert spec["securityContext"]["runAsNonRoot"] is True, who
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, who
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, who
            assert context["allowPrivilegeEscalation"] is False, who
            assert context["capabilities"] == {"drop": ["ALL"]}, who
            assert {"limits", "requests"} <= set(container["resources"]), who


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_process_is_asked_on_its_monitor_port_whether_it_lives_and_is_ready(name: str) -> None:
    for service, role in PROCESSES:
        container = container_of(overlay(name), service, role)
        asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
        assert {kind: (get["path"], get["port"]) for kind, get in asked.items()} == {
            "startup": ("/livez", "monitor"),
            "liveness": ("/livez", "monitor"),
            "readiness": ("/readyz", "monitor"),
        }


@pytest.mark.parametrize("name", OVERLAYS)
def test_no_file_holds_a_secret_and_the_readme_names_each(name: str) -> None:
    resources = overlay(name)
    readme = (KUBERNETES / "README.md").read_text()

    assert not of_kind(resources, "Secret")
    for who, pod in pods(resources):
        for secret in _secrets(pod):
            service = who.partition("-")[0]
            assert f"`{secret}`" in readme or f"`{secret.replace(service, 'SERVICE')}`" in readme, secret
            assert not (set(SERVICES) - {service}) & set(secret.split("-")), f"{who} is given {secret}"


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("secretKeyRef", "secret"):
                yield inner.get("name") or inner["secretName"]
            yield from _secrets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner)


@pytest.mark.parametrize("name", OVERLAYS)
def test_only_who_signs_holds_the_key(name: str) -> None:
    signers = {
        (item["key"], who)
        for who, pod in pods(overlay(name))
        for volume in pod["spec"]["volumes"]
        for item in volume.get("secret", {}).get("items", [])
        if item["key"].endswith(".pem")
    }

    assert signers == {("session.pem", "people-web"), ("link.pem", "notifications-worker")}


@pytest.mark.parametrize("name", OVERLAYS)
def test_pages_reach_the_database_workers_also_kafka_and_nobody_another_service(name: str) -> None:
    resources = overlay(name)
    doors: dict[str, tuple[set[int], set[int]]] = {}
    for who, pod in pods(resources):
        policies = [p["spec"] for p in of_kind(resources, "NetworkPolicy").values() if _selects(p, pod)]
        assert any({"Ingress", "Egress"} == set(p["policyTypes"]) and "egress" not in p for p in policies), who
        out = {port["port"] for p in policies for rule in p.get("egress", []) for port in rule["ports"]}
        into = {port["port"] for p in policies for rule in p.get("ingress", []) for port in rule["ports"]}
        doors[who] = out, into

    for service in SERVICES:
        assert doors[f"{service}-web"] == ({53, 5432, 4318} | ({443} if service == "people" else set()), {8000, 9100})
        mail = {587} if service in ("people", "notifications") else set()
        assert doors[f"{service}-worker"] == ({53, 5432, 9093, 4318} | mail, {9100})
        assert doors[f"{service}-migrate"] == ({53, 5432}, set())
    assert doors[OPERATOR] == ({53, 5432, 9093, 587}, set())


@pytest.mark.parametrize("name", OVERLAYS)
def test_database_and_brokers_let_in_whom_the_policies_let_out(name: str) -> None:
    resources = overlay(name)
    out = of_kind(resources, "NetworkPolicy")
    [listener] = of_kind(resources, "Kafka")["crosswalk"]["spec"]["kafka"]["listeners"]
    database = out["from-services-to-database"]["spec"]["ingress"][0]["from"][0]["podSelector"]

    assert listener["networkPolicyPeers"][0]["podSelector"] == out["to-kafka"]["spec"]["podSelector"]
    assert database == out["to-database"]["spec"]["podSelector"]


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_operators_command_line_is_away_until_wanted_and_comes_as_its_own_user(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = overlay(name)
    deployment = of_kind(resources, "Deployment")[OPERATOR]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    for key, value in variables(resources, container).items():
        if key.startswith("CROSSWALK_") and isinstance(value, str):
            monkeypatch.setenv(key, _on_this_machine(value, tmp_path))
    monkeypatch.delenv("CROSSWALK_KAFKA_CA_FILE")
    settings = ServiceSettings(service="operator")

    assert deployment["spec"]["replicas"] == 0
    assert client_arguments(settings)["sasl_plain_username"] == f"crosswalk-{OPERATOR}"
    assert {settings.kafka_principal.replace("{user}", user) for user in (*USERS, OPERATOR)} == {
        f"User:{user}" for user in of_kind(resources, "KafkaUser")
    }
    for service in SERVICES:
        dsn = import_module(f"services.{service}.settings").Settings().dsn
        assert dsn == f"postgresql://{OPERATOR}@database-rw:5432/{service}"


def _selects(policy: Resource, pod: Resource) -> bool:
    selector, labels = policy["spec"]["podSelector"], pod["metadata"]["labels"]
    wanted = selector.get("matchLabels", {}).items()
    among = selector.get("matchExpressions", [])
    return wanted <= labels.items() and all(labels.get(one["key"]) in one["values"] for one in among)


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_gateway_leads_each_path_to_its_service_as_on_one_machine(name: str) -> None:
    resources = overlay(name)
    rules = of_kind(resources, "HTTPRoute")["services"]["spec"]["rules"]
    routes = {rule["matches"][0]["path"]["value"]: rule["backendRefs"][0]["name"] for rule in rules}

    others = {f"/{service}": f"{service}-web" for service in SERVICES if service != FIRST}
    assert routes == others | {"/": f"{FIRST}-web"}
    assert set(routes.values()) <= set(of_kind(resources, "Service"))


@pytest.mark.parametrize("name", OVERLAYS)
def test_workers_grow_by_the_lag_of_their_own_group_and_no_further_than_there_is_to_read(name: str) -> None:
    resources = overlay(name)
    partitions = {topic["spec"]["partitions"] for topic in of_kind(resources, "KafkaTopic").values()}
    for service in SERVICES:
        spec = of_kind(resources, "ScaledObject")[f"{service}-worker"]["spec"]
        [trigger] = spec["triggers"]
        assert spec["scaleTargetRef"] == {"name": f"{service}-worker"}
        assert trigger["metadata"]["consumerGroup"] == service
        assert 1 <= spec["minReplicaCount"] <= spec["maxReplicaCount"] <= min(partitions)
    assert len(partitions) == 1
    assert f"crosswalk-{SCALER}" == of_kind(resources, "ConfigMap")["scaler"]["data"]["username"]


@pytest.mark.parametrize("name", OVERLAYS)
def test_copies_are_what_the_brokers_and_the_settings_say(name: str) -> None:
    resources = overlay(name)
    brokers = sum(
        pool["spec"]["replicas"]
        for pool in of_kind(resources, "KafkaNodePool").values()
        if "broker" in pool["spec"]["roles"]
    )
    told = variables(resources, container_of(resources, "people", "worker"))
    for topic in of_kind(resources, "KafkaTopic").values():
        spec = topic["spec"]
        assert spec["replicas"] == min(brokers, 3) == int(told["CROSSWALK_KAFKA_REPLICATION"])
        assert spec["partitions"] == int(told["CROSSWALK_KAFKA_PARTITIONS"])
        assert spec["config"]["min.insync.replicas"] == max(1, spec["replicas"] - 1)


@pytest.mark.parametrize("name", OVERLAYS)
def test_each_service_has_a_database_and_a_role_that_gets_into_no_other(name: str) -> None:
    resources = overlay(name)
    databases = of_kind(resources, "Database")
    cluster = of_kind(resources, "Cluster")["database"]["spec"]
    lines = cluster["postgresql"]["pg_hba"]

    assert {one["spec"]["name"]: one["spec"]["owner"] for one in databases.values()} == {s: s for s in SERVICES}
    roles = {role["name"]: role.get("inRoles", []) for role in cluster["managed"]["roles"]}
    everything = ",".join(SERVICES)
    assert roles == {service: [] for service in SERVICES} | {OPERATOR: list(SERVICES)}
    assert lines[:-2] == [f"hostssl {service} {service} all scram-sha-256" for service in SERVICES]
    assert lines[-2:] == [
        f"hostssl {everything} {OPERATOR} all scram-sha-256", f"host all {everything},{OPERATOR} all reject",
    ]  # fmt: skip


async def test_the_operators_role_sees_and_changes_rows_of_every_database(postgres: str, tmp_path: Path) -> None:
    [cluster] = yaml.safe_load_all((KUBERNETES / "postgres" / "cluster.yaml").read_text())
    roles = cluster["spec"]["managed"]["roles"]
    admin = await asyncpg.connect(postgres.replace("{service}", "postgres"))
    made = "; ".join(f"CREATE ROLE k8s_{r['name']} LOGIN" for r in roles)
    given = "; ".join(f"GRANT k8s_{one} TO k8s_{r['name']}" for r in roles for one in r.get("inRoles", []))
    try:
        await admin.execute(f"{made}; {given}")
        for service in SERVICES:
            await admin.execute(f"CREATE DATABASE k8s_{service} OWNER k8s_{service}")
            await upgrade(service, _as_role(postgres, f"k8s_{service}").replace("{service}", f"k8s_{service}"))
        url = _as_role(postgres, f"k8s_{OPERATOR}").replace("{service}", "k8s_{service}")

        found = {one.what: one async for one in databases(url, DataFolder(tmp_path))}
        people = await asyncpg.connect(url.replace("{service}", "people"))
        await people.execute("DELETE FROM outbox")
        await people.close()
    finally:
        for service in SERVICES:
            await admin.execute(f"DROP DATABASE IF EXISTS k8s_{service} WITH (FORCE)")
        await admin.execute("; ".join(f"DROP ROLE IF EXISTS k8s_{role['name']}" for role in reversed(roles)))
        await admin.close()

    # The tests' own server keeps nothing over a power cut, on purpose.
    assert [(what, one.words) for what, one in found.items() if not one.well and what != "Durability"] == []


def _as_role(url: str, role: str) -> str:
    return re.sub(r"//[^@]*@", f"//{role}@", url)


@pytest.mark.parametrize("name", OVERLAYS)
def test_postgresql_takes_the_connections_of_all_processes_that_may_be_started(name: str) -> None:
    resources = overlay(name)
    web = sum(one["spec"]["maxReplicas"] for one in of_kind(resources, "HorizontalPodAutoscaler").values())
    workers = sum(one["spec"]["maxReplicaCount"] for one in of_kind(resources, "ScaledObject").values())
    allowed = int(of_kind(resources, "Cluster")["database"]["spec"]["postgresql"]["parameters"]["max_connections"])

    assert web * POOLS["web"] + workers * POOLS["worker"] < allowed


def test_the_job_for_brokers_of_somebody_else_makes_topics_and_gives_rights() -> None:
    [job] = of_kind(built("other-kafka"), "Job").values()
    spec = job["spec"]["template"]["spec"]

    assert [one["args"][0] for one in spec["initContainers"]] == ["topics"]
    assert spec["containers"][0]["args"] == ["acls", "--apply"]


@pytest.mark.parametrize("folder", [f"overlays/{name}" for name in OVERLAYS] + ["other-kafka"])
def test_every_resource_fits_the_schema_of_its_kind(folder: str) -> None:
    program = shutil.which("kubeconform") or shutil.which("kubeconform", path=_go_programs())
    schemas = os.environ.get("CROSSWALK_KUBERNETES_SCHEMAS")
    if program is None or schemas is None:
        pytest.skip("needs kubeconform, and CROSSWALK_KUBERNETES_SCHEMAS as python -m tests.support.schemas makes it")
    where = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"

    done = subprocess.run(
        [program, "-strict", "-summary", "-schema-location", where],
        input=yaml.safe_dump_all(built(folder)), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert "Skipped: 0" in done.stdout
    print(done.stdout, file=sys.stderr)
