"""What a report says of itself in sentences."""

from datetime import UTC, datetime

import pytest

from crawler.audit.checks import CHECKS
from crawler.audit.crawl import FOREVER
from crawler.audit.external import Asked, Held
from crawler.cli.reporting.words import asking_lines

UNTIL = round(datetime(2026, 3, 1, 21, 58, 32, tzinfo=UTC).timestamp() * 1000)


def said(**values) -> list[str]:
    nothing = {"refused": (), "unreached": 0, "held": (), "over": 0}
    return list(asking_lines(Asked(**{**nothing, **values}), " --job other"))


def test_who_was_answered_in_full_hears_nothing():
    assert said() == []


@pytest.mark.parametrize(
    ("until", "is_crawled", "why"),
    [
        (UNTIL, False, "it is to be left alone until 2026-03-01 21:58:32 UTC"),
        (FOREVER, False, "it is paused (crawler resume a.example --job other goes on)"),
        (None, False, "it answered 429 or 503; the same command asks again"),
        (None, True, "the crawl that runs asks this host"),
    ],
)
def test_a_host_that_was_left_alone_is_named_with_the_reason(until, is_crawled, why):
    """Whether to wait a minute, to resume it, or to raise a bound could not be told apart."""
    held = Held(host="a.example", urls=5, until=until, is_crawled=is_crawled)
    assert said(held=[held]) == [f"5 URLs of a.example were not asked for: {why}"]


def test_very_many_hosts_are_counted():
    """A thousand lines would hide what matters."""
    held = [Held(host=f"h{n}", urls=2, until=UNTIL, is_crawled=False) for n in range(1000)]
    lines = said(held=held, refused=[f"10.0.0.{n}" for n in range(1, 9)])
    assert len(lines) == 7
    assert lines[0].endswith("10.0.0.5 and 3 more hosts; --allow-net opens a range")
    assert lines[-1].startswith("1,990 URLs of 995 more hosts likewise")


def test_what_the_top_of_the_page_advises_is_no_flag():
    """Who gets the page has no terminal."""
    assert [check.name for check in CHECKS if "--" in check.advice + check.meaning] == []
