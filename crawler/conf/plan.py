"""From settings to the plan of a crawl: fixed units, and the checks that need several values.

A reader makes its plan from QuasiQueue's plain `model_dump()`, so pydantic is not needed here.
"""

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.conf.agent import make_agent
from crawler.conf.cookies import read_cookies
from crawler.conf.plan_sites import make_site
from crawler.conf.revisits import check_revisits
from crawler.conf.units import format_duration
from crawler.errors import ConfigError
from crawler.model.plan import Plan
from crawler.model.site import Cookie
from crawler.policy.loopback import is_loopback
from crawler.policy.site_scope import make_scope

if TYPE_CHECKING:
    from crawler.conf.settings import Settings
    from crawler.model.extraction import ExtractTable

LEASE_MARGIN_MS = 5_000
"""A reader ends its work this long before the lease does."""
_ROUND_MS = 10_000
_ENDING_MS = 1_500
"""Of a callback that does not want to end (`pipeline.time_guard`), and the loop's turn after it."""
_SQLITE = "sqlite://"
_POSTGRES = ("postgres://", "postgresql://")


def make_plan(settings: "Settings | Mapping[str, Any]") -> Plan:
    """Return the plan of these settings, or of their `model_dump()`.

    Raises:
        ConfigError: values that do not fit together.
    """
    values = settings if isinstance(settings, Mapping) else settings.model_dump()
    job = Path(values["job"])
    _check_frontier(values["frontier"], job)
    check_revisits(values)
    _check_http(values["http"], values["http_token"])
    try:
        user_agent, token = make_agent(values["user_agent"], values["contact"])
    except ValueError as error:
        raise ConfigError(f"user_agent {error}") from None
    # Each reader makes its own; a glob that cannot match is refused here, once.
    sites = tuple(make_site(table) for table in values["site"])
    make_scope("any", (), values["include"], values["exclude"], sites)
    return Plan(
        job=job,
        output=Path(values["output"] or job / "pages"),
        user_agent=user_agent,
        product_token=token,
        concurrency=values["concurrent_tasks_per_process"],
        per_host=values["per_host"],
        delay_ms=_ms(values["delay"]),
        adaptive_delay=values["adaptive_delay"],
        connect_timeout_ms=_ms(values["connect_timeout"]),
        timeout_ms=_ms(values["timeout"]),
        retries=values["retries"],
        retry_base_ms=_ms(values["retry_base"]),
        window_ms=_ms(values["prevent_requeuing_time"]),
        lease_ms=_lease_ms(values),
        scope=values["scope"],
        include=tuple(values["include"]),
        exclude=tuple(values["exclude"]),
        strip_params=tuple(values["strip_params"]),
        max_depth=values["depth"],
        max_pages=values["max_pages"],
        max_pages_per_host=values["max_pages_per_host"],
        max_time_ms=None if values["max_time"] is None else _ms(values["max_time"]),
        max_body_bytes=values["max_body"],
        max_total_bytes=values["max_total_bytes"],
        max_wait_ms=_ms(values["max_wait"]),
        max_failures=values["max_failures"],
        robots=values["robots"],
        sitemaps=values["sitemaps"],
        headers=tuple(_pair(line) for line in values["header"]),
        allow_net=tuple(values["allow_net"]),
        proxy=values["proxy"],
        part_max_bytes=values["part_max_bytes"],
        part_max_age_ms=_ms(values["part_max_age"]),
        compress_parts=values["compress_parts"],
        on_part_sealed=values["on_part_sealed"],
        min_free_bytes=values["min_free_disk"],
        robots_max_age_ms=_ms(values["robots_max_age"]),
        max_crawl_delay_ms=_ms(values["max_crawl_delay"]),
        cache_redis_url=values["cache_redis_url"],
        sites=sites,
        extract=_extract(values["extract"]),
        extract_timeout_ms=_ms(values["extract_timeout"]),
        main_text=values["main_text"],
        markdown=values["markdown"],
        simhash=values["simhash"],
        link_details=values["link_details"],
        store=values["store"],
        store_max_bytes=values["store_max_bytes"],
        requisites=values["requisites"],
        max_requisites=values["max_requisites"],
        recrawl_ms=None if values["recrawl"] is None else _ms(values["recrawl"]),
        recrawl_min_ms=_ms(values["recrawl_min"]),
        recrawl_max_ms=_ms(values["recrawl_max"]),
        keep_running=values["keep_running"],
        cookies=_cookies(values["cookies"]),
        clock_offset_ms=values["clock_offset_ms"],
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def _cookies(path: str | Path | None) -> tuple[Cookie, ...]:
    return () if path is None else read_cookies(Path(path), time.time_ns() // 1_000_000)


def _extract(tables: "Sequence[ExtractTable | Mapping[str, Any]]") -> "tuple[ExtractTable, ...]":
    if not tables:
        return ()
    from crawler.conf.plan_extract import make_extract  # noqa: PLC0415 - only for who has tables

    return make_extract(tables)


def _has_callbacks(tables: "Sequence[ExtractTable | Mapping[str, Any]]") -> bool:
    return any(table.python is not None for table in _extract(tables))


class LeaseNeeds(NamedTuple):
    """What one lease must outlast, one after the other, in ms."""

    window: int
    """No URL is offered again before that: a shorter lease would be, and be refused."""
    queue: int
    """Until a slot is free: at worst one whole try of those before it."""
    fetch: int
    """All tries, with the waits between them that a lease allows."""
    margin: int

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "LeaseNeeds":
        window, timeout = _ms(values["prevent_requeuing_time"]), _ms(values["timeout"])
        base, retries = _ms(values["retry_base"]), values["retries"]
        delay = _ms(max([values["delay"], *(table["delay"] or 0 for table in values["site"])]))
        # The back-off doubles and has up to half of it added by chance; a wait longer than the
        # window is a due time in the frontier and needs no lease.
        waits = sum(min(window, max(delay, base * 3 * 2**n // 2)) for n in range(min(retries, 40)))
        waits += window * max(0, retries - 40)
        # At worst each page of a reader has a callback that stops all others until it is ended.
        stops = _has_callbacks(values["extract"]) * values["concurrent_tasks_per_process"]
        stopped = stops * (_ms(values["extract_timeout"]) + _ENDING_MS)
        fetch = (retries + 1) * timeout + waits
        return cls(window, timeout + stopped, fetch + stopped, LEASE_MARGIN_MS)

    def __str__(self) -> str:
        return " + ".join(
            f"{name} {format_duration(part)}" for name, part in zip(self._fields, self, strict=True)
        )


def _lease_ms(values: Mapping[str, Any]) -> int:
    """Return how long a claim holds a URL: what was asked for, or what is needed."""
    needs = LeaseNeeds.of(values)
    needed = sum(needs)
    if values["lease"] is None:
        return math.ceil((needed + 1) / _ROUND_MS) * _ROUND_MS
    lease_ms = _ms(values["lease"])
    if lease_ms <= needed:
        raise ConfigError(
            f"lease {format_duration(lease_ms)} is too short: it must exceed "
            f"{needs} = {format_duration(needed)}"
        )
    return lease_ms


def _check_http(address: str | None, token: str | None) -> None:
    """Let nobody serve what a crawl does to others by mistake."""
    if address is not None and token is None and not is_loopback(address.rpartition(":")[0]):
        raise ConfigError(
            f"http {address} can be reached from other machines, so it needs a token: "
            "set CRAWLER_HTTP_TOKEN (http_token in a crawl file), or use 127.0.0.1"
        )


def _check_frontier(frontier: str | None, job: Path) -> None:
    """The store is the job's own SQLite file; say so to who asks for another."""
    if frontier is None:
        return
    if frontier.startswith(_POSTGRES):
        raise ConfigError(
            "frontier: PostgreSQL comes with a later version; leave it out to use SQLite"
        )
    own = job / "frontier.db"
    path = Path(frontier.removeprefix(_SQLITE).removeprefix("/") if "://" in frontier else frontier)
    if frontier.startswith(_SQLITE + "//"):
        path = Path("/", path)
    if (
        "://" in frontier and not frontier.startswith(_SQLITE)
    ) or path.absolute() != own.absolute():
        raise ConfigError(f"frontier: the SQLite frontier is {own}; --job moves it")
