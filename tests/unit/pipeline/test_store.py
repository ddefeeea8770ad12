"""The terms that a plan asks of the frontier, host by host."""

from crawler.model.site import Site
from crawler.pipeline.store import frontier_options, site_limits
from crawler.ports import HostTerms
from tests.support.fetch import make_plan


def test_terms_of_a_table_are_filled_up_with_the_crawls() -> None:
    """A table that only says `delay` would lift the limits that hold for the crawl."""
    sites = (
        Site(match="slow.example", delay_ms=5_000),
        Site(match="flat.example", max_depth=0, delay_ms=0, max_pages=9, per_host=2),
        Site(match="named.example", user_agent="Other/1"),
    )
    plan = make_plan(sites=sites, delay_ms=100, max_depth=7, max_pages_per_host=50)
    terms_of = frontier_options(plan).terms_of
    assert terms_of is not None
    assert terms_of("slow.example") == HostTerms(5_000, 16, 50, 7)
    assert terms_of("flat.example") == HostTerms(0, 2, 9, 0)
    assert terms_of("named.example") is None
    assert terms_of("other.example") is None
    limit_of = site_limits(plan)
    assert limit_of is not None
    assert [limit_of(f"{name}.example") for name in ("slow", "flat", "other")] == [None, 2, None]


def test_without_terms_nothing_is_looked_up() -> None:
    """Every host of every claim would be matched against tables that do not matter to it."""
    plan = make_plan(sites=(Site(match="a.example", user_agent="Other/1"),))
    assert frontier_options(plan).terms_of is None
    assert site_limits(plan) is None
