"""Plans for tests: everything allowed on loopback, nothing waits long."""

from pathlib import Path

from crawler.clock import new_offset_ms
from crawler.model.plan import Plan


def a_plan(tmp_path: Path) -> Plan:
    """A small, fast plan; change it with `dataclasses.replace`."""
    return Plan(
        job=tmp_path,
        output=tmp_path / "pages",
        user_agent="QuasiCrawler/test (+tests@example.org)",
        product_token="QuasiCrawler",
        concurrency=8,
        per_host=4,
        delay_ms=0,
        connect_timeout_ms=1_000,
        timeout_ms=5_000,
        retries=3,
        retry_base_ms=10,
        window_ms=10_000,
        lease_ms=120_000,
        scope="host",
        include=(),
        exclude=(),
        max_depth=None,
        max_pages=None,
        max_pages_per_host=None,
        max_time_ms=None,
        max_body_bytes=1_000_000,
        max_total_bytes=None,
        max_wait_ms=300_000,
        max_failures=None,
        robots=True,
        headers=(),
        allow_net=("127.0.0.0/8",),
        proxy=None,
        part_max_bytes=256_000_000,
        part_max_age_ms=3_600_000,
        robots_max_age_ms=86_400_000,
        max_crawl_delay_ms=30_000,
        cache_redis_url=None,
        clock_offset_ms=new_offset_ms(),
    )
