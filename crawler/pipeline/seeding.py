"""Seeding: what a person named becomes URLs of the frontier.

A source is a file of lines, a URL, or `-` for standard input. Lines that are no URL are reported
with their number and the rest is crawled.
"""

import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from crawler.errors import ConfigError, UrlRejected
from crawler.logs import get_logger
from crawler.model.plan import Plan
from crawler.model.result import Batch
from crawler.model.secret import mask_typed
from crawler.model.url import host_key, origin
from crawler.model.work import Link
from crawler.policy.canonicalization import canonicalize_seed
from crawler.policy.parameters import Parameters
from crawler.policy.sites import Sites
from crawler.ports import Frontier, Now

CHUNK = 1_000
CHUNK_WHILE_IT_RUNS = 20_000
MAX_LINE = 10_000
"""Characters of one line; a longer one is no URL."""
LOOKED_AT = 65_536
"""Bytes of each file that are looked at before any URL is stored."""
REPORTED = 20
"""Bad lines that are named one by one; the rest is counted."""
FILE_ENDINGS = (".txt", ".text", ".csv", ".tsv", ".list", ".lst", ".urls", ".json", ".jsonl", ".gz")
"""No top-level domain is called so: a name like this is a file, also if it is missing."""
MAX_NAMED_HOSTS = 100_000


@dataclass(slots=True)
class SeedReport:
    """What seeding did."""

    new: int = 0
    known: int = 0
    rejected: int = 0
    sources: list[str] = field(default_factory=list)
    roots: Sequence[str] = ()


def check_sources(sources: Sequence[str], *, needed: bool) -> None:
    """Find out before anything is made or moved whether the sources can be used at all.

    Args:
        sources: files, URLs, `-`.
        needed: there is no crawl yet that could go on without.

    Raises:
        ConfigError: they cannot.
    """
    if needed and not sources:
        raise ConfigError("no seeds: name files of URLs, URLs, or - for standard input")
    for source in sources:
        if _is_url(source):
            try:
                canonicalize_seed(source)
            except UrlRejected as rejected:
                raise ConfigError(f"cannot be crawled: {rejected}") from None
        elif source != "-" and not _is_pipe(source):
            with _opened(source) as file:
                _refuse_binary(file.read(LOOKED_AT), source, 1)


def can_be_read_again(source: str) -> bool:
    """Whether a source still says what it said: standard input and pipes are empty by then."""
    return source != "-" and not _is_pipe(source)


def _is_pipe(source: str) -> bool:
    """Whether what is read of it is gone then: `crawler start <(command)`."""
    try:
        return Path(source).is_fifo()
    except (OSError, ValueError):
        return False


async def sow(
    sources: Sequence[str],
    frontier: Frontier,
    plan: Plan,
    now: Now,
    *,
    announce: Callable[[Sequence[str]], Awaitable[None]] | None = None,
) -> SeedReport:
    """Add every seed of every source to the frontier, with its scope root.

    `announce`: the crawl may run meanwhile. Roots that are new are stored before their seeds, and
    told to it; in larger chunks, since it needs a moment to hear.

    Raises:
        ConfigError: a source cannot be read, looks binary, or holds no URL at all.
    """
    report = SeedReport(sources=list(sources))
    chunk: list[Link] = []
    roots: dict[str, None] = {}
    strip = Parameters(plan.strip_params).stripped
    known = set(await frontier.roots()) if announce is not None else set()
    size = CHUNK if announce is None else CHUNK_WHILE_IT_RUNS

    async def flush() -> None:
        if announce is not None and (new := [root for root in roots if root not in known]):
            await _add_roots(new, frontier, plan, now)
            await announce(new)
            known.update(new)
        await _add(chunk, report, frontier, now)

    for source in sources:
        valid = 0
        for number, text in _lines(source):
            try:
                url = strip(canonicalize_seed(text))
            except UrlRejected as rejected:
                _reject(report, source, number, text, rejected)
                continue
            valid += 1
            roots[root_of(url, plan)] = None
            chunk.append(Link(url, 0, None, priority=1, seed=True))
            if len(chunk) >= size:
                await flush()
        if not valid:
            raise ConfigError(f"no URL in {_name(source)}: give http or https URLs, one a line")
    await flush()
    report.roots = tuple(roots)
    if announce is None:
        await _add_roots(list(roots), frontier, plan, now)
    _warn_of_held_secrets(roots, plan)
    if report.rejected > REPORTED:
        get_logger("crawler.seeding").warning(
            "seeds_rejected", count=report.rejected, named=REPORTED
        )
    return report


