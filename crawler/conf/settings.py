"""The settings of a crawl: QuasiQueue's fields with our defaults, and ours.

A field has one name everywhere: `delay` in a crawl file, `CRAWLER_DELAY` in the environment. Times
are seconds and sizes bytes, because that is what a bare number means; both may have units.
Values that depend on one another are checked in `crawler.conf.plan`.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from crawler.conf import agent, checks
from crawler.conf.kinds import (
    BYTES,
    NONE,
    NONE_OR_BYTES,
    NONE_OR_RECRAWL,
    NONE_OR_SECONDS,
    NONE_OR_SOME_SECONDS,
    PATH,
    Bytes,
    Depth,
    Headers,
    Limit,
    Networks,
    ParameterNames,
    Positive,
    Seconds,
    Words,
    optional,
)
from crawler.conf.late import loaded_late
from crawler.conf.masking import masked
from crawler.conf.sites import SiteTable
from crawler.model.plan import Packing, Store
from crawler.model.site import ScopeMode
from crawler.policy.parameters import DEFAULT_NAMES

# QuasiQueue imports psutil to end its processes in its own way, which is not used here.
with loaded_late("psutil"):
    from quasiqueue.settings import Settings as QueueSettings

ENV_PREFIX = "CRAWLER_"
MAX_PROCESSES = 8
INTERNAL = frozenset({"clock_offset_ms"})
"""Fields that travel to the readers but that nobody sets."""


def _cores() -> int:
    """Cores that this process may run on, at most 8: more readers starve the parent first."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MAX_PROCESSES)
    return min(os.cpu_count() or 1, MAX_PROCESSES)


def _clock_offset_ms() -> int:
    """Wall clock minus monotonic clock, taken once, where the settings of a node are made."""
    return (time.time_ns() - time.monotonic_ns()) // 1_000_000


