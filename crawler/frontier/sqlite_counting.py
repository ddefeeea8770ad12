"""What one settled lease changes in the counts, given what its URL has been until then."""

from typing import NamedTuple

from crawler.frontier.sqlite_ledger import Ledger
from crawler.model.result import Result


class Before(NamedTuple):
    """What a seed, or a URL that was visited before, has been until now."""

    ref: int
    seed: int
    again: int
    status: int | None
    is_page: int


def count_done(result: Result, ledger: Ledger, before: Before | None) -> None:
    """Count a URL that is done now."""
    change = ledger.host(result.host_hash)
    change.done += 1
    if result.due_at is not None:
        ledger.count("later")
    if result.kind == "sitemap":
        ledger.count("sitemaps")
        ledger.count("sitemap_failures", result.reason is not None)
        return
    count_record(result, ledger, before)
    if before is not None and before.seed:
        ledger.count("seeds_final", not before.again)
        ledger.count("seeds_answered", (result.status is not None) - (before.status is not None))


def count_record(result: Result, ledger: Ledger, before: Before | None) -> None:
    """Count a record that was written."""
    ledger.count("records")
    if result.kind == "requisite":
        ledger.count("requisites")
    else:
        # A page counts once, however often it is visited.
        pages = result.is_page - (before.is_page if before is not None else 0)
        ledger.host(result.host_hash).pages += pages
        ledger.count("pages", pages)
    if result.reason is not None:
        ledger.host(result.host_hash).fails += 1
        ledger.count("failures")
        ledger.count(f"error:{result.reason}")
    if result.status is not None:
        ledger.count(f"status:{result.status}")
    if result.body_bytes:
        ledger.count("bytes", result.body_bytes)
