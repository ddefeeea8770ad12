"""Times between visits that cannot be kept are refused when the settings load, in one line."""

from pathlib import Path

import pytest

from crawler.conf.load import load_settings
from crawler.conf.plan import make_plan
from crawler.errors import ConfigError


def plan(folder: Path, text: str):
    (folder / "crawl.toml").write_text(text)
    return make_plan(load_settings({"config": "crawl.toml"}, {}, folder))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('recrawl = "5s"', "after 5s, which is less than prevent_requeuing_time (10s)"),
        ('recrawl = "20s"\ndelay = "30s"', "after 20s, which is less than the delay of its host"),
        ('recrawl_min = "2d"\nrecrawl_max = "1d"', "recrawl_min 2d is longer than recrawl_max 1d"),
        (
            'recrawl = "1d"\n[[site]]\nmatch = "a.example"\nrecrawl = "1m"\ndelay = "2m"',
            "recrawl of site a.example: pages would be due again after 1m",
        ),
        (
            'recrawl = "1d"\n[[site]]\nmatch = "a.example"\ndelay = "2h"',
            "recrawl of site a.example: pages would be due again after 1h (recrawl_min)",
        ),
        ('[[site]]\nmatch = "a.example"\nrecrawl = "0"', "is no time at all"),
        ('[[site]]\nmatch = "a.example"\nrecrawl = "often"', "recrawl"),
        ("recrawl = 0", "or none to visit once"),
    ],
)
def test_times_that_cannot_be_kept_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """Visits would be late for ever, or refused by the queue, and nobody would know why."""
    with pytest.raises(ConfigError, match="recrawl") as caught:
        plan(tmp_path, text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_site_may_have_times_of_its_own(tmp_path: Path) -> None:
    found = plan(
        tmp_path,
        '[[site]]\nmatch = "a.example"\nrecrawl = "2h"\n'
        '[[site]]\nmatch = "b.example"\nrecrawl = "Never"\n',
    )
    assert found.recrawl_ms is None
    assert [site.recrawl_ms for site in found.sites] == [7_200_000, 0]
    assert found.revisits
    assert not plan(tmp_path, 'recrawl = "never"').revisits
    assert not plan(tmp_path, '[[site]]\nmatch = "b.example"\nrecrawl = "never"\n').revisits


def test_nothing_is_visited_again_by_default(tmp_path: Path) -> None:
    found = plan(tmp_path, "delay = 1\n")
    assert not found.revisits
    assert not found.keep_running
