"""`crawler retry`: fetch again what failed for good."""

import asyncio
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated

import typer

from crawler.cli.options import JobOption
from crawler.cli.wording import did_you_mean
from crawler.errors import ConfigError
from crawler.model.control import RETRIABLE_REASONS, Choice, Failure
from crawler.model.failures import FAILURES

_CLASS = re.compile(r"([45])xx\Z", re.IGNORECASE)
_STATUS = re.compile(r"[45]\d\d\Z")


def retry(
    *,
    error: Annotated[
        list[str] | None,
        typer.Option(
            "--error", metavar="WORD", help="Records with this error: timeout, dns ... Repeatable."
        ),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status", metavar="CODE", help="Records with this status: 503, 5xx. Repeatable."
        ),
    ] = None,
    reason: Annotated[
        list[str] | None,
        typer.Option(
            "--reason",
            metavar="WORD",
            help="Refused without a record: origin_unreachable, robots. Repeatable.",
        ),
    ] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="HOST", help="Of it alone.")] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="All errors, 429, 5xx and origin_unreachable."),
    ] = False,
    job: JobOption = None,
) -> None:
    """Let what failed for good be fetched again; without a choice, say what there is.

    A URL that has a record gets another one, of another visit. Delays and pauses hold.
    """
    wanted = _Wanted(error or [], status or [], reason or [], everything=everything)
    sys.stdout.write(asyncio.run(_retry(job, wanted, host)) + "\n")


class _Wanted:
    """What was typed."""

    def __init__(
        self, errors: list[str], statuses: list[str], reasons: list[str], *, everything: bool
    ) -> None:
        for word in statuses:
            if not (_STATUS.match(word) or _CLASS.match(word)):
                raise typer.BadParameter(f"--status must be 400 to 599, 4xx or 5xx, not {word}")
        for word in reasons:
            if word not in RETRIABLE_REASONS:
                raise typer.BadParameter(
                    f"--reason must be {' or '.join(sorted(RETRIABLE_REASONS))}, not {word}: "
                    "what your own rules refused comes back when they change"
                )
        self._named = {
            "error": frozenset(errors),
            "status": frozenset(word.lower() for word in statuses),
            "reason": frozenset(reasons),
        }
        self._everything = everything

    @property
    def is_empty(self) -> bool:
        return not self._everything and not any(self._named.values())

    def refuse_unknown(self, found: Iterable[Failure]) -> None:
        """Raise ConfigError for words that no record can have; those of the job are known."""
        known = {*FAILURES, *(failure.word for failure in found if failure.kind == "error")}
        if unknown := sorted(self._named["error"] - known):
            near = did_you_mean(unknown[0], sorted(known))
            raise ConfigError(
                f"no error is called {', '.join(unknown)}{near}: there are "
                f"{', '.join(sorted(known))}; "
                "answers of servers are --status"
            )

    def has(self, failure: Failure) -> bool:
        word = failure.word
        if word in self._named[failure.kind]:
            return True
        if failure.kind == "status" and f"{word[0]}xx" in self._named["status"]:
            return True
        if not self._everything:
            return False
        if failure.kind == "status":
            return word == "429" or word.startswith("5")
        return failure.kind == "error" or word == "origin_unreachable"


async def _retry(job: str | None, wanted: _Wanted, host_name: str | None) -> str:
    from crawler.cli.job_control import job_log, open_job
    from crawler.cli.wording import plural

    async with open_job(job) as opened:
        host = None if host_name is None else await opened.host_of(host_name)
        found = await opened.frontier.control.failures(host)
        if wanted.is_empty:
            return _what_there_is(found)
        wanted.refuse_unknown(found)
        chosen = frozenset(filter(wanted.has, found))
        choice = Choice(chosen, host)
        moved = 0
        if chosen:
            moved = await opened.frontier.control.retry(choice, now=opened.now())
        if not moved:
            return "nothing to try again"
        with job_log(opened.job) as log:
            log.info("urls_retried", urls=moved, chosen=sorted(one.word for one in chosen))
        text = f"to be fetched again: {plural(moved, 'URL')} ({_listed(found, chosen)})"
        if not await opened.is_heard():
            return f"{text}: no crawl runs, the same start takes them"
        if (await opened.frontier.counters()).get("paused"):
            return f"{text}: the crawl is paused, crawler resume{opened.flag} goes on"
        return text


def _what_there_is(found: Mapping[Failure, int]) -> str:
    if not found:
        return "nothing has failed"
    lines = [
        f"{count:>9,}  --{failure.kind} {failure.word}"
        for failure, count in sorted(found.items(), key=lambda one: (-one[1], one[0]))
    ]
    return "\n".join([*lines, "choose some of them, or --all"])


def _listed(found: Mapping[Failure, int], chosen: frozenset[Failure]) -> str:
    some = sorted(chosen, key=lambda one: (-found[one], one))
    more = f" and {len(some) - 5} more" if len(some) > 5 else ""
    return ", ".join(f"{found[one]:,} {one.word}" for one in some[:5]) + more
