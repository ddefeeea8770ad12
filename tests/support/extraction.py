"""Callbacks called as a reader calls them."""

from pathlib import Path
from typing import Any

from crawler.conf.load import load_settings
from crawler.conf.plan import make_plan
from crawler.model.extraction import ExtractTable
from crawler.model.extras import Extras
from crawler.model.plan import Plan
from crawler.model.result import Fetched
from crawler.pipeline.callbacks.callbacks import Callbacks
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.parameters import Parameters

PAGE = "http://shop.example/list/"


def plan_with(directory: Path, *tables: ExtractTable, **changes: Any) -> Plan:
    """Return the plan of a crawl with these tables; `changes` are those of `Plan`."""
    made = make_plan(load_settings({"job": str(directory / "job")}, {}, directory))
    return made._replace(extract=tables, **changes)


def table_of(directory: Path, code: str, name: str) -> ExtractTable:
    """Write a module beside a crawl file; return the table that calls its `parse`."""
    (directory / f"{name}.py").write_text(code, "utf-8")
    place = "crawl.toml, line 3: [[extract]]"
    return ExtractTable(match="*", python=f"{name}:parse", place=place, directory=directory)


async def called(directory: Path, code: str, name: str, **changes: Any) -> Extras:
    """Return what a page has after a callback, given as source, saw it."""
    table = table_of(directory, code, name)
    plan = plan_with(directory, table, **changes)
    extras = Extras()
    extras.fields = {"kept": 1}
    callbacks = Callbacks(plan, LinkResolver(Parameters(plan.strip_params)))
    await callbacks.call(PAGE, fetched(), None, extras)
    return extras


def fetched(body: bytes = b"{}", content_type: str = "application/json") -> Fetched:
    return Fetched(
        attempts=1,
        started_at=0,
        elapsed_ms=1,
        status=200,
        headers={"content-type": content_type},
        body=body,
        truncated=False,
    )
