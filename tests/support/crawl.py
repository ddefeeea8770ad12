"""The command as a subprocess, for tests that kill it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from crawler.sink.reading import open_part

LOOPBACK = ("--allow-net", "127.0.0.0/8")


class Crawl:
    """One job directory and the runs of `crawler start` on it."""

    made: ClassVar[list["Crawl"]] = []
    """All of this test, for `end_what_is_left`."""

    def __init__(self, job: Path, seeds: Path | str, *flags: str) -> None:
        self.job = job
        self.command = [
            *(sys.executable, "-m", "crawler", "start", str(seeds), "--job", str(job)),
            *LOOPBACK,
            *("--progress", "off", "--contact", "tests@example.org"),
            *flags,
        ]
        self.process: subprocess.Popen[bytes] | None = None
        self.made.append(self)

    def start(self, *flags: str) -> "Crawl":
        """Start a run in a session of its own, so that its whole group can be killed."""
        self.process = subprocess.Popen(
            [*self.command, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        return self

    def run(self, *flags: str, timeout_s: float = 90) -> int:
        """Run to the end; return the exit code. `err` holds what it said."""
        return self.start(*flags).wait(timeout_s)

    def wait(self, timeout_s: float = 90) -> int:
        assert self.process is not None
        try:
            out, err = self.process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.kill_group()
            out, err = self.process.communicate()
            log = self.log_text()[-4000:]
            raise AssertionError(f"crawl did not end: {err.decode()[-2000:]}\n{log}") from None
        self.out, self.err = out.decode(), err.decode()
        return self.process.returncode

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def readers(self) -> list[int]:
        """Process ids of the readers, as the kernel tells."""
        return children(self.pid)

    def group(self) -> list[int]:
        """All living processes of this run."""
        return [pid for pid in _pids() if _session(pid) == self.pid and is_alive(pid)]

    def kill_group(self) -> None:
        os.killpg(self.pid, signal.SIGKILL)

    def signal_group(self, number: signal.Signals) -> None:
        os.killpg(self.pid, number)

    def reap(self) -> None:
        assert self.process is not None
        self.process.communicate()

    def leased(self) -> int:
        """How many URLs are leased right now; 0 while there is no store."""
        return self._ask("SELECT value FROM counters WHERE name='leased'")

    def written(self) -> int:
        """Bytes in all part files, committed or not; bodies as well."""
        files = self.part_files() + self.store_files()
        return sum(path.stat().st_size for path in files)

    def uncommitted(self) -> int:
        """Bytes that a kill right now would leave behind to be cut."""
        written = self.written()  # first: what is committed afterwards can only make it less
        return written - self._ask("SELECT sum(bytes + store_bytes) FROM parts")

    def records_in_store(self) -> int:
        """How many records are committed."""
        return self._ask("SELECT sum(records) FROM parts")

    def _ask(self, question: str) -> int:
        path = self.job / "frontier.db"
        if not path.exists():
            return 0
        store = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            row = store.execute(question).fetchone()
        except sqlite3.OperationalError:  # made, but not yet filled
            return 0
        finally:
            store.close()
        return int(row[0] or 0) if row else 0

    def part_files(self) -> list[Path]:
        return sorted((self.job / "pages").glob("part-*.jsonl"))

    def store_files(self) -> list[Path]:
        return sorted((self.job / "pages").glob("part-*.warc.gz"))

    def records(self) -> list[dict[str, Any]]:
        """All records; a torn or empty line fails the test."""
        records = []
        packed = [path.with_suffix("") for path in (self.job / "pages").glob("part-*.jsonl.zst")]
        for path in sorted({*self.part_files(), *packed}):
            with open_part(path) as file:
                data = file.read()
            assert not data or data.endswith(b"\n"), f"torn line at the end of {path.name}"
            records += [json.loads(line) for line in data.splitlines()]
        return records

    def records_so_far(self) -> list[dict[str, Any]]:
        """Whole lines while the crawl runs, committed or not."""
        return [
            json.loads(line)
            for path in self.part_files()
            for line in path.read_bytes().rpartition(b"\n")[0].splitlines()
        ]

    def counts(self) -> Counter[str]:
        return Counter(record["url"] for record in self.records())

    def log_text(self) -> str:
        path = self.job / "logs" / "crawler.jsonl"
        return path.read_text() if path.exists() else ""

    def events(self, name: str) -> list[dict[str, Any]]:
        whole = self.log_text().rpartition("\n")[0]  # the last line may be half written
        lines = [json.loads(line) for line in whole.splitlines() if line]
        return [line for line in lines if line.get("event") == name]


def end_what_is_left() -> None:
    """End the runs that a test has begun and not waited for; it has failed, or will never look."""
    while Crawl.made:
        crawl = Crawl.made.pop()
        if crawl.process is not None and crawl.process.returncode is None:
            crawl.kill_group()
            crawl.reap()


def assert_exactly_once(crawl: Crawl, urls: Sequence[str]) -> None:
    """Every expected URL has one record, and nothing else has any."""
    counts = crawl.counts()
    missing = [url for url in urls if url not in counts]
    double = {url: n for url, n in counts.items() if n > 1}
    extra = [url for url in counts if url not in set(urls)]
    assert not missing, f"{len(missing)} lost, e.g. {missing[:3]}"
    assert not double, f"{len(double)} doubled, e.g. {list(double.items())[:3]}"
    assert not extra, f"{len(extra)} not asked for, e.g. {extra[:3]}"


def poll(
    condition: Callable[[], Any], what: str, timeout_s: float = 60, every_s: float = 0.005
) -> Any:
    """Wait until the condition is true."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s} s for: {what}")
        time.sleep(every_s)
    return found


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(word) for word in text.split()]


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return -1


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
