"""Every metric of `/metrics`: its name, type, labels and meaning; the reference is made from it."""

from typing import Literal, NamedTuple

Type = Literal["counter", "gauge", "histogram"]


class MetricInfo(NamedTuple):
    """One metric; counters have `_total` in their name."""

    type: Type
    labels: tuple[str, ...]
    meaning: str


METRICS: dict[str, MetricInfo] = {
    "crawler_build_info": MetricInfo("gauge", ("version",), "Always 1; the label is the version."),
    "crawler_start_time_seconds": MetricInfo(
        "gauge", (), "When this process began to crawl, in seconds since 1970."
    ),
    "crawler_last_progress_timestamp_seconds": MetricInfo(
        "gauge",
        (),
        "When something was settled or tried last, or there was nothing to do for a known reason.",
    ),
    "crawler_paused": MetricInfo(
        "gauge", ("reason",), "1 while nothing is claimed for this reason: operator, disk."
    ),
    "crawler_jobs_processed_total": MetricInfo(
        "counter",
        ("kind",),
        "Items whose outcome was committed: page, robots, sitemap, requisite.",
    ),
    "crawler_job_duration_seconds": MetricInfo(
        "histogram",
        (),
        "From the start of an item's task in a reader until its outcome is committed.",
    ),
    "crawler_queue_depth": MetricInfo("gauge", (), "Claimed URLs that a reader may have next."),
    "crawler_jobs_in_flight": MetricInfo("gauge", (), "URLs that readers have."),
    "crawler_frontier_urls": MetricInfo(
        "gauge", ("state",), "URLs by state: ready, leased, waiting, done, dead."
    ),
    "crawler_records_total": MetricInfo("counter", (), "Records of this job, by all its runs."),
    "crawler_pages_total": MetricInfo(
        "counter", (), "Pages of this job: records without redirect hops, each URL once."
    ),
    "crawler_bytes_total": MetricInfo("counter", (), "Bytes of bodies of this job, decoded."),
    "crawler_responses_total": MetricInfo(
        "counter", ("class",), "Records with a response, by class of its status: 2xx to 5xx."
    ),
    "crawler_errors_total": MetricInfo(
        "counter", ("error",), "Records with an error, by its word (docs/reference/errors.md)."
    ),
    "crawler_fetch_duration_seconds": MetricInfo(
        "histogram",
        (),
        "Of each HTTP try, connecting and body included, however it ended; robots.txt too.",
    ),
    "crawler_processing_rate": MetricInfo(
        "gauge", (), "Records per second over the last ten seconds."
    ),
    "crawler_reader_processes": MetricInfo("gauge", (), "Reader processes that are at work."),
    "crawler_reader_processes_configured": MetricInfo("gauge", (), "As there should be."),
    "crawler_reader_restarts_total": MetricInfo(
        "counter",
        ("reason",),
        "Readers that were replaced: jobs (had its number), memory (had too much), "
        "killed (from outside), stuck (by us), crash.",
    ),
    "crawler_requeue_window_hits_total": MetricInfo(
        "counter", (), "URLs that QuasiQueue's window refused; more than 0 is a fault of ours."
    ),
    "crawler_leases_lost_total": MetricInfo(
        "counter", (), "Leases that had expired when their outcome was to be committed."
    ),
    "crawler_commit_duration_seconds": MetricInfo(
        "histogram", (), "Of each transaction that settles a batch, in the readers."
    ),
    "crawler_claim_duration_seconds": MetricInfo(
        "histogram", (), "Of each claim of URLs, in the parent."
    ),
    "crawler_robots_denials_total": MetricInfo(
        "counter", (), "URLs that were not fetched because robots.txt forbids it."
    ),
    "crawler_process_resident_memory_bytes": MetricInfo(
        "gauge", ("process", "name"), "Memory of the parent, and of readers by place (reader-1)."
    ),
    "crawler_disk_free_bytes": MetricInfo(
        "gauge", ("path",), "Free for us where the job is, and its output."
    ),
    "crawler_disk_free_min_bytes": MetricInfo(
        "gauge", (), "Below this nothing is claimed; 0: never mind (min_free_disk)."
    ),
    "crawler_parts_unshipped": MetricInfo(
        "gauge", (), "Sealed parts that the command of on_part_sealed has not taken yet."
    ),
}
