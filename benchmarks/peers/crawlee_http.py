"""Crawlee for Python in its fastest form: HttpCrawler, memory storage, our page handling.

python -m benchmarks.peers.crawlee_http SEEDS OUTPUT ours|plain
"""

import asyncio
import logging
import sys
from pathlib import Path

from crawlee import ConcurrencySettings
from crawlee.crawlers import HttpCrawler, HttpCrawlingContext
from crawlee.http_clients import ImpitHttpClient
from crawlee.storage_clients import MemoryStorageClient

from benchmarks.peers.handling import Handling

CONCURRENCY = 16


async def crawl(seeds: list[str], output: Path, way: str) -> int:
    """Crawl the hosts of the seeds; return how many pages were written."""
    with Handling(seeds, output, way) as handling:
        crawler = HttpCrawler(
            http_client=ImpitHttpClient(persist_cookies_per_session=False),
            storage_client=MemoryStorageClient(),
            concurrency_settings=ConcurrencySettings(
                min_concurrency=CONCURRENCY,
                max_concurrency=CONCURRENCY,
                desired_concurrency=CONCURRENCY,
            ),
            use_session_pool=False,
            configure_logging=False,
        )

        @crawler.router.default_handler
        async def handle(context: HttpCrawlingContext) -> None:
            response = context.http_response
            body = await response.read()
            links = handling.page(context.request.url, body, response.headers.get("content-type"))
            if links:
                await context.add_requests(links)

        await crawler.run(seeds)
        return handling.pages


def main() -> None:
    """Run one crawl."""
    logging.basicConfig(level=logging.ERROR)
    seeds = Path(sys.argv[1]).read_text().split()
    print("pages", asyncio.run(crawl(seeds, Path(sys.argv[2]), sys.argv[3])))


if __name__ == "__main__":
    main()