class Settings(QueueSettings):
    """All settings of one node. `model_dump()` is what QuasiQueue hands to the readers."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        validate_default=False,
    )

    # What to crawl, and where to.
    seeds: Words = Field(default=(), description="Seed files, URLs, or `-` for standard input")
    job: Annotated[Path, PATH] = Field(default=Path("crawl"), description="Directory of the crawl")
    output: Annotated[Path | None, NONE, PATH] = Field(
        default=None, description="Directory of the JSONL parts; none: pages in the job"
    )
    config: Annotated[Path | None, NONE, PATH] = Field(default=None, description="Crawl file")
    frontier: Annotated[str | None, NONE] = Field(
        default=None, description="The store of URLs; none: the job's own SQLite file"
    )
    fresh: bool = Field(default=False, description="Move an old job aside (only as a flag)")

    # Politeness and fetching.
    per_host: Positive = Field(default=16, description="Requests at once to a host without delay")
    delay: Seconds = Field(default=1.0, description="Between two requests to one host")
    adaptive_delay: bool = Field(
        default=False, description="Wait longer where a host is slow, never less than the delay"
    )
    timeout: Annotated[Seconds, Field(gt=0)] = Field(
        default=60.0, description="Of one try, body included"
    )
    connect_timeout: Annotated[Seconds, Field(gt=0)] = Field(
        default=10.0, description="Until a connection stands"
    )
    retries: int = Field(default=3, ge=0, le=100, description="Tries after the first one")
    retry_base: Seconds = Field(default=0.5, description="First wait before a retry, then doubled")
    robots: bool = Field(default=True, description="Obey robots.txt")
    sitemaps: bool = Field(default=True, description="Read the sitemaps that robots.txt names")
    robots_max_age: Seconds = Field(
        default=86_400.0, description="Until robots.txt is asked for again"
    )
    max_crawl_delay: Seconds = Field(default=30.0, description="Obey a Crawl-delay up to this")
    header: Headers = Field(
        default=(), description="Headers, sent only to hosts that a person named"
    )
    cookies: Annotated[Path | None, NONE, PATH] = Field(
        default=None, description="Cookie file; each goes to the hosts it was written for"
    )
    user_agent: Annotated[str | None, optional(agent.check_user_agent), NONE] = Field(
        default=None, description="The agent's name"
    )
    contact: Annotated[str | None, optional(agent.check_contact), NONE] = Field(
        default=None, description="URL or mail address in the agent's name"
    )
    proxy: Annotated[str | None, optional(checks.http_url), NONE] = Field(
        default=None, description="HTTP proxy"
    )
    allow_net: Networks = Field(default=(), description="Address ranges to reach though not public")

    # What holds for some hosts only.
    site: Annotated[tuple[SiteTable, ...], NoDecode] = Field(
        default=(), description="[[site]] tables of the crawl file"
    )

    # What is taken from pages, kept, and visited again.
    extract: Annotated[tuple[Any, ...], NoDecode] = Field(
        default=(), description="[[extract]] tables of the crawl file"
    )
    """As `conf.extract_tables` reads them: their classes are loaded for crawls that have some."""
    # The parent kills a reader whose loop stands still for 10 s; ending a call may take a while.
    extract_timeout: Annotated[Seconds, Field(gt=0, le=7)] = Field(
        default=5.0, description="Of one call of a callback"
    )
    main_text: bool = Field(default=False, description="The main text of pages in their records")
    markdown: bool = Field(default=False, description="The main text as Markdown")
    simhash: bool = Field(default=False, description="A fingerprint of the text, for near copies")
    link_details: bool = Field(default=False, description="Text and rel of links")
    store: Store = Field(default="none", description="Keep bodies: none, warc")
    store_max_bytes: Bytes = Field(
        default=1_000_000_000, description="A new part when its bodies have this size"
    )
    requisites: bool = Field(
        default=False, description="Fetch images, style sheets and scripts of pages"
    )
    max_requisites: Positive = Field(
        default=200, description="Requisites of one page or style sheet"
    )
    recrawl: Annotated[float | None, NONE_OR_RECRAWL] = Field(
        default=None, description="Visit pages again after this time"
    )
    recrawl_min: Annotated[Seconds, Field(gt=0)] = Field(
        default=3600.0, description="A page that changes often is not visited more often"
    )
    recrawl_max: Annotated[Seconds, Field(gt=0)] = Field(
        default=90 * 86_400.0, description="A page that never changes is still visited so often"
    )
    keep_running: bool = Field(default=False, description="Go on when all is done")

    # Scope and budgets.
    scope: ScopeMode = Field(default="host", description="Which links are followed")
    include: Words = Field(default=(), description="Globs: follow only these")
    exclude: Words = Field(default=(), description="Globs: follow none of these")
    strip_params: ParameterNames = Field(
        default=DEFAULT_NAMES, description="Parameters that no URL keeps; none: all are kept"
    )
    depth: Annotated[Depth | None, NONE] = Field(default=None, description="Links away from a seed")
    max_pages: Limit = Field(default=None, description="Pages in all")
    max_pages_per_host: Limit = Field(default=None, description="Pages of one host")
    max_time: Annotated[float | None, NONE_OR_SOME_SECONDS] = Field(
        default=None, description="Of one run"
    )
    max_body: Bytes = Field(default=10_000_000, description="Bodies are cut there, decoded")
    max_total_bytes: Annotated[Annotated[int, Field(gt=0)] | None, NONE_OR_BYTES] = Field(
        default=None, description="Bodies in all"
    )
    max_wait: Seconds = Field(default=300.0, description="End when all that is left waits longer")
    max_failures: Annotated[Annotated[int, Field(ge=0, le=2**62)] | None, NONE] = Field(
        default=None, description="More than these end with code 5"
    )

    # Output and node.
    part_max_bytes: Bytes = Field(default=256_000_000, description="A new part at this size")
    part_max_age: Annotated[Seconds, Field(gt=0)] = Field(
        default=3600.0, description="A new part at this age"
    )
    compress_parts: Packing = Field(
        default="none", description="Pack parts that are sealed: none, zstd"
    )
    on_part_sealed: Annotated[str | None, optional(checks.part_command), NONE] = Field(
        default=None, description="Command that gets the path of each sealed part"
    )
    http: Annotated[str | None, optional(checks.host_and_port), NONE] = Field(
        default=None, description="Address of the admin server: health, metrics, dashboard"
    )
    http_token: Annotated[str | None, optional(checks.token), NONE] = Field(
        default=None, description="What the admin server asks for; needed beyond loopback"
    )
    min_free_disk: Annotated[int, BYTES, Field(ge=0)] = Field(
        default=500_000_000,
        description="Claim nothing while less disk is free; 0: never mind",
    )
    max_reader_memory: Annotated[Annotated[int, Field(ge=200_000_000)] | None, NONE_OR_BYTES] = (
        Field(
            default=1_000_000_000,
            description="A reader process that has more is replaced; 200MB or more",
        )
    )
    cache_redis_url: Annotated[str | None, optional(checks.redis_url), NONE] = Field(
        default=None, description="Redis for robots rules; none: memory of each process"
    )
    lease: Annotated[float | None, NONE_OR_SECONDS] = Field(
        default=None, description="How long a claimed URL is held; none: as long as needed"
    )
    debug: bool = Field(default=False, description="Log everything, show tracebacks")
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="warning", description="What stderr shows; the job's log has info at least"
    )
    log_max_bytes: Bytes = Field(
        default=100_000_000, description="The job's log begins anew at this size"
    )
    log_keep: int = Field(default=5, ge=0, le=1000, description="Old logs that are kept")
    log_format: Literal["console", "json"] = Field(
        default="console", description="Of stderr: console, json"
    )
    progress: Literal["auto", "plain", "off"] = Field(
        default="auto", description="On stderr: auto, plain, off"
    )
    no_color: bool = Field(default=False, description="No colours (NO_COLOR is obeyed too)")

    # QuasiQueue's own, with defaults for our transport (docs/quasiqueue.md says why).
    num_processes: int = Field(default_factory=_cores, ge=1, le=256, description="Reader processes")
    concurrent_tasks_per_process: int = Field(
        default=64, ge=1, le=10_000, description="Tasks of each reader process"
    )
    max_queue_size: Positive = Field(default=1000, description="Claimed URLs not yet dealt")
    lookup_block_size: Positive = Field(default=200, description="URLs of one claim")
    prevent_requeuing_time: Annotated[Seconds, Field(gt=0)] = Field(
        default=10.0, description="W: no URL is offered twice within this time"
    )
    empty_queue_sleep_time: Seconds = Field(default=0.0, description="Reader's pause when idle")
    full_queue_sleep_time: Seconds = Field(
        default=0.0, description="Legacy: use full_queue_sleep_max"
    )
    full_queue_sleep_min: Seconds = Field(
        default=0.05, description="The writer's first pause when nothing can be claimed"
    )
    full_queue_sleep_max: Seconds = Field(default=0.25, description="Its longest pause")
    queue_interaction_timeout: Seconds = Field(default=0.002, description="Wait for the queue")
    graceful_shutdown_timeout: Annotated[Seconds, Field(gt=0)] = Field(
        default=8.0, description="From a signal to the end of all processes"
    )
    max_jobs_per_process: Limit = Field(
        default=None, description="Jobs until a reader process is replaced"
    )

    clock_offset_ms: int = Field(default_factory=_clock_offset_ms, repr=False)

    _sources: dict[str, str] = PrivateAttr(default_factory=dict)
    _notes: tuple[str, ...] = PrivateAttr(default=())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Look nothing up where every value is given, as `crawler.conf.load` does."""
        if settings_cls.model_fields.keys() <= init_settings().keys():
            return (init_settings,)
        return (init_settings, env_settings, dotenv_settings, file_secret_settings)

    def remember(self, sources: dict[str, str], notes: tuple[str, ...]) -> None:
        """Keep where each value came from, and what a person should be told about them."""
        self._sources, self._notes = sources, notes

    @property
    def notes(self) -> tuple[str, ...]:
        """Warnings from loading, one line each; show them once logging works."""
        return self._notes

    def source(self, name: str) -> str:
        """Return where a field's value came from: flag, env, .env, file or default."""
        return self._sources.get(name, "default")

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Show no secret in logs and tracebacks."""
        for name, value in super().__repr_args__():
            yield name, masked(name, value) if name is not None else value
