"""The flags that narrow what `inspect` and `export` look at, once."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crawler.cli.record_filter import RecordFilter

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
    *,
    host: list[str] | None,
    status: list[str] | None,
    error: list[str] | None,
    depth: list[str] | None,
    since: str | None,
    grep: str | None,
) -> "RecordFilter | None":
    """Return what the flags ask for; None: everything.

    Raises:
        ConfigError: a value cannot be read.
    """
    from crawler.cli.record_filter import RecordFilter, Wishes

    wishes = Wishes(
        hosts=host or (),
        statuses=status or (),
        errors=error or (),
        depths=depth or (),
        since=since,
        grep=grep,
    )
    return RecordFilter(wishes) if wishes else None
