"""Progress of a running crawl: a live view on a terminal, plain lines elsewhere; all on stderr."""

import sys
from collections import deque
from typing import Any, Protocol

from crawler.pipeline.bounds import find_bound
from crawler.pipeline.node import Snapshot

RATE_WINDOW = 10
"""Snapshots (seconds) that the rate is taken over."""
PLAIN_EVERY_MS = 10_000


class Progress(Protocol):
    """What `start` shows while it runs."""

    def show(self, snapshot: Snapshot) -> None: ...

    def close(self) -> None: ...


def make_progress(mode: str, *, color: bool) -> Progress:
    """Return the view for `auto`, `plain` or `off`."""
    if mode == "off":
        return Silent()
    if mode == "auto" and sys.stderr.isatty():
        return Live(color=color)
    return Plain()


class Rate:
    """Pages per second over the last snapshots."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int]] = deque(maxlen=RATE_WINDOW)

    def of(self, snapshot: Snapshot) -> float:
        records = snapshot.counters.get("records", 0)
        if not self._seen:
            self._seen.append((snapshot.started_at, snapshot.pages_at_start))
        self._seen.append((snapshot.at, records))
        (first_at, first), (last_at, last) = self._seen[0], self._seen[-1]
        return (last - first) * 1000 / max(1, last_at - first_at)


class Silent:
    def show(self, snapshot: Snapshot) -> None: ...

    def close(self) -> None: ...


class Plain:
    """One line now and then, for logs and pipes."""

    def __init__(self) -> None:
        self._rate = Rate()
        self._shown_at = 0

    def show(self, snapshot: Snapshot) -> None:
        rate = self._rate.of(snapshot)
        if snapshot.at - self._shown_at < PLAIN_EVERY_MS:
            return
        self._shown_at = snapshot.at
        counters = snapshot.counters
        bound = find_bound(snapshot, rate)
        print(  # noqa: T201 - this is the view
            f"{counters.get('records', 0)} records, {rate:.1f}/s, "
            f"{counters.get('ready', 0)} ready, {counters.get('leased', 0)} out, "
            f"{counters.get('waiting', 0)} waiting, {counters.get('failures', 0)} failures; "
            f"{bound.what}, {_span(bound.seconds_left)} left",
            file=sys.stderr,
            flush=True,
        )

    def close(self) -> None: ...


class Live:
    """A few lines that renew themselves, drawn by Rich."""

    def __init__(self, *, color: bool) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        console = Console(stderr=True, no_color=not color, highlight=False)
        self._rate = Rate()
        self._live = RichLive(console=console, refresh_per_second=4, transient=True)
        self._live.start()

    def show(self, snapshot: Snapshot) -> None:
        self._live.update(_panel(snapshot, self._rate.of(snapshot)))

    def close(self) -> None:
        self._live.stop()


def _panel(snapshot: Snapshot, rate: float) -> Any:
    from rich.table import Table
    from rich.text import Text

    counters = snapshot.counters
    bound = find_bound(snapshot, rate)
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="bold", no_wrap=True, min_width=6)
    table.add_column(overflow="ellipsis", no_wrap=True)
    elapsed = (snapshot.at - snapshot.started_at) / 1000
    table.add_row(
        "pages",
        f"{counters.get('records', 0):,}  ({rate:.1f}/s, {_span(elapsed)}, "
        f"{_size(counters.get('bytes', 0))})",
    )
    queue = "  ".join(
        f"{counters.get(state, 0):,} {state}"
        for state in ("ready", "leased", "waiting", "done", "dead")
    )
    table.add_row("queue", queue)
    table.add_row("errors", _errors(snapshot))
    for host in snapshot.hosts[:3]:
        if host.ready + host.leased + host.waiting == 0:
            continue
        table.add_row(
            "host",
            Text(
                f"{host.host}  {host.ready + host.leased:,} left, every "
                f"{host.delay_ms / 1000:g} s, {host.done:,} done"
            ),
        )
    table.add_row("bound", Text(f"{bound.what}, {_span(bound.seconds_left)} left"))
    return table


def _errors(snapshot: Snapshot) -> str:
    named = sorted(
        ((n, name) for name, n in snapshot.counters.items() if name.startswith("error:")),
        reverse=True,
    )[:4]
    failures = snapshot.counters.get("failures", 0)
    detail = ", ".join(f"{name.removeprefix('error:')} {n}" for n, name in named)
    return f"{failures:,}" + (f"  ({detail})" if detail else "")


def _span(seconds: float | None) -> str:
    """Return a duration as a person says it."""
    if seconds is None:
        return "unknown time"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _size(count: int) -> str:
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.1f} {unit}" if unit != "B" else f"{count} B"
        value /= 1000
    return f"{value:.1f} TB"
