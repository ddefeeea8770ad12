"""The flags that narrow what `inspect` and `export` look at, once."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crawler.cli.records.record_filter import RecordFilter

HostOption = Annotated[
    list[str] | None,
    typer.Option("--host", metavar="HOST", help="Only of this host; *.HOST: and those below it."),
]
StatusOption = Annotated[
    list[str] | None,
    typer.Option(
        "--status", metavar="CODE", help="Only 404, 4xx, 400-499; none: without an answer."
    ),
]
ErrorOption = Annotated[
    list[str] | None,
    typer.Option("--error", metavar="WORD", help="Only with this error, or any, or none."),
]
DepthOption = Annotated[
    list[str] | None,
    typer.Option("--depth", metavar="N", help="Only at this depth, or 0-3."),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Only since then: 7d, 12h, or 2026-01-31."),
]
GrepOption = Annotated[
    str | None,
    typer.Option("--grep", metavar="REGEX", help="Only where URL, title or text matches."),
]


def make_filter(
    paths: Sequence[Path],
    *,
    host: list[str] | None,
    status: list[str] | None,
    error: list[str] | None,
    depth: list[str] | None,
    since: str | None,
    grep: str | None,
) -> "RecordFilter | None":
    """Return what the flags ask for of these jobs and files; None: everything.

    Raises:
        ConfigError: a value cannot be read.
    """
    from crawler.cli.records.record_filter import RecordFilter, Wishes

    wishes = Wishes(
        hosts=host or (),
        statuses=status or (),
        errors=error or (),
        depths=depth or (),
        since=since,
        grep=grep,
    )
    if not wishes:
        return None
    if wishes.statuses or wishes.errors:
        from crawler.cli.records.job_behind import job_behind

        # A file may be of any crawler, also one that lies in a job.
        is_of_others = any(job_behind(path) is None for path in paths)
        wishes = replace(wishes, is_of_others=is_of_others)
    return RecordFilter(wishes)
