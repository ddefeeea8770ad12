"""`crawler status --watch`: look at a job every second, whoever runs it, until Ctrl-C."""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crawler.cli.live.lines import LABEL, draw
from crawler.cli.live.log_tail import LogTail
from crawler.cli.live.screen import Screen, can_draw, is_ascii_only
from crawler.cli.live.state import LiveState, Pace, Totals, of_store
from crawler.cli.printable import printable
from crawler.cli.status_data import Found, as_json, look
from crawler.errors import CrawlerError
from crawler.logs.lines import console_line

EVERY_S = 1.0
MOST_WARNINGS = 3
_PLAIN_WIDTH = 200
_GRAVE = ("warning", "error", "critical")
_REASONS = ("error", "why", "reason", "said", "note")

Show = Callable[[Found], None]


def watch_job(job: Path, *, in_json: bool, color: bool) -> None:
    """Show how the job stands until Ctrl-C; a crawl may end, die and come back meanwhile.

    Raises:
        CrawlerError: at the first look: there is no job, or its store cannot be used.
    """
    found = asyncio.run(look(job))
    if in_json:
        _go_on(found, _print_json, _complain)
        return
    view = _View(job)
    if not can_draw(sys.stdout):
        _go_on(found, lambda found: _print_plain(view.state(found)), _complain)
        return
    screen = Screen(sys.stdout, color=color)
    try:
        _go_on(found, lambda found: screen.show(view.state(found)), lambda why: _note(screen, why))
    finally:
        screen.close(keep=True)


def _go_on(first: Found, show: Show, complain: Callable[[str], None]) -> None:
    """Show what was found, look again; a store that cannot be read now may be there later."""
    found: Found | None = first
    try:
        while True:
            due_at = time.monotonic() + EVERY_S
            if found is not None:
                show(found)
            time.sleep(max(0.0, due_at - time.monotonic()))
            try:
                found = asyncio.run(look(first.job))
            except CrawlerError as error:
                found = None
                complain(str(error))
    except KeyboardInterrupt:
        return


class _View:
    """Keeps what one look does not tell: rates, and the last warnings of the log."""

    def __init__(self, job: Path) -> None:
        self._pace = Pace()
        self._tail = LogTail(job / "logs" / "crawler.jsonl")
        self._warnings: deque[str] = deque(maxlen=MOST_WARNINGS)
        self._run: object = None

    def state(self, found: Found) -> LiveState:
        counters = found.counters
        self._pace.add(Totals(found.at, counters.get("records", 0), counters.get("bytes", 0)))
        for event in self._tail.read():
            if event.get("run") != self._run:  # an earlier run's warnings are old news
                self._warnings.clear()
                self._run = event.get("run")
            if event["level"] in _GRAVE:
                self._warnings.append(_warning(event))
        return of_store(found, self._pace, warnings=list(self._warnings))


def _warning(event: dict[str, Any]) -> str:
    """Return an event as one line that says why before all else: a narrow terminal cuts its end."""
    reasons = {name: event[name] for name in _REASONS if name in event}
    rest = {name: value for name, value in event.items() if name not in reasons}
    return console_line(reasons | rest).partition("\n")[0]


def _print_json(found: Found) -> None:
    sys.stdout.write(json.dumps({"at": found.at, **as_json(found)}) + "\n")
    sys.stdout.flush()


def _print_plain(state: LiveState) -> None:
    """Print one line, for a pipe or a terminal that cannot be drawn on."""
    wanted = ("pages", "rate", "urls", "errors", "bound")
    lines = ["".join(text for text, _ in line) for line in draw(state, _PLAIN_WIDTH, 40)]
    said = [
        # Of all these, counts of errors alone do not say what they are.
        f"errors {line[LABEL:]}" if line.startswith("errors") else line[LABEL:]
        for line in lines
        if line.startswith(wanted)
    ]
    text = f"{state.word}: {'; '.join(said)}"
    if is_ascii_only(sys.stdout):
        text = text.encode("ascii", "replace").decode()
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _note(screen: Screen, why: str) -> None:
    screen.write([[("no news: ", "bold yellow"), (printable(why), "")]])


def _complain(why: str) -> None:
    sys.stderr.write(f"crawler: {printable(why)}\n")
