"""Plans and items for tests of fetching."""

from pathlib import Path
from typing import Any

from crawler.model.plan import Plan
from crawler.model.url import host_key
from crawler.model.work import Item, unleased

NOW = 1_800_000_000_000

_PLAN = Plan(
    job=Path("crawl"),
    output=Path("crawl/pages"),
    user_agent="QuasiCrawler/0.1 (+mailto:test@example.org)",
    product_token="QuasiCrawler",
    concurrency=64,
    per_host=16,
    delay_ms=0,
    adaptive_delay=False,
    connect_timeout_ms=2_000,
    timeout_ms=5_000,
    retries=3,
    retry_base_ms=5,
    window_ms=10_000,
    lease_ms=300_000,
    scope="host",
    include=(),
    exclude=(),
    strip_params=(),
    max_depth=None,
    max_pages=None,
    max_pages_per_host=None,
    max_time_ms=None,
    max_body_bytes=1_000_000,
    max_total_bytes=None,
    max_wait_ms=300_000,
    max_failures=None,
    robots=True,
    sitemaps=True,
    headers=(),
    allow_net=("127.0.0.0/8", "::1/128"),
    proxy=None,
    part_max_bytes=1 << 28,
    part_max_age_ms=3_600_000,
    compress_parts="none",
    on_part_sealed=None,
    min_free_bytes=0,
    robots_max_age_ms=86_400_000,
    max_crawl_delay_ms=30_000,
    cache_redis_url=None,
    sites=(),
    extract=(),
    extract_timeout_ms=5_000,
    main_text=False,
    markdown=False,
    simhash=False,
    link_details=False,
    store="none",
    store_max_bytes=1_000_000_000,
    requisites=False,
    max_requisites=200,
    recrawl_ms=None,
    recrawl_min_ms=3_600_000,
    recrawl_max_ms=90 * 86_400_000,
    keep_running=False,
    cookies=(),
    clock_offset_ms=0,
)


def make_plan(**changes: Any) -> Plan:
    return _PLAN._replace(**changes)


def make_item(url: str, **changes: Any) -> Item:
    known = {"host": host_key(url), "host_hash": 1, "url_hash": 2, "ref": 3, "lease_id": 4}
    known |= {"lease_until": 1 << 60, "priority": 5, "rules_version": 1}
    return unleased("page", url, **known | changes)
