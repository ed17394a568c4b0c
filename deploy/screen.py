"""What `crosswalk up` shows: progress while it works, then where everything is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn


class Step:
    """One thing that is being done; `advance` tells how far it is."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self, done: float, total: float, words: str = "") -> None:
        """`done` of `total`, with a word on what is being done."""
        self._progress.update(self._task, completed=done, total=total, words=escape(words))


class Screen:
    """Shows steps that run at the same time; on something that is no terminal, one line for each when it is done."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self._began = monotonic()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("[dim]{task.fields[words]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return monotonic() - self._began

    @contextmanager
    def working(self) -> Iterator[None]:
        """Show the steps that are under way until the end of the block."""
        with self._progress:
            yield

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """One step; said to be done at the end of the block, unless it failed."""
        task = self._progress.add_task(name, total=None, words="")
        began = monotonic()
        try:
            yield Step(self._progress, task)
        finally:
            self._progress.remove_task(task)
        self.say(f"[green]✓[/green] {name} [dim]{monotonic() - began:.1f} s[/dim]", markup=True)

    def say(self, words: str, *, markup: bool = False) -> None:
        """One line."""
        self.console.print(words, markup=markup, soft_wrap=True)

    def table(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names and values, aligned; addresses stay on one line so that they can be clicked."""
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            self.say(f"  [dim]{escape(name.ljust(width))}[/dim]  {escape(value)}", markup=True)
