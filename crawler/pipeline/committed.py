"""What a job has committed so far: its parts, and how much of each counts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crawler.frontier.sqlite import SqliteFrontier
from crawler.pipeline.changed_rules.identity import RULES
from crawler.ports import FrontierOptions, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The output of a job at one moment; a running crawl only adds to it."""

    output: Path
    parts: list[Part]
    meta: Mapping[str, str]
    """What the store remembers of the last start."""


async def committed(job: Path) -> Committed:
    """Look at a job without changing it; its `frontier.db` must exist.

    Raises:
        FrontierError: the store cannot be read.
    """
    options = FrontierOptions(delay_ms=0, per_host=1, lease_ms=0, window_ms=0, robots=True)
    frontier = SqliteFrontier(job / "frontier.db", options, read_only=True)
    await frontier.open()
    try:
        parts, meta = await frontier.parts(), await frontier.meta()
    finally:
        await frontier.close()
    output = json.loads(meta.get(RULES, "{}")).get("output")
    return Committed(output=job / (output or "pages"), parts=list(parts), meta=meta)
