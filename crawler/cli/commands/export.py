"""`crawler export`: records, links, URLs or hosts as Parquet, CSV or JSON lines."""

from pathlib import Path
from typing import Annotated

import typer

from crawler.cli.options import JobOption
from crawler.cli.output import find_job
from crawler.cli.records.filter_options import (
    DepthOption,
    ErrorOption,
    GrepOption,
    HostOption,
    SinceOption,
    StatusOption,
    make_filter,
)
from crawler.errors import ConfigError


def export(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Job or output directories, or .jsonl files. [default: the job]",
            show_default=False,
        ),
    ] = None,
    *,
    job: JobOption = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Where to; - is stdout.")
    ] = "-",
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="FORMAT", help="parquet, csv or jsonl (the file's ending)."),
    ] = None,
    table: Annotated[
        str, typer.Option("--table", metavar="NAME", help="pages, links, urls or hosts.")
    ] = "pages",
    nodes: Annotated[
        str | None,
        typer.Option("--nodes", metavar="FILE", help="With links: what they join, one URL a row."),
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B", help="Only these, in this order.")
    ] = None,
    sql: Annotated[
        str | None, typer.Option("--sql", metavar="QUERY", help="What one SELECT finds instead.")
    ] = None,
    host: HostOption = None,
    status: StatusOption = None,
    error: ErrorOption = None,
    depth: DepthOption = None,
    since: SinceOption = None,
    grep: GrepOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Write records, links, URLs or hosts to a file: Parquet, CSV, JSON lines.

    Writes what a running crawl has committed so far. A file is there as a whole or not at all.
    """
    from crawler.cli.exporting.job import Export, run_export
    from crawler.cli.exporting.target import Target

    if sql is not None and (table != "pages" or columns is not None):
        raise ConfigError("--sql says itself which table and columns: leave --table and --columns")
    if nodes is not None and (table != "links" or sql is not None):
        raise ConfigError("--nodes goes with --table links")
    asked = tuple(paths or [find_job(job)])
    wanted = make_filter(
        asked, host=host, status=status, error=error, depth=depth, since=since, grep=grep
    )
    only_host = not any((status, error, depth, since, grep))
    if table == "hosts" and not only_host:
        raise ConfigError("--table hosts can be narrowed by --host alone")
    wish = Export(
        paths=asked,
        table=table,
        columns=None if columns is None else tuple(name.strip() for name in columns.split(",")),
        sql=sql,
        wanted=wanted,
    )
    main = Target.named(output, to, force=force)
    second = None if nodes is None else Target.named(nodes, None, force=force)
    for said in run_export(wish, main, second):
        typer.echo(said, err=True)
