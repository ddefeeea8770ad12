"""A report in sentences, for who reads only the top of it."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.audit.auditing import Audit
from crawler.audit.check import Severity
from crawler.audit.crawl import FOREVER, CrawlState
from crawler.audit.figures import Figures
from crawler.cli.wording import duration, percent, plural, size

if TYPE_CHECKING:
    from crawler.audit.external import Asked, Held

_HOSTS = 5
"""That are named in a line."""
_NOUNS: dict[Severity, str] = {"error": "error", "warning": "warning", "notice": "notice"}


def summary(state: CrawlState, audit: Audit, figures: Figures) -> list[str]:
    """Return the sentences."""
    totals = {name: value or 0 for name, value in figures.totals.items()}
    if not totals["urls"]:
        return ["The crawl has no records yet."]
    sentences = [_crawled(totals, figures), _answers(totals)]
    if figures.totals["median_ms"] is not None:
        sentences.append(
            f"Half of the answers came within {totals['median_ms']:,} ms, nine of ten within "
            f"{totals['p90_ms']:,} ms, 99 of 100 within {totals['p99_ms']:,} ms."
        )
    sentences.append(_findings(audit))
    if audit.not_checked:
        number = plural(len(audit.not_checked), "check")
        sentences.append(
            f"{number} could not be made, or not in full: see “Not checked”, where it says why."
        )
    unknown = sum(one.count for one in audit.found if one.check.name == "external_unknown")
    if totals["unreached"]:
        sentences.append(_unreached(totals["unreached"]))
    if unknown:
        sentences.append(f"{plural(unknown, 'link')} that leave the crawl could not be judged.")
    if state.left:
        running = "is still running" if state.running else "has not come to its end"
        sentences.append(
            f"The crawl {running}: {plural(state.left, 'URL')} {_are(state.left)} still to be "
            "fetched, so a page that seems to be linked from nowhere may be linked from those."
        )
    if state.too_deep:
        sentences.append(
            f"{plural(state.too_deep, 'URL')} {_are(state.too_deep)} not judged here: more links "
            "from a seed than the crawl was to go."
        )
    if state.forbidden:
        sentences.append(
            f"{plural(state.forbidden, 'URL')} {_are(state.forbidden)} not judged here: robots.txt "
            f"forbids to fetch {'it' if state.forbidden == 1 else 'them'}."
        )
    return sentences


def asking_lines(asked: "Asked", flag: str = "") -> Iterator[str]:
    """Yield what is to be said of a run that asked for what lies beyond the crawl.

    `flag` is what a command in a hint needs to mean its job.
    """
    if asked.unreached:
        yield _unreached(asked.unreached) + " The same command asks again."
    if asked.refused:
        hosts = _listed(asked.refused)
        yield f"not asked, since the address is not public: {hosts}; --allow-net opens a range"
    if asked.over:
        yield (
            f"{plural(asked.over, 'URL')} beyond the crawl {_were(asked.over)} not asked for: the "
            "number or the time was up (--max-external, --external-time); the same command asks "
            "for the rest"
        )
    for held in asked.held[:_HOSTS]:
        yield (
            f"{plural(held.urls, 'URL')} of {held.host} {_were(held.urls)} not asked for: "
            f"{_why(held, flag)}"
        )
    if more := asked.held[_HOSTS:]:
        urls = plural(sum(held.urls for held in more), "URL")
        yield f"{urls} of {plural(len(more), 'more host')} likewise: the same command asks later"


def _unreached(urls: int) -> str:
    return (
        f"{plural(urls, 'URL')} beyond the crawl could not be reached, and hardly any other was: "
        "is this machine online?"
    )


def _listed(hosts: Sequence[str]) -> str:
    more = len(hosts) - _HOSTS
    return ", ".join(hosts[:_HOSTS]) + (f" and {plural(more, 'more host')}" if more > 0 else "")


def _why(held: "Held", flag: str) -> str:
    if held.is_crawled:
        return "the crawl that runs asks this host"
    if held.until is None:
        return "it answered 429 or 503; the same command asks again"
    if held.until >= FOREVER:
        return f"it is paused (crawler resume {shlex.quote(held.host)}{flag} goes on)"
    until = datetime.fromtimestamp(held.until / 1000, UTC)
    return f"it is to be left alone until {until:%Y-%m-%d %H:%M:%S} UTC"


def _crawled(totals: dict[str, int], figures: Figures) -> str:
    text = f"The crawl fetched {plural(totals['urls'], 'URL')} of {plural(totals['hosts'], 'host')}"
    if totals["records"] > totals["urls"]:
        text += f" in {plural(totals['records'], 'visit')}"
    text += f", {size(totals['bytes'])}"
    if figures.span is not None:
        seconds = figures.span[1] - figures.span[0]
        text += f", in {duration(seconds)}"
        if seconds >= 1:
            text += f" ({totals['records'] / seconds:,.1f} a second)"
    return text + f"; {plural(totals['html'], 'HTML page')} with {plural(totals['links'], 'link')}."


def _answers(totals: dict[str, int]) -> str:
    parts = [f"{percent(totals['good'] / totals['urls'])} came as they should"]
    if totals["redirects"]:
        parts.append(f"{plural(totals['redirects'], 'redirect')}")
    if totals["bad"]:
        parts.append(f"{totals['bad']:,} answered 4xx or 5xx")
    if totals["failed"]:
        parts.append(f"{totals['failed']:,} failed without a usable answer")
    return ", ".join(parts) + "."


def _findings(audit: Audit) -> str:
    counts = [(audit.count(severity), noun) for severity, noun in _NOUNS.items()]
    if not any(count for count, _ in counts):
        return f"None of {plural(len(audit.clean), 'check')} found anything."
    found = ", ".join(plural(count, noun) for count, noun in counts if count)
    return f"{plural(len(audit.found), 'check')} found something: {found}."


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
