"""`python -m bench [--only NAME] [--data FOLDER]`: run benchmarks, show their figures, add them to bench.json."""

import argparse
import asyncio
from importlib import import_module
from pathlib import Path

from bench.figures import keep, machine

NAMES = ("start", "roster", "pages", "delivery")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=NAMES, help="run one benchmark")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of bench.json")
    asked = parser.parse_args()
    print(machine(), flush=True)
    for name in [asked.only] if asked.only else NAMES:
        figures = asyncio.run(import_module(f"bench.{name}").run(asked.data))
        for figure in figures:
            print(figure.words, flush=True)
        keep(asked.data, figures)


if __name__ == "__main__":
    main()
