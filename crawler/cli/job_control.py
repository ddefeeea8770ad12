"""What the commands that steer a crawl share: the job's store, the process, what was heard."""

import asyncio
import difflib
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from crawler.clock import job_clock, new_offset_ms
from crawler.errors import ConfigError, StorageError, UrlRejected

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from crawler.job.lock import Holder
    from crawler.model.plan import Plan
    from crawler.ports import Frontier, Now

HEARD_WITHIN_S = 3.0
"""A crawl that runs looks twice a second."""
_POLL_S = 0.05
_MOST_COMPARED = 20_000


class OpenJob(NamedTuple):
    """A job whose store is open."""

    job: Path
    frontier: "Frontier"
    plan: "Plan"
    """As its last start had it, as far as the store's work depends on it."""
    now: "Now"

    @property
    def flag(self) -> str:
        """What a command in a hint needs to mean this job, a blank before it, or nothing."""
        from crawler.job.directory import job_flag

        return job_flag(self.job)

    def holder(self) -> "Holder | None":
        """Return who crawls it now."""
        from crawler.job.lock import holder

        return holder(self.job)

    async def is_heard(self) -> bool:
        """Wait until the crawl that runs has taken in what was asked for; False if none does."""
        deadline = asyncio.get_running_loop().time() + HEARD_WITHIN_S
        counters = await self.frontier.counters()
        order = counters.get("orders", 0)
        while counters.get("orders_heard", 0) < order:
            if self.holder() is None or asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_POLL_S)
            counters = await self.frontier.counters()
        return self.holder() is not None

    async def host_of(self, text: str) -> str:
        """Return the host that a person names; an address of a page will do."""
        from crawler.model.url import host_key
        from crawler.policy.canonicalization import canonicalize_seed

        try:
            return host_key(canonicalize_seed(text))
        except UrlRejected as rejected:
            raise ConfigError(f"no host: {rejected}") from None

    async def refuse_unknown(self, hosts: Sequence[str]) -> None:
        """Raise ConfigError for hosts that the job does not know; names one that is alike."""
        if not hosts:
            return
        rows = await self.frontier.hosts(now=self.now(), limit=_MOST_COMPARED)
        known = [row.host for row in rows]
        near = [host for host in known if _name(host) == _name(hosts[0])]
        near = near or difflib.get_close_matches(hosts[0], known, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; crawler hosts{self.flag} lists them"
        raise ConfigError(f"this job knows no host {', '.join(hosts)}{hint}")


def _name(host: str) -> str:
    """Return a host without its port; an IPv6 address has colons of its own, in brackets."""
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() and not name.endswith(":") else host


def job_path(job: str | None) -> Path:
    """Return the directory that is meant, by flag, environment or default."""
    from crawler.conf.load import load_settings

    return Path(load_settings({} if job is None else {"job": job}, os.environ, Path.cwd()).job)


@asynccontextmanager
async def open_job(job: str | None, *, read_only: bool = False) -> AsyncIterator[OpenJob]:
    """Open the store of a job, whether its crawl runs or not.

    Raises:
        ConfigError: there is no job.
        FrontierError: its store cannot be used.
    """
    from crawler.conf.load import load_settings
    from crawler.conf.plan import make_plan
    from crawler.frontier.sqlite import SqliteFrontier
    from crawler.job.directory import has_store
    from crawler.pipeline.explaining.terms import plan_of_job
    from crawler.pipeline.store import frontier_options

    settings = load_settings({} if job is None else {"job": job}, os.environ, Path.cwd())
    plan = make_plan(settings)
    if not has_store(plan.job):
        raise ConfigError(
            f"no job in {plan.job}: name one with --job, or begin one with crawler start"
        )
    path = plan.job / "frontier.db"
    reading = SqliteFrontier(path, frontier_options(plan), read_only=True)
    await reading.open()
    try:
        plan = plan_of_job(plan, await reading.meta())
    finally:
        await reading.close()
    frontier = SqliteFrontier(path, frontier_options(plan), read_only=read_only)
    await frontier.open()
    try:
        yield OpenJob(plan.job, frontier, plan, job_clock(new_offset_ms()))
    finally:
        await frontier.close()


@contextmanager
def job_log(job: Path) -> Iterator["FilteringBoundLogger"]:
    """Open the log of a job for a line on what a person did to it, whether its crawl runs or not.

    Only a crawl begins the file anew. Where there is none, or it is not ours, nothing is written.
    """
    from crawler import logs
    from crawler.job.directory import Job

    path = Job.at(job).log
    if os.access(path, os.W_OK):
        with suppress(StorageError):
            logs.configure(path, max_bytes=sys.maxsize)
    try:
        yield logs.get_logger("crawler.cli").bind(by=_user())
    finally:
        logs.close()


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def is_here(holder: "Holder") -> bool:
    """Whether a process that holds a job runs on this machine."""
    return holder.host == socket.gethostname()
