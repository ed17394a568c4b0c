"""`make kafka`: Apache Kafka for a developer, until Ctrl-C."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.kafka import jars
from deploy.kafka.server import KafkaServer
from deploy.trouble import Trouble


def main(
    port: Annotated[int, typer.Option(help="Port of this machine.")] = 9092,
    data: Annotated[Path, typer.Option(help="Folder that Kafka keeps its log in.")] = Path("data/kafka"),
) -> None:
    """Start Kafka and keep it until a signal asks to stop. Exit 1: it could not start, with what to do."""
    signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    server = KafkaServer(data.expanduser().resolve(), port)
    try:
        if not jars.folder().exists():
            print(f"Fetching Apache Kafka {jars.version()} (once; it takes about a minute)", flush=True)
        server.start()
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        print(f"Apache Kafka {jars.version()} runs at {server.address}, its log is kept in {server.folder}")
        print(f"Use it: KAFKA_BOOTSTRAP_SERVERS={server.address} make up\nStop with Ctrl-C.", flush=True)
        _until_asked(server, signals)
    except KeyboardInterrupt:
        pass
    except Trouble as trouble:
        print(f"✗ {trouble}", file=sys.stderr)
        raise typer.Exit(1) from None
    finally:
        server.stop()


def _until_asked(server: KafkaServer, signals: set[signal.Signals]) -> None:
    while signal.sigtimedwait(signals, 1.0) is None:
        if server.process is None or server.process.poll() is not None:
            raise Trouble(f"Kafka has ended. Its log: {server.log}")
    print("\nStopping", flush=True)


if __name__ == "__main__":
    typer.run(main)
