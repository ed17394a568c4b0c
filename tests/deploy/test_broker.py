"""The embedded broker: needs no home folder, and is a new cluster at every start."""

from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.broker import Broker, program
from deploy.folder import DataFolder
from deploy.trouble import Trouble


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path)
    made.prepare()
    return made


async def cluster_id(address: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        return str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()


async def test_every_start_is_another_cluster_at_the_same_address(folder: DataFolder) -> None:
    broker = Broker(folder)
    await broker.start()
    first = await cluster_id(broker.address)
    await broker.stop()

    await broker.start()
    second = await cluster_id(broker.address)
    await broker.stop()

    assert first != second


def test_the_broker_needs_no_home(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")

    found = program(folder)

    assert found.is_file()
    assert ".calfkit" not in found.parts


async def test_a_broker_that_does_not_start_says_so(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALF_TANSU_BIN", "/bin/false")

    with pytest.raises(Trouble, match="The broker does not start"):
        await Broker(folder).start()
