"""`GET /metrics`: what the last snapshot says, in the words of Prometheus.

Counts of records are the store's and go on over restarts; what processes measure begins anew with
each run, as Prometheus expects of a counter.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from crawler import __version__
from crawler.admin.answer import Answer
from crawler.admin.catalogue import METRICS
from crawler.admin.store import Store, StoreSilent
from crawler.admin.watch import Watch
from crawler.model.fleet import RESTARTS, FleetState
from crawler.model.measures import Timing
from crawler.model.result import FailureKind
from crawler.pipeline.disk_guard import free_bytes
from crawler.pipeline.watching.progress import idle_reason
from crawler.pipeline.watching.snapshot import Snapshot

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STATES = ("ready", "leased", "waiting", "done", "dead")
_CLASSES = ("2xx", "3xx", "4xx", "5xx")
_HOLDS = ("operator", "disk")
_MS = 1000
_US = 1_000_000

_Values = Iterable[tuple[tuple[str, ...], float]]


class Disks(NamedTuple):
    """What is watched of the disks."""

    job: Path
    output: Path
    min_free_bytes: int


class Metrics:
    """A registry of its own: nothing that other libraries count is shown."""

    def __init__(self, watch: Watch, store: Store, disks: Disks, *, ships: bool) -> None:
        """`ships`: the crawl hands its sealed parts to a command."""
        self._watch = watch
        self._store = store
        self._disks = disks
        self._ships = ships
        self._unshipped = 0
        self._most_pages = 0
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    async def answer(self) -> Answer:
        if self._ships:
            await self._count_unshipped()
        return Answer(body=generate_latest(self._registry), content_type=CONTENT_TYPE)

    def describe(self) -> list[Metric]:
        """Nothing, so that registering collects nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield _gauges("crawler_build_info", [((__version__,), 1)])
        yield from self._disk()
        snapshot = self._watch.latest
        if snapshot is None:
            return
        yield from self._standing(snapshot)
        yield from self._counted(snapshot.counters)
        if snapshot.claims is not None:
            yield _histogram("crawler_claim_duration_seconds", snapshot.claims)
        if snapshot.fleet is not None:
            yield from _processes(snapshot.fleet)
            yield from _measured(snapshot.fleet)

    def _standing(self, snapshot: Snapshot) -> Iterator[Metric]:
        anchor = self._watch.anchor or snapshot
        latest = snapshot if idle_reason(snapshot) is not None else anchor
        yield _gauge("crawler_start_time_seconds", snapshot.started_at / _MS)
        yield _gauge("crawler_last_progress_timestamp_seconds", latest.at / _MS)
        yield _gauges(
            "crawler_paused",
            [
                ((reason,), int(reason in snapshot.holds))
                for reason in dict.fromkeys((*_HOLDS, *snapshot.holds))
            ],
        )
        yield _gauge("crawler_processing_rate", self._watch.rate())
        yield _counter("crawler_requeue_window_hits", snapshot.drops)
        yield _gauge("crawler_parts_unshipped", self._unshipped)

    def _disk(self) -> Iterator[Metric]:
        disks = self._disks
        found = ((("job",), free_bytes(disks.job)), (("output",), free_bytes(disks.output)))
        yield _gauges(
            "crawler_disk_free_bytes", [(label, n) for label, n in found if n is not None]
        )
        yield _gauge("crawler_disk_free_min_bytes", disks.min_free_bytes)

    def _counted(self, counters: Mapping[str, int]) -> Iterator[Metric]:
        yield _gauges(
            "crawler_frontier_urls", [((state,), counters.get(state, 0)) for state in _STATES]
        )
        yield _counter("crawler_records", counters.get("records", 0))
        # A page that another visit finds to be a redirect is none any more; a counter cannot
        # lose one.
        self._most_pages = max(self._most_pages, counters.get("pages", 0))
        yield _counter("crawler_pages", self._most_pages)
        yield _counter("crawler_bytes", counters.get("bytes", 0))
        classes = dict.fromkeys(_CLASSES, 0)
        errors = dict.fromkeys(get_args(FailureKind), 0)
        for name, n in counters.items():
            kind, _, word = name.partition(":")
            if kind == "error":
                errors[word] = n
            elif kind == "status" and (status_class := f"{word[:1]}xx") in classes:
                classes[status_class] += n
        yield _counters("crawler_responses", [((name,), n) for name, n in classes.items()])
        yield _counters("crawler_errors", [((name,), n) for name, n in errors.items()])

    async def _count_unshipped(self) -> None:
        try:
            shipping = await self._store.ask(lambda frontier: frontier.sealed.shipping())
        except StoreSilent:
            return  # as it was: whether the store answers is not this one's to say
        self._unshipped = shipping.waiting


def _processes(fleet: FleetState) -> Iterator[Metric]:
    yield _gauge("crawler_queue_depth", fleet.queue_depth)
    yield _gauge("crawler_jobs_in_flight", fleet.in_flight)
    yield _gauge("crawler_reader_processes", sum(reader.ready for reader in fleet.readers))
    yield _gauge("crawler_reader_processes_configured", fleet.configured)
    yield _counters(
        "crawler_reader_restarts",
        [((reason,), fleet.restarts.get(reason, 0)) for reason in RESTARTS],
    )
    sizes = [(("parent", "parent"), fleet.parent_rss_bytes)]
    # By place: a name for each process would be new series for ever, as readers are replaced.
    sizes += [(("reader", f"reader-{one.slot + 1}"), one.rss_bytes) for one in fleet.readers]
    yield _gauges(
        "crawler_process_resident_memory_bytes",
        [(labels, size) for labels, size in sizes if size is not None],
    )


def _measured(fleet: FleetState) -> Iterator[Metric]:
    measured = fleet.measured
    yield _counters("crawler_jobs_processed", [((k,), n) for k, n in measured.by_kind.items()])
    yield _histogram("crawler_job_duration_seconds", measured.jobs)
    yield _histogram("crawler_fetch_duration_seconds", measured.tries)
    yield _histogram("crawler_commit_duration_seconds", measured.commits)
    yield _counter("crawler_leases_lost", measured.leases_lost)
    yield _counter("crawler_robots_denials", measured.robots_denials)


def _counter(name: str, value: float) -> Metric:
    return CounterMetricFamily(name, METRICS[f"{name}_total"].meaning, value=value)


def _counters(name: str, values: _Values) -> Metric:
    info = METRICS[f"{name}_total"]
    family = CounterMetricFamily(name, info.meaning, labels=info.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _gauge(name: str, value: float) -> Metric:
    return GaugeMetricFamily(name, METRICS[name].meaning, value=value)


def _gauges(name: str, values: _Values) -> Metric:
    info = METRICS[name]
    family = GaugeMetricFamily(name, info.meaning, labels=info.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _histogram(name: str, timing: Timing) -> Metric:
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*map(str, timing.bounds_s), "+Inf"), timing.counts, strict=True):
        total += count
        buckets.append((bound, total))
    family = HistogramMetricFamily(name, METRICS[name].meaning)
    family.add_metric([], buckets, sum_value=timing.sum_us / _US)
    return family
