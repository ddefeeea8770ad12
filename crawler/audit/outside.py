"""What was asked for beyond the crawl, kept in the job so that nobody is asked twice in a day."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from crawler.errors import JobLocked, StorageError

ANSWERS = "external.jsonl"
"""File in the job's directory: one answer on each line, the last one of a URL counts."""
FRESH_MS = 24 * 3_600_000
"""A URL with a younger answer is not asked for again."""
UNANSWERED_FRESH_MS = FRESH_MS // 24
"""Nor one whose host could not be reached for so long: that may be over sooner."""
UNANSWERED = frozenset({"dns", "connect"})
"""Errors of who could not be reached."""
REFUSED = "blocked_address"
"""Error of what we did not ask for ourselves."""
_KEPT_MS = 30 * FRESH_MS
"""Older answers say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How asking for one URL ended."""

    url: str
    asked_at: int
    """ms since 1970, on the job's clock."""
    final_url: str
    """Where its redirects led to; else the same as `url`."""
    hops: int
    status: int | None = None
    error: str | None = None
    """As in a record; or `robots` (forbidden, so not asked) and `robots_deferred` (no answer)."""
    left_alone_until: int | None = None
    """Before that the host of `final_url` wants no more requests: it sent Retry-After."""


def read_answers(job: Path, now: int) -> Iterator[dict[str, Any]]:
    """Yield what is kept, oldest first; a line that was cut short is left out.

    So is a refusal of our own, as older versions kept them.
    """
    try:
        lines = (job / ANSWERS).open("rb")
    except FileNotFoundError:
        return
    with lines:
        for line in lines:
            with contextlib.suppress(orjson.JSONDecodeError, KeyError, TypeError):
                answer = orjson.loads(line)
                if answer["asked_at"] > now - _KEPT_MS and answer.get("error") != REFUSED:
                    yield answer


class AnswerFile:
    """Takes answers one by one, each safe from then on."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def add(self, answer: Answer) -> None:
        """Write one answer.

        Raises:
            StorageError: the disk is full or fails.
        """
        try:
            os.write(self._descriptor, orjson.dumps(asdict(answer)) + b"\n")
        except OSError as error:
            raise StorageError(f"cannot keep answers: {error.strerror}") from error


@contextlib.contextmanager
def kept_answers(job: Path, now: int) -> Iterator[AnswerFile]:
    """Open the answers of a job for more; only one process at a time asks.

    Raises:
        JobLocked: another one does.
        StorageError: the directory cannot be written to.
    """
    directory = os.open(job, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JobLocked(f"another report is asking for the links of {job}") from None
        try:
            _compact(job, now)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            descriptor = os.open(job / ANSWERS, flags, 0o600)
        except OSError as error:
            raise StorageError(f"cannot write to {job}: {error.strerror}") from error
        try:
            yield AnswerFile(descriptor)
        finally:
            os.close(descriptor)
    finally:
        os.close(directory)


def _compact(job: Path, now: int) -> None:
    """Drop answers that later ones replaced, and a line that was cut short."""
    latest = {answer["url"]: answer for answer in read_answers(job, now)}
    if not (job / ANSWERS).exists():
        return
    new = job / f"{ANSWERS}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
        file.writelines(orjson.dumps(answer) + b"\n" for answer in latest.values())
    new.replace(job / ANSWERS)
