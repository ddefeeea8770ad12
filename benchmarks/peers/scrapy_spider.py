"""Scrapy in its fastest form: asyncio reactor on uvloop, own seen-set, our page handling.

python -m benchmarks.peers.scrapy_spider SEEDS OUTPUT ours|plain
"""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from benchmarks.peers.handling import Handling

SETTINGS = {
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_DELAY": 0,
    "DOWNLOAD_MAXSIZE": 10_000_000,
    "DOWNLOAD_WARNSIZE": 0,
    "ROBOTSTXT_OBEY": False,
    "COOKIES_ENABLED": False,
    "METAREFRESH_ENABLED": False,  # no other contender follows those
    "TELNETCONSOLE_ENABLED": False,
    "LOG_LEVEL": "ERROR",
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    "ASYNCIO_EVENT_LOOP": "uvloop.Loop",
}


class Spider(scrapy.Spider):
    """Follows what `Handling` calls new; Scrapy's own duplicate filter is passed by."""

    name = "benchmark"

    def __init__(self, seeds: list[str], handling: Handling) -> None:
        super().__init__()
        self._seeds = seeds
        self._handling = handling

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Yield the seeds."""
        for url in self._seeds:
            yield scrapy.Request(url, dont_filter=True)

    def parse(self, response: Response) -> Iterator[scrapy.Request]:
        """Handle one page."""
        content_type = response.headers.get("Content-Type")
        links = self._handling.page(
            response.url, response.body, content_type.decode("latin-1") if content_type else None
        )
        for url in links:
            yield scrapy.Request(url, dont_filter=True)


def main() -> None:
    """Run one crawl."""
    seeds = Path(sys.argv[1]).read_text().split()
    with Handling(seeds, Path(sys.argv[2]), sys.argv[3]) as handling:
        process = CrawlerProcess(SETTINGS)
        process.crawl(Spider, seeds=seeds, handling=handling)
        process.start()
        print("pages", handling.pages)


if __name__ == "__main__":
    main()
