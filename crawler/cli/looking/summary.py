"""One pass over records of any origin, in bounded memory."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crawler.cli.looking.coverage import FieldCoverage, faults
from crawler.cli.looking.near import NearPages
from crawler.cli.looking.report import (
    Count,
    Counts,
    Extreme,
    Glimpse,
    Report,
    Response,
    Seen,
    Span,
)
from crawler.cli.looking.tally import BoundedCounter, Largest, Quantiles, Repeats, Sample
from crawler.cli.records.files import Tally
from crawler.cli.records.foreign import NONE, host_of, moment_of, ours
from crawler.cli.records.job_behind import States

EXTREMES = 5
TOP = 10
_DEEPEST = 20
_SIZES = (
    (1_000, "below 1 kB"),
    (10_000, "1 to 10 kB"),
    (100_000, "10 to 100 kB"),
    (1_000_000, "100 kB to 1 MB"),
    (10_000_000, "1 to 10 MB"),
)
_LARGEST_SIZE = "10 MB or more"
_SIZE_ENDS = [end for end, _ in _SIZES]


class Summary:
    """Takes records one by one, then reports."""

    def __init__(self, samples: int) -> None:
        self._records = 0
        self._foreign = 0
        self._body_bytes = 0
        self._links = 0
        self._requisites = 0
        self._js_required = 0
        self._retried = 0
        self._truncated = 0
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._status = BoundedCounter()
        self._types = BoundedCounter()
        self._hosts = BoundedCounter()
        self._depths = BoundedCounter()
        self._sizes = [0] * (len(_SIZES) + 1)
        self._errors = BoundedCounter()
        self._languages = BoundedCounter()
        self._fields = BoundedCounter()
        self._coverage = FieldCoverage()
        self._extract_errors = BoundedCounter()
        self._near = NearPages()
        self._examples: dict[str, str] = {}
        self._urls = Repeats()
        self._contents = Repeats()
        self._elapsed = Quantiles()
        self._slowest = Largest(EXTREMES)
        self._largest = Largest(EXTREMES)
        self._samples = Sample[Glimpse](samples)

    def add(self, record: Mapping[str, Any]) -> None:
        """Count one record; its values may be anything."""
        number = self._records
        self._records += 1
        if "final_url" not in record:
            record = self._from_elsewhere(record)
        get = record.get
        found = get("url")
        url = found if isinstance(found, str) else ""
        status = _status(get("status"))
        self._count(record, url, status)
        self._measure(record, number, url, status)
        if self._samples.wants():
            self._samples.keep(_glimpse(record, url, status))

    def _from_elsewhere(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        self._foreign += 1
        for name in record:
            self._fields.add(name)
        return ours(record)

    def _count(self, record: Mapping[str, Any], url: str, status: str) -> None:
        get = record.get
        self._status.add(status)
        kind = get("content_type")
        self._types.add(
            kind.partition(";")[0].strip().lower() or NONE if isinstance(kind, str) else NONE
        )
        depth = _whole(get("depth"))
        if depth is not None:
            self._depths.add(str(depth) if depth < _DEEPEST else f"{_DEEPEST}+")
        language = get("lang")
        if isinstance(language, str) and language:
            self._languages.add(language.lower())
        error = get("error")
        if error is not None:
            name = error if isinstance(error, str) else type(error).__name__
            self._errors.add(name)
            self._example(f"error {name}", url)
        if status[0] in "45":
            self._example(status, url)
        if url:
            self._hosts.add(host_of(url))
            visit = get("visit")
            self._urls.add(url if visit in (None, 1) else f"{url} {visit}")
        for fault in faults(get("extract_error")):
            self._extract_errors.add(fault)
            self._example(f"extract {fault}", url)
        fields = get("fields")
        if fields and isinstance(fields, dict):
            for name, value in fields.items():
                if value not in (None, "", []):
                    self._fields.add(name)
            self._coverage.add(url, fields, get("extract_error"))

    def _example(self, key: str, url: str) -> None:
        if key not in self._examples and len(self._examples) < 1000:
            self._examples[key] = url

    def _measure(self, record: Mapping[str, Any], number: int, url: str, status: str) -> None:
        get = record.get
        size = _whole(get("bytes"))
        if size:
            self._body_bytes += size
            self._sizes[bisect_right(_SIZE_ENDS, size)] += 1
            self._largest.add(size, number, url, status)
            digest = get("content_hash")
            if isinstance(digest, str) and status[0] in "2n":
                self._contents.add(digest)
                self._near.add(url, get("simhash"), digest)
        elapsed = _whole(get("elapsed_ms"))
        if elapsed is not None:
            self._elapsed.add(elapsed)
            self._slowest.add(elapsed, number, url, status)
        links = get("links")
        if isinstance(links, list):
            self._links += len(links)
        self._requisites += get("kind") == "requisite"
        self._retried += (_whole(get("attempts")) or 0) > 1
        self._js_required += get("js_required") is True
        self._truncated += get("truncated") is True
        moment = moment_of(get("fetched_at"))
        if moment is not None:
            if self._first is None or moment < self._first:
                self._first = moment
            if self._last is None or moment > self._last:
                self._last = moment

    def report(
        self, tally: Tally, states: States | None = None, records_read: int | None = None
    ) -> Report:
        """Return what was counted, with what the reading of the files and the frontier told."""
        return Report(
            files=tally.files,
            read_bytes=tally.read_bytes,
            records_read=self._records if records_read is None else records_read,
            records=self._records,
            states=states,
            invalid_lines=tally.invalid_lines,
            torn_lines=tally.torn_lines,
            foreign_records=self._foreign,
            urls=_seen(self._urls),
            contents=_seen(self._contents),
            body_bytes=self._body_bytes,
            links=self._links,
            requisites=self._requisites,
            js_required=self._js_required,
            retried=self._retried,
            truncated=self._truncated,
            span=self._span(),
            response=self._response(),
            status=self._table(self._status, in_order=True),
            types=self._table(self._types),
            hosts=self._table(self._hosts),
            depths=self._table(self._depths, in_order=True),
            errors=self._table(self._errors, "error "),
            sizes=self._size_table(),
            languages=self._table(self._languages),
            fields=self._table(self._fields),
            coverage=self._coverage.report(),
            extract_errors=self._table(self._extract_errors, "extract "),
            near_copies=self._near.report(),
            slowest=[_extreme(*ranked) for ranked in self._slowest],
            largest=[_extreme(*ranked) for ranked in self._largest],
            samples=list(self._samples),
        )

    def _size_table(self) -> Counts:
        names = (*(name for _, name in _SIZES), _LARGEST_SIZE)
        rows = [
            Count(name=name, records=records)
            for name, records in zip(names, self._sizes, strict=True)
            if records
        ]
        return Counts(distinct=len(rows), exact=True, top=rows)

    def _span(self) -> Span | None:
        if self._first is None or self._last is None:
            return None
        seconds = (self._last - self._first).total_seconds()
        return Span(
            first=_stamp(self._first),
            last=_stamp(self._last),
            seconds=round(seconds, 3),
            records_per_second=round(self._records / seconds, 1) if seconds else None,
        )

    def _response(self) -> Response | None:
        median, p95 = self._elapsed.at(0.5), self._elapsed.at(0.95)
        return None if median is None or p95 is None else Response(median_ms=median, p95_ms=p95)

    def _table(
        self, counter: BoundedCounter, prefix: str = "", *, in_order: bool = False
    ) -> Counts:
        pairs = counter.top(_DEEPEST + 1 if in_order else TOP)
        if in_order:
            pairs.sort(key=lambda pair: (not pair[0][0].isdigit(), len(pair[0]), pair[0]))
        examples = self._examples
        return Counts(
            distinct=len(counter),
            exact=counter.exact,
            top=[
                Count(name=name, records=records, example=examples.get(prefix + name))
                for name, records in pairs
            ],
        )


def _whole(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _status(value: object) -> str:
    if isinstance(value, int | str) and not isinstance(value, bool):
        return str(value) or NONE
    return NONE


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _seen(repeats: Repeats) -> Seen:
    return Seen(distinct=repeats.distinct, repeated=repeats.repeated, exact=repeats.exact)


def _extreme(value: int, _: int, url: str, status: str) -> Extreme:
    return Extreme(url=url, status=status, value=value)


def _glimpse(record: Mapping[str, Any], url: str, status: str) -> Glimpse:
    title, error = record.get("title"), record.get("error")
    return Glimpse(
        status=error if status == NONE and isinstance(error, str) else status,
        depth=_whole(record.get("depth")),
        title=title if isinstance(title, str) else None,
        url=url,
    )
