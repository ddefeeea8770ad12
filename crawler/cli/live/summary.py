"""The last lines of a crawl: what came of it, where it is, what a person may want to do next."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from crawler.cli.live.lines import say_size, say_span
from crawler.cli.printable import printable
from crawler.cli.wording import plural
from crawler.job.directory import job_flag, shown_path

MOST_NAMED = 5
GOES_ON = {
    "signal": "the same command again",
    "max_time": "the same command again",
    "deferred": "the same command again, later",
    "paused": "crawler resume --all-hosts{job}, then the same command",
    "max_pages": "the same command with a larger --max-pages",
    "max_pages_per_host": "the same command with a larger --max-pages-per-host",
    "max_total_bytes": "the same command with a larger --max-total-bytes",
}
"""How the manifest says that it ended, and what helps; `{job}` is the flag that names the job."""


def summarise(job: Path, output: Path, *, fresh: bool) -> str:
    """Return the lines below the one that says how it ended, from the manifest of the run."""
    try:
        manifest = json.loads((job / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return ""
    return "".join(f"  {line}\n" for line in _lines(manifest, job, output, fresh=fresh))


def _lines(manifest: Mapping[str, Any], job: Path, output: Path, *, fresh: bool) -> Iterator[str]:
    counters = manifest["counters"]
    parts = manifest["parts"]
    there = [part for part in parts if not part.get("pruned")]
    size = sum((part.get("packed") or part)["bytes"] for part in there)
    records = f"{counters.get('records', 0):,} in {plural(len(parts), 'part')}"
    if len(there) < len(parts):
        records += f", of which {len(parts) - len(there):,} pruned"
    packed = " packed" if any(part.get("packed") for part in there) else ""
    yield f"records  {_shown(output)}: {records}, {say_size(size)}{packed}"
    statuses = _named(counters, "status:")
    if statuses:
        yield f"status   {statuses}"
    errors = _named(counters, "error:")
    if errors:
        yield f"errors   {errors}"
    refused = ", ".join(f"{printable(why)} {n:,}" for why, n in manifest["reasons"].items() if n)
    if refused:
        yield f"refused  {refused}"
    span_s = (_at(manifest["ended_at"]) - _at(manifest["started_at"])).total_seconds()
    fetched = say_size(counters.get("bytes", 0))
    yield f"took     {say_span(span_s)}; {fetched} fetched in all runs"
    states = manifest["states"]
    flag = job_flag(job)
    flag = f" {printable(flag)}" if flag else ""
    left = states["ready"] + states["waiting"] + states["leased"]
    how = GOES_ON.get(manifest["ended"])
    if left and how is not None:
        be = "URL is" if left == 1 else "URLs are"
        how = how.replace("{job}", flag)
        yield f"go on    {how}{' without --fresh' if fresh else ''}: {left:,} {be} left"
    yield f"look     crawler inspect{flag}"


def _named(counters: Mapping[str, int], prefix: str) -> str:
    found = [(n, name.removeprefix(prefix)) for name, n in counters.items() if prefix in name and n]
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    named = ", ".join(f"{printable(name)} {n:,}" for n, name in found[:MOST_NAMED])
    return named + (", …" if len(found) > MOST_NAMED else "")


def _shown(path: Path) -> str:
    return printable(shown_path(path))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
