"""What the services are told of the machine they run on: `CROSSWALK_...` variables made from what is noted."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.folder import DataFolder
from deploy.trouble import Trouble

EMBEDDED_BROKER = {
    "CROSSWALK_KAFKA_IDEMPOTENT": "false",
    "CROSSWALK_KAFKA_PARTITIONS": "1",
    "CROSSWALK_KAFKA_FETCH_WAIT_MS": "5",
    "CROSSWALK_KAFKA_WAKES": "false",
    "CROSSWALK_KAFKA_SESSION_TIMEOUT_MS": "3000",
}


FILE = "_FILE"


def read_secret_files() -> None:
    """`CROSSWALK_NAME_FILE=path` stands for `CROSSWALK_NAME=` what is in the file; an empty file says nothing.

    So a secret stands in no file of a deployment and in no list of processes. Raises `Trouble`.
    """
    for name, path in list(os.environ.items()):
        if name.startswith("CROSSWALK_") and name.endswith(FILE):
            try:
                content = Path(path).read_text().strip()
            except OSError as error:
                raise Trouble(f"{name}: {path} cannot be read ({error.strerror}).") from None
            if content:
                os.environ.setdefault(name.removesuffix(FILE), content)


def own_database() -> str | None:
    """The PostgreSQL that the operator named instead of the embedded one."""
    return os.environ.get("CROSSWALK_DATABASE_URL")


def own_broker() -> str | None:
    """The Kafka that the operator named instead of the embedded one."""
    return os.environ.get("CROSSWALK_KAFKA_BOOTSTRAP_SERVERS") or os.environ.get("KAFKA_BOOTSTRAP_SERVERS")


def own_mail() -> bool:
    """Whether the operator named a mail server instead of the mail catcher."""
    return "CROSSWALK_SMTP_HOST" in os.environ


def variables(folder: DataFolder, state: Mapping[str, Any]) -> dict[str, str]:
    """The variables for a system whose `state` says where its parts are; the operator's own ones win."""
    made = {"CROSSWALK_DATA_DIR": str(folder.root)}
    if "url" in state:
        made["CROSSWALK_PUBLIC_URL"] = state["url"]
    if "database_url" in state:
        made["CROSSWALK_DATABASE_URL"] = state["database_url"]
    if "kafka" in state:
        made["CROSSWALK_KAFKA_BOOTSTRAP_SERVERS"] = state["kafka"]
        made |= EMBEDDED_BROKER if not own_broker() else {}
    if "smtp_port" in state:
        made |= {"CROSSWALK_SMTP_HOST": "127.0.0.1", "CROSSWALK_SMTP_PORT": str(state["smtp_port"])}
    named = {k: v for k, v in os.environ.items() if k.startswith("CROSSWALK_") and k != "CROSSWALK_DATA_DIR"}
    return {**made, **named}
