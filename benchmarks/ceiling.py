"""The ceiling: our fetch and page handling over a known list, one process, no frontier, no queue.

Its CPU is measured inside and without start-up, so it is what no crawl can reach.
    python -m benchmarks.ceiling MANIFEST OUTPUT
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from crawler.clock import job_clock
from crawler.conf.load import load_settings
from crawler.conf.plan import make_plan
from crawler.extract.metadata import metadata
from crawler.extract.record import make_record
from crawler.fetch.fetcher import Fetcher
from crawler.model.plan import Plan
from crawler.model.result import Fetched
from crawler.model.url import host_key
from crawler.model.work import Item
from crawler.parse.content_type import header_charset
from crawler.parse.html import parse_html
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.directives import read_directives

CONCURRENCY = 16


def plan() -> Plan:
    """Return the plan of `crawler start --delay 0 --per-host 16 -c 16`."""
    flags = {
        "delay": "0",
        "per_host": str(CONCURRENCY),
        "concurrent_tasks_per_process": str(CONCURRENCY),
        "allow_net": ["127.0.0.0/8"],
    }
    return make_plan(load_settings(flags, {}, Path()))


def items(urls: list[str], now_ms: int) -> Iterator[Item]:
    """Yield the list as leased items; made while the clock runs, as a queue's would be."""
    for number, url in enumerate(urls):
        yield Item(
            kind="page",
            url=url,
            host=host_key(url),
            host_hash=0,
            url_hash=number,
            ref=number,
            lease_id=number,
            claimed_at=now_ms,
            lease_until=now_ms + 3_600_000,
            depth=1,
            priority=5,
            tries=0,
            visit=1,
            delay_ms=0,
            rules_version=0,
            seed=False,
            chain=(),
            parent=None,
            verdict=None,
            alone=False,
            etag=None,
            last_modified=None,
            content_hash=None,
        )


async def crawl(urls: list[str], output: Path) -> dict[str, float]:
    """Fetch and handle the list; return pages, CPU and wall seconds."""
    settings = plan()
    now = job_clock(settings.clock_offset_ms)
    fetcher = Fetcher(settings, now)
    await fetcher.open()
    resolver = LinkResolver()
    pages = 0
    with output.open("wb") as lines:

        async def work() -> None:
            nonlocal pages
            for item in queue:
                result = await fetcher.fetch(item)
                if not isinstance(result, Fetched):
                    raise TypeError(f"{item.url}: {result}")
                content_type = result.headers.get("content-type")
                document = parse_html(
                    result.body,
                    url=item.url,
                    header_charset=header_charset(content_type),
                    resolver=resolver,
                )
                directives = read_directives(
                    document.metas, result.headers.get("x-robots-tag"), settings.product_token
                )
                record = make_record(
                    item,
                    result=result,
                    now=now(),
                    document=document,
                    metadata=metadata(document),
                    directives=directives,
                )
                lines.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
                pages += 1

        cpu, wall = time.process_time(), time.perf_counter()
        queue = items(urls, now())
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CONCURRENCY):
                tasks.create_task(work())
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    await fetcher.close()
    return {"pages": pages, "cpu_s": cpu, "wall_s": wall}


def main() -> None:
    """Run once and print the figures as JSON."""
    urls = json.loads(Path(sys.argv[1]).read_text())["urls"]
    print(json.dumps(asyncio.run(crawl(urls, Path(sys.argv[2])))))


if __name__ == "__main__":
    main()
