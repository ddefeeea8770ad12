"""Progress of a running crawl: a live view on a terminal, plain lines elsewhere; all on stderr."""

import sys
from typing import TYPE_CHECKING, Protocol

from crawler.cli.live.lines import say_size, say_span
from crawler.cli.live.state import Pace, Totals, of_snapshot
from crawler.cli.wording import plural
from crawler.pipeline.watching.bounds import find_bound
from crawler.pipeline.watching.snapshot import Snapshot

if TYPE_CHECKING:
    from crawler.cli.live.log_tail import LogTail

PLAIN_EVERY_MS = 10_000


class Progress(Protocol):
    """What `start` shows while it runs."""

    def show(self, snapshot: Snapshot) -> None: ...

    def close(self) -> None: ...


def make_progress(
    mode: str, *, color: bool, job: str = "", max_pages: int | None = None
) -> Progress:
    """Return the view for `auto`, `plain` or `off`."""
    if mode == "off":
        return Silent()
    if mode == "auto":
        from crawler.cli.live.screen import can_draw

        if can_draw(sys.stderr):
            return Live(color=color, job=job, max_pages=max_pages)
    return Plain()


class Silent:
    def show(self, snapshot: Snapshot) -> None: ...

    def close(self) -> None: ...


class Plain:
    """One line now and then, and when it stops, pauses or goes on; for logs and pipes."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._shown_at = 0
        self._held: object = ()

    def show(self, snapshot: Snapshot) -> None:
        _count(self._pace, snapshot)
        held = (snapshot.gone_by is not None, snapshot.renews, *snapshot.holds)
        is_due = snapshot.at - self._shown_at >= PLAIN_EVERY_MS
        if not is_due and (held == self._held or not self._shown_at):
            return
        self._shown_at, self._held = snapshot.at, held
        counters = snapshot.counters
        bound = find_bound(snapshot, self._pace.rate, self._pace.bytes_rate)
        left = "" if bound.seconds_left is None else f", {say_span(bound.seconds_left)} left"
        records, failures = counters.get("records", 0), counters.get("failures", 0)
        print(  # noqa: T201 - this is the view
            f"{records} record{'' if records == 1 else 's'}, {self._pace.rate:.1f}/s, "
            f"{say_size(counters.get('bytes', 0))}, "
            f"{counters.get('ready', 0)} ready, {counters.get('leased', 0)} out, "
            f"{counters.get('waiting', 0)} waiting, "
            f"{plural(failures, 'failure')}; "
            f"{bound.what}{left}",
            file=sys.stderr,
            flush=True,
        )

    def close(self) -> None: ...


class Live:
    """Lines that renew themselves; what other processes of the crawl log comes above them."""

    def __init__(self, *, color: bool, job: str, max_pages: int | None) -> None:
        from crawler.cli.live.screen import Screen
        from crawler.logs import leave_stderr_to_parent

        self._job = job
        self._max_pages = max_pages
        self._pace = Pace()
        self._tail: LogTail | None = None
        leave_stderr_to_parent()
        self._screen = Screen(sys.stderr, color=color)
        self._screen.write([[("starting", "bold"), (f"  {job}", "dim")]])

    def show(self, snapshot: Snapshot) -> None:
        self._relay()
        _count(self._pace, snapshot)
        self._screen.show(
            of_snapshot(snapshot, self._pace, job=self._job, max_pages=self._max_pages)
        )

    def close(self) -> None:
        self._screen.close()
        self._relay()

    def _relay(self) -> None:
        """Print what readers have logged since: by themselves they would write into the view."""
        from crawler.cli.live.log_tail import LogTail
        from crawler.logs import log_path, relay

        path = log_path()
        if self._tail is None and path is not None:
            self._tail = LogTail(path, from_end=True)
        if self._tail is not None:
            for event in self._tail.read():
                relay(event)


def _count(pace: Pace, snapshot: Snapshot) -> None:
    counters = snapshot.counters
    if pace.is_new:
        # What came before this run is none of its pace.
        pace.add(Totals(snapshot.started_at, snapshot.pages_at_start, counters.get("bytes", 0)))
    pace.add(Totals(snapshot.at, counters.get("records", 0), counters.get("bytes", 0)))
