"""Which records are looked at: by host, status, error, depth, time, and a regex.

Several values of one kind are alternatives; a record must satisfy every kind that is given.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crawler.cli.records.foreign import host_of, moment_of, ours
from crawler.cli.wording import did_you_mean
from crawler.errors import ConfigError
from crawler.model.failures import FAILURES

NO_ANSWER = "none"
ANY = "any"
MAX_SECONDS = 5.0
"""What --grep may take on one record; a regex that takes more would take days on a crawl."""
_GREPPED = ("url", "title", "text")
_CODES = range(100, 1000)
"""What HTTP can say; servers say 999, too."""
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?", re.ASCII)
_CLASS = re.compile(r"([1-9])xx", re.IGNORECASE)
_Judge = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a user typed."""

    hosts: Sequence[str] = ()
    statuses: Sequence[str] = ()
    errors: Sequence[str] = ()
    depths: Sequence[str] = ()
    since: str | None = None
    grep: str | None = None
    is_of_others: bool = False
    """Other crawlers may have written the records, with words of their own."""

    def __bool__(self) -> bool:
        return any((self.hosts, self.statuses, self.errors, self.depths, self.since, self.grep))


class RecordFilter:
    """Says of a record, of ours or of another crawler, whether it is wanted."""

    def __init__(self, wishes: Wishes) -> None:
        """Read what was typed.

        Raises:
            ConfigError: a value cannot be read.
        """
        judges: list[_Judge] = []
        if wishes.statuses:
            judges.append(_by_status(wishes.statuses, is_of_others=wishes.is_of_others))
        if wishes.errors:
            judges.append(_by_error(wishes.errors, is_of_others=wishes.is_of_others))
        if wishes.depths:
            judges.append(_by_depth(wishes.depths))
        if wishes.hosts:
            judges.append(_by_host(wishes.hosts))
        if wishes.since is not None:
            judges.append(_by_time(wishes.since))
        if wishes.grep is not None:  # the dearest last
            judges.append(_by_text(wishes.grep))
        self._judges = judges

    def __call__(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is wanted.

        Raises:
            ConfigError: --grep takes too long on it.
        """
        judges = self._judges
        if not judges:
            return True
        if "final_url" not in record:
            record = ours(record)
        return all(judge(record) for judge in judges)


def _by_host(values: Sequence[str]) -> _Judge:
    names, parents = set(), []
    for value in values:
        name = value.strip().lower()
        if not name or "/" in name:
            raise ConfigError(f"--host: {value!r} is no host: write example.org or *.example.org")
        if name.startswith("*."):
            names.add(name[2:])
            parents.append(name[1:])
        else:
            names.add(name)
    ends = tuple(parents)

    def judge(record: Mapping[str, Any]) -> bool:
        url = record.get("url")
        if not isinstance(url, str):
            return False
        authority = host_of(url)
        if authority in names:
            return True
        host = re.sub(r":\d+$", "", authority)
        return host in names or bool(ends and host.endswith(ends))

    return judge


def _by_status(values: Sequence[str], *, is_of_others: bool) -> _Judge:
    spans, no_answer = [], False
    for value in values:
        word = value.strip().lower()
        if word == NO_ANSWER:
            no_answer = True
        elif found := _CLASS.fullmatch(word):
            first = int(found[1]) * 100
            if not 100 <= first <= 500:
                raise ConfigError(f"--status: there is no class {word}: write 1xx to 5xx")
            spans.append(range(first, first + 100))
        elif found := _RANGE.fullmatch(word):
            span = _span(found, f"--status {value}")
            # To some crawlers, 0 is no answer.
            if not (span[0] in _CODES and span[-1] in _CODES) and not (
                is_of_others and word == "0"
            ):
                raise ConfigError(
                    f"--status: no answer has the code {word}: write 100 to 999, or none for those "
                    "without an answer"
                )
            spans.append(span)
        else:
            raise ConfigError(f"--status: cannot read {value!r}: write 404, 4xx, 400-499 or none")

    def judge(record: Mapping[str, Any]) -> bool:
        status = record.get("status")
        if status is None or status == "":
            return no_answer
        try:
            number = int(status)
        except (TypeError, ValueError):
            return False
        return any(number in span for span in spans)

    return judge


def _by_error(values: Sequence[str], *, is_of_others: bool) -> _Judge:
    words = {value.strip().lower() for value in values}
    known = (*FAILURES, ANY, NO_ANSWER)
    if not is_of_others and (unknown := sorted(words - {*known})):
        raise ConfigError(
            f"--error: no error is called {unknown[0]!r}{did_you_mean(unknown[0], known)}: "
            f"there are {', '.join(known)}"
        )
    none, anything = NO_ANSWER in words, ANY in words

    def judge(record: Mapping[str, Any]) -> bool:
        error = record.get("error")
        if error is None:
            return none
        return anything or str(error).lower() in words

    return judge


def _by_depth(values: Sequence[str]) -> _Judge:
    spans = []
    for value in values:
        found = _RANGE.fullmatch(value.strip())
        if found is None:
            raise ConfigError(f"--depth: cannot read {value!r}: write 2 or 0-3")
        spans.append(_span(found, f"--depth {value}"))

    def judge(record: Mapping[str, Any]) -> bool:
        depth = record.get("depth")
        return isinstance(depth, int) and any(depth in span for span in spans)

    return judge


def _span(found: re.Match[str], typed: str) -> range:
    first = int(found[1])
    last = int(found[2] or first)
    if last < first:
        raise ConfigError(f"{typed}: nothing is from {first} to {last}: write {last}-{first}")
    return range(first, last + 1)


def _by_time(value: str) -> _Judge:
    from crawler.cli.records.since import read_since

    since = read_since(value) or ""
    earliest = moment_of(since)

    def judge(record: Mapping[str, Any]) -> bool:
        at = record.get("fetched_at")
        if isinstance(at, str) and len(at) == len(since) and at.endswith("Z"):
            return at >= since  # both as our records have them, which compare as text does
        found = moment_of(at)
        return found is not None and earliest is not None and found >= earliest

    return judge


def _by_text(pattern: str) -> _Judge:
    import regex

    try:
        search: Any = regex.compile(pattern).search  # type: ignore[no-untyped-call]
    except (regex.error, RecursionError, OverflowError) as error:
        raise ConfigError(f"--grep: {pattern!r} is no regex: {error}") from None

    def judge(record: Mapping[str, Any]) -> bool:
        for key in _GREPPED:
            text = record.get(key)
            try:
                if isinstance(text, str) and search(text, timeout=MAX_SECONDS):
                    return True
            except TimeoutError:
                raise ConfigError(
                    f"--grep: {pattern!r} takes more than {MAX_SECONDS:g} s on one record: "
                    "write it without repetitions inside of repetitions"
                ) from None
        return False

    return judge
