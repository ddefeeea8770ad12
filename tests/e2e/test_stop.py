"""SIGTERM and Ctrl-C: out without waiting for slow fetches, all that was fetched is recorded, the
next run goes on."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once, poll
from tests.support.site import TestSite

pytestmark = pytest.mark.timeout(900)

FLAGS = ("--delay", "0", "--per-host", "8", "-p", "2", "-c", "32")
LIMIT_SECONDS = 30
"""Ten seconds are promised (service managers kill after them); `test_dealer_end.py` adds them up. A
loaded machine may take longer, but not as long as the fetches that are held: a minute."""


@pytest.fixture
def site() -> Iterator[TestSite]:
    with TestSite(hosts=4, pages_per_host=25, held=8) as running:
        yield running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["sigterm", "ctrl-c"])
def test_stops_in_time_with_slow_fetches_open(
    site: TestSite, tmp_path: Path, number: signal.Signals, rounds: Callable[[int, int], int]
) -> None:
    """The stock library waits its whole grace, or hangs in a lock when Ctrl-C hits every
    process."""
    for turn in range(rounds(2, 25)):
        site.hold()
        crawl = Crawl(tmp_path / f"job-{turn}", site.seeds_file, *FLAGS).start()
        site.wait_until(lambda requests: sum(r.ended_ns is None for r in requests) >= 20)
        begun = time.monotonic()
        crawl.signal_group(number)
        assert crawl.wait() == 128 + number
        assert time.monotonic() - begun < LIMIT_SECONDS
        assert not crawl.group()
        site.release()
        assert crawl.run() == 0, crawl.err
        assert_exactly_once(crawl, site.urls)


def test_what_was_served_before_the_stop_is_recorded(site: TestSite, tmp_path: Path) -> None:
    """A page that the server had answered would be fetched again after the restart."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FLAGS).start()
    requests = site.wait_until(lambda requests: sum(r.ended_ns is None for r in requests) >= 20)
    crawl.signal_group(signal.SIGTERM)
    assert crawl.wait() == 128 + signal.SIGTERM
    served = {r.url for r in requests if r.status == 200 and not r.path.endswith("robots.txt")}
    assert served <= set(crawl.counts())
    poll(lambda: not site.open_requests(), "the connections of the crawl to close")