def _warn_of_held_secrets(roots: Iterable[str], plan: Plan) -> None:
    """A login that is not sent looks like one that is wrong: say so, once for each table."""
    sites = Sites(plan.sites)
    if not any(site.has_secrets and not site.plain_http for site in sites):
        return
    warned: set[str] = set()
    for root in roots:
        site = sites.of(host_key(root)) if root.startswith("http://") else None
        if site and site.has_secrets and not site.plain_http and site.match not in warned:
            warned.add(site.match)
            get_logger("crawler.seeding").warning(
                "secrets_not_sent",
                seed=root,
                why="secrets of a [[site]] go over https only; to send them here too, write its "
                f"match as http://{site.match}",
            )


def read_roots(sources: Sequence[str], plan: Plan) -> list[str]:
    """Return the scope roots of these sources and store nothing; standard input is left alone.

    Raises:
        ConfigError: a source cannot be read.
    """
    return list(dict.fromkeys(root_of(url, plan) for url in read_seeds(sources, plan)))


def read_seeds(sources: Sequence[str], plan: Plan) -> Iterator[str]:
    """Yield the URLs of these sources and store nothing; standard input is left alone.

    Raises:
        ConfigError: a source cannot be read.
    """
    strip = Parameters(plan.strip_params).stripped
    for source in sources:
        for _, text in _lines(source) if source != "-" else ():
            with suppress(UrlRejected):
                yield strip(canonicalize_seed(text))


def _reject(report: SeedReport, source: str, number: int, text: str, rejected: UrlRejected) -> None:
    report.rejected += 1
    if report.rejected <= REPORTED:
        get_logger("crawler.seeding").warning(
            "seed_rejected",
            source=_name(source),
            line=number,
            text=mask_typed(text)[:200],
            why=str(rejected),
        )


async def _add(chunk: list[Link], report: SeedReport, frontier: Frontier, now: Now) -> None:
    if chunk:
        added = await frontier.add(chunk, now=now())
        report.new += added.new
        report.known += added.known
        chunk.clear()


async def _add_roots(roots: list[str], frontier: Frontier, plan: Plan, now: Now) -> None:
    for start in range(0, len(roots), CHUNK):
        await frontier.commit(Batch(roots=roots[start : start + CHUNK]), now=now())
    stored = (await frontier.meta()).get("named_origins")
    if roots and (plan.headers or stored is not None):
        named = set(json.loads(stored or "[]"))
        named.update(origin(root) for root in roots)
        if len(named) > MAX_NAMED_HOSTS:
            raise ConfigError(
                f"--header goes to named hosts only, and {len(named)} are too many to name"
            )
        await frontier.set_meta({"named_origins": json.dumps(sorted(named))})


def root_of(url: str, plan: Plan) -> str:
    """Reduce a seed to what its scope needs, so that a million seeds of one host are one root."""
    modes = {plan.scope, *(site.scope for site in plan.sites)}
    return url if modes & {"page", "prefix"} else origin(url) + "/"


def _is_url(source: str) -> bool:
    """Tell a URL, perhaps without its scheme, from the name of a file, perhaps a misspelt one."""
    if "://" in source:
        return True
    if source.startswith(("-", ".", "/")) or source.lower().endswith(FILE_ENDINGS):
        return False
    host = source.partition("/")[0]
    return ("." in host or ":" in host) and not _exists(source)


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # too long, or a NUL
        return False


def _lines(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of a source; comments and blank lines are skipped.

    Raises:
        ConfigError: it cannot be read.
    """
    if _is_url(source):
        yield 1, source
    elif source == "-":
        yield from _read(sys.stdin.buffer, source)
    else:
        with _opened(source) as file:
            yield from _read(file, source)


@contextmanager
def _opened(source: str) -> Iterator[IO[bytes]]:
    try:
        with Path(source).open("rb") as file:
            yield file
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"cannot read seeds {source}: {why}") from error


def _read(file: IO[bytes], source: str) -> Iterator[tuple[int, str]]:
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        _refuse_binary(line, source, number)
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").strip()
        if text and not text.startswith("#"):
            yield number, text
        while len(line) == MAX_LINE and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE)


def _refuse_binary(data: bytes, source: str, line: int) -> None:
    """Raise ConfigError if text that begins on `line` has a NUL; UTF-16 has many."""
    at = data.find(b"\0")
    if at >= 0:
        line += data.count(b"\n", 0, at)
        raise ConfigError(
            f"{_name(source)} looks binary (line {line}): seeds are UTF-8 text, one URL a line"
        )


def _name(source: str) -> str:
    return "standard input" if source == "-" else source
