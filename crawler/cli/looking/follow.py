"""`crawler inspect --follow`: each record as it is committed, like `tail -f` over all parts.

The store is asked twice a second how far each part is committed. So a line is shown once, however
often the crawl is killed, started again, or its parts are packed; and never one that may vanish.
"""

import asyncio
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from crawler.cli.printable import crop, printable, printable_json
from crawler.cli.records.foreign import ours
from crawler.cli.records.record_filter import RecordFilter
from crawler.cli.tables import NARROW
from crawler.cli.wording import size
from crawler.errors import FrontierBusy, FrontierError
from crawler.pipeline.committed import Committed, committed
from crawler.sink.reading import open_part

_POLL_S = 0.5
_TITLE_CELLS = 50


class Follower:
    """Knows what was shown of each part."""

    def __init__(self, job: Path) -> None:
        self._job = job
        self._shown: dict[str, int] = {}
        self._store: tuple[int, int] | None = None

    def begin(self) -> None:
        """Take all that is there now for shown.

        Raises:
            FrontierError: the store cannot be read.
        """
        self._store = self._identity()
        found = asyncio.run(committed(self._job))
        self._shown = {part.name: part.bytes for part in found.parts}

    def news(self) -> Iterator[bytes]:
        """Yield the lines that were committed since the last call."""
        store = self._identity()
        if store is None:
            return  # moved aside by --fresh, and not yet made anew
        if store != self._store:
            self._store, self._shown = store, {}
        try:
            found = asyncio.run(committed(self._job))
        except FrontierBusy:
            return  # the next look will do
        except FrontierError:
            if self._identity() == store:
                raise
            return  # moved aside while we looked
        yield from self._new_lines(found)

    def _new_lines(self, found: Committed) -> Iterator[bytes]:
        for part in found.parts:
            shown = self._shown.get(part.name, 0)
            # Emptied because its file lost bytes: its pages are fetched again, into another part.
            self._shown[part.name] = part.bytes
            if part.pruned or part.bytes <= shown:
                continue
            try:
                with open_part(found.output / part.name) as stream:
                    stream.seek(shown)
                    left = part.bytes - shown
                    while left > 0 and (line := stream.readline(left)):
                        left -= len(line)
                        yield line
            except FileNotFoundError:
                continue  # shipped away or pruned meanwhile

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = (self._job / "frontier.db").stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino


def follow(job: Path, wanted: RecordFilter | None, *, as_json: bool) -> None:
    """Print records as they come, until somebody ends it.

    Raises:
        FrontierError: the store cannot be read.
        ConfigError: --grep takes too long on a record.
    """
    follower = Follower(job)
    follower.begin()
    while True:
        for line in follower.news():
            record = orjson.loads(line)
            if wanted is None or wanted(record):
                sys.stdout.write((_json(line) if as_json else _line(record)) + "\n")
        sys.stdout.flush()
        time.sleep(_POLL_S)


def _json(line: bytes) -> str:
    text = line.decode().rstrip("\n")
    return printable_json(text) if sys.stdout.isatty() else text


def _line(record: Mapping[str, Any]) -> str:
    """Return a record in one line: when, what came, after how long, how much, which page."""
    if "final_url" not in record:
        record = ours(record)
    at = str(record.get("fetched_at") or "")[11:19]
    came = record.get("status") or record.get("error") or "-"
    elapsed, length = record.get("elapsed_ms"), record.get("bytes")
    parts = (
        at,
        f"{printable(str(came)):<7}",
        f"{elapsed:>6,} ms" if isinstance(elapsed, int) else f"{'':>9}",
        f"{size(length):>9}" if isinstance(length, int) else f"{'':>9}",
        printable(str(record.get("url") or "")),
        crop(printable(str(record.get("title") or "")), _TITLE_CELLS),
    )
    text = "  ".join(parts).rstrip()
    if not sys.stdout.isatty():
        return text
    return crop(text, max(NARROW // 2, shutil.get_terminal_size().columns))
