"""Progress of `crawler reparse`, on stderr: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from typing import Protocol

from crawler.pipeline.reparsing.run import Advance

PLAIN_EVERY_S = 10.0


class Progress(Protocol):
    """What is shown while it works."""

    def show(self, advance: Advance) -> None: ...

    def close(self) -> None: ...


def make_progress(mode: str, *, color: bool) -> Progress:
    """Return the view for `auto`, `plain` or `off`."""
    if mode == "off":
        return Silent()
    if mode == "auto" and sys.stderr.isatty():
        return Bar(color=color)
    return Plain()


class Silent:
    def show(self, advance: Advance) -> None: ...

    def close(self) -> None: ...


class Plain:
    """For logs and pipes."""

    def __init__(self) -> None:
        self._started = self._shown = time.monotonic()

    def show(self, advance: Advance) -> None:
        now = time.monotonic()
        if now - self._shown < PLAIN_EVERY_S:
            return
        self._shown = now
        done = advance.done_bytes / advance.total_bytes
        rate = advance.records / (now - self._started)
        left = (now - self._started) / done * (1 - done)
        line = f"{advance.records} records, {done:.0%}, {rate:.0f}/s, {left:.0f} s left"
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is the view

    def close(self) -> None: ...


class Bar:
    """One line that renews itself, drawn by Rich."""

    def __init__(self, *, color: bool) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.fields[records]:,} records"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True, no_color=not color, highlight=False),
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, records=0)
        self._progress.start()

    def show(self, advance: Advance) -> None:
        self._progress.update(
            self._task,
            total=advance.total_bytes,
            completed=advance.done_bytes,
            records=advance.records,
        )

    def close(self) -> None:
        self._progress.stop()
