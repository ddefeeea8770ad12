"""`crawler inspect --sql`: one question about the records and the frontier, answered."""

from collections.abc import Sequence
from pathlib import Path

import typer

from crawler.cli.output import write
from crawler.cli.records.files import Tally, find_sources
from crawler.cli.records.job_behind import job_behind
from crawler.cli.records.record_filter import RecordFilter
from crawler.cli.sql.engine import open_engine
from crawler.cli.sql.output import csv_text, json_lines, table_lines

SHAPES = {"table": table_lines, "json": json_lines, "csv": csv_text}


def show_answer(paths: Sequence[Path], sql: str, wanted: RecordFilter | None, shape: str) -> None:
    """Print what a query finds.

    Raises:
        ConfigError: DuckDB is missing, or the query is wrong.
    """
    tally = Tally()
    sources = find_sources(paths, tally)
    for note in tally.notes:
        typer.echo(f"warning: {note}", err=True)
    job = job_behind(paths[0]) if len(paths) == 1 else None
    with open_engine(sources, job, wanted) as engine:
        write(SHAPES[shape](engine.ask(sql)))
