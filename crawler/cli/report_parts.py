"""The committed lines of a job as files that DuckDB reads to their end."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from crawler.cli.inspect_files import Source
from crawler.errors import ConfigError

_COPY_BYTES = 1024 * 1024


def staged(sources: Sequence[Source], scratch: Path) -> Iterator[Path]:
    """Yield one file for each source, under a name without blanks or stars; it is gone after it.

    A whole part is only linked. One that is still written to, or is packed, is copied as far as it
    counts: what comes after the committed end may vanish.

    Raises:
        ConfigError: a part cannot be read.
    """
    target = scratch / "part.jsonl"
    for source in sources:
        if source.path is None:
            raise ConfigError("a report is made of a job, not of standard input")
        try:
            if _is_whole(source, source.path):
                target.symlink_to(source.path.absolute())
            else:
                _copy(source, source.path, target)
            yield target
        except OSError as error:
            raise ConfigError(f"cannot read {source.path}: {error.strerror}") from error
        finally:
            target.unlink(missing_ok=True)


def _is_whole(source: Source, path: Path) -> bool:
    if path.suffix != ".jsonl" or not path.is_file():
        return False
    return source.limit is None or (source.sealed and path.stat().st_size == source.limit)


def _copy(source: Source, path: Path, target: Path) -> None:
    from crawler.sink.reading import open_part

    with open_part(path) as lines, target.open("wb") as copy:
        if source.limit is None:
            shutil.copyfileobj(lines, copy, _COPY_BYTES)
            return
        left = source.limit
        while left and (chunk := lines.read(min(left, _COPY_BYTES))):
            copy.write(chunk)
            left -= len(chunk)
