"""The figures behind charts and summary, in bounded numbers of rows."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crawler.audit.database import AuditDatabase, statements

MAX_HOSTS = 200
_SLOTS = 60
_LATENCIES_MS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000, 10**9)
_SIZES = (*(n * 10**e for e in range(2, 7) for n in (1, 2, 5)), 10**7, 10**15)
_WIDTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400)
"""Lengths of a slot that a person can think in."""
HOST_COLUMNS = (
    *("host", "urls", "good", "redirects", "client_errors", "server_errors", "failed"),
    *("median_ms", "p95_ms", "bytes"),
)
_TOTALS = (
    *("records", "urls", "good", "redirects", "bad", "failed", "requisites", "hosts", "html"),
    *("bytes", "median_ms", "p90_ms", "p99_ms", "deepest", "links", "targets", "listed", "outside"),
    "unreached",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """Records by time."""

    start: int
    """Seconds since 1970."""
    width: int
    """Seconds."""
    records: Mapping[str, Sequence[int]]
    """By kind of answer (`2xx` … `5xx`, `failed`), for each slot."""
    bytes: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of a whole crawl."""

    totals: Mapping[str, int | None]
    span: tuple[float, float] | None
    """First and last moment, seconds since 1970."""
    slots: Slots | None
    statuses: Sequence[tuple[str, int]]
    errors: Sequence[tuple[str, int]]
    depths: Sequence[tuple[int, int]]
    latencies: Sequence[tuple[str, int]]
    sizes: Sequence[tuple[str, int]]
    types: Sequence[tuple[str, int]]
    hosts: Sequence[tuple[Any, ...]]


def figures(database: AuditDatabase) -> Figures:
    """Return what there is to draw."""
    sql = statements("charts")
    (row,) = database.rows(sql["totals"])
    ((first, last),) = database.rows(sql["span"])
    return Figures(
        totals=dict(zip(_TOTALS, row, strict=True)),
        span=None if first is None else (first, last),
        slots=None if first is None else _slots(database, sql["over_time"], first, last),
        statuses=database.rows(sql["statuses"]),
        errors=database.rows(sql["errors"]),
        depths=database.rows(sql["depths"]),
        latencies=_bins(database, sql["latencies"], _LATENCIES_MS, _time),
        sizes=_bins(database, sql["sizes"], _SIZES, _size),
        types=database.rows(sql["types"]),
        hosts=database.rows(sql["hosts"], {"limit": MAX_HOSTS}),
    )


def _slots(database: AuditDatabase, sql: str, first: float, last: float) -> Slots:
    wanted = (last - first) / _SLOTS
    width = next((w for w in _WIDTHS_S if w >= wanted), math.ceil(wanted))
    start = int(first // width * width)
    number = int((last - start) // width) + 1
    records: dict[str, list[int]] = {}
    transferred = [0] * number
    for slot, kind, count, size in database.rows(sql, {"start": start, "width": width}):
        records.setdefault(kind, [0] * number)[slot] = count
        transferred[slot] += size
    return Slots(start=start, width=width, records=records, bytes=transferred)


def _bins(
    database: AuditDatabase, sql: str, bounds: Sequence[int], name: Callable[[int], str]
) -> list[tuple[str, int]]:
    """Return counts by bin, each named by its upper bound, from the first to the last with any."""
    found = dict(database.rows(sql, {"bounds": list(bounds)}))
    counts = [found.get(bound, 0) for bound in bounds]
    taken = [n for n, count in enumerate(counts) if count]
    if not taken:
        return []
    names = [_bound(bounds, n, name) for n in range(len(bounds))]
    return [(names[n], counts[n]) for n in range(taken[0], taken[-1] + 1)]


def _bound(bounds: Sequence[int], n: int, name: Callable[[int], str]) -> str:
    """Name a bin by its upper bound; the last one has none."""
    return f"over {name(bounds[n - 1])}" if n == len(bounds) - 1 else name(bounds[n])


def _time(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms // 1000} s"


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} B"
    return f"{count // 1000} kB" if count < 10**6 else f"{count // 10**6} MB"
