"""The committed lines of a job, as files that DuckDB reads to their end."""

from collections.abc import Sequence
from functools import partial

from crawler.cli.records.files import Source, open_source, source_bytes
from crawler.cli.sql.files import QueryFiles
from crawler.errors import ConfigError


def part_files(files: QueryFiles, sources: Sequence[Source]) -> list[str]:
    """Add each source to `files`, as far as it counts; return their paths there.

    Raises:
        ConfigError: a part cannot be read.
    """
    paths = []
    for number, source in enumerate(sources):
        if source.path is None:
            raise ConfigError("a report is made of a job, not of standard input")
        size = source_bytes(source)
        if size is None:
            raise ConfigError(f"{source.path} was packed by another tool: unpack it first")
        paths.append(files.add(f"{number:06}.jsonl", partial(open_source, source), size))
    return paths
