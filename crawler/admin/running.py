"""The admin server of one run: opened, announced in the job, closed."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from crawler.admin.door import listen_at
from crawler.admin.metrics import Disks
from crawler.admin.server import AdminOrders, AdminServer
from crawler.admin.watch import Watch
from crawler.clock import job_clock
from crawler.frontier.sqlite import SqliteFrontier
from crawler.job.directory import FILE_MODE, Job
from crawler.job.lock import holder
from crawler.model.plan import Plan
from crawler.pipeline.store import frontier_options
from crawler.pipeline.watching.progress import patience_ms
from crawler.ports import Frontier

FILE_NAME = "admin.json"


def refuse_taken(address: str, job: Job) -> None:
    """Look whether the address can be had, before a job is made there, or moved aside.

    Of a job that a crawl works in, the lock has more to say.

    Raises:
        ConfigError: it cannot be used.
    """
    if holder(job.root) is None:
        host, _, port = address.rpartition(":")
        listen_at(host, int(port)).close()


@asynccontextmanager
async def admin_server(
    plan: Plan, job: Job, address: str, token: str | None
) -> AsyncIterator[Watch]:
    """Serve until the block ends; `JOB/admin.json` says where.

    Raises:
        ConfigError: the address cannot be used, or needs a token.
    """

    async def open_store() -> Frontier:
        frontier = SqliteFrontier(job.frontier, frontier_options(plan), read_only=True)
        await frontier.open()
        return frontier

    server = AdminServer(
        AdminOrders(
            address=address,
            token=token,
            disks=Disks(job.root, job.pages, plan.min_free_bytes),
            ships=plan.on_part_sealed is not None,
            patience_ms=patience_ms(plan.timeout_ms),
            now=job_clock(plan.clock_offset_ms),
            open_store=open_store,
        )
    )
    url = server.open()
    file = job.root / FILE_NAME
    try:
        _announce(job, url)
        yield server.watch
    finally:
        with suppress(OSError):
            file.unlink()
        await server.close()


def _announce(job: Job, url: str) -> None:
    """Say where the server is, to whoever may read the job; never with the token."""
    file = job.root / FILE_NAME
    beside = file.with_suffix(".new")
    text = json.dumps({"url": url, "pid": os.getpid()}) + "\n"
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, FILE_MODE)
    with os.fdopen(fd, "w") as out:
        out.write(text)
    beside.replace(file)
