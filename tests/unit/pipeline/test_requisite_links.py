"""From the requisites of pages to links."""

from crawler.pipeline.requisites import RequisiteLinks
from crawler.policy.admission import Admission
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.scope import Scope
from tests.support.fetch import NOW, make_item, make_plan

PAGE = make_item("http://h/page")
URLS = ["http://h/page", "http://cdn/a.css", "http://cdn/ads/x.js", "http://h/b.png", "http://h/c"]


def new_links(limit: int = 200) -> RequisiteLinks:
    scope = Scope("host", [PAGE.url], (), ("*/ads/*",))
    return RequisiteLinks(
        make_plan(requisites=True, max_requisites=limit), Admission(scope, NOW), LinkResolver()
    )


def test_what_pages_share_has_one_verdict() -> None:
    """Each page would pay for the verdicts of the one before, and refusals would be counted so."""
    found = new_links()
    links, refusals = found.of_page(PAGE, URLS)
    assert [link.url for link in links] == ["http://cdn/a.css", "http://h/b.png", "http://h/c"]
    assert refusals == ["exclude"]
    found.known.add([link.url for link in links], 0)
    assert found.of_page(make_item("http://h/other"), URLS[1:]) == ([], [])


def test_of_one_page_only_so_many_whatever_is_known() -> None:
    """A page with endless images would be a crawl of its own, a piece more at each sighting."""
    found = new_links(limit=2)
    links, refusals = found.of_page(PAGE, URLS)
    assert [link.url for link in links] == ["http://cdn/a.css"]
    assert sorted(refusals) == ["exclude", "requisite_count", "requisite_count"]
    found.known.add([link.url for link in links], 0)
    assert found.of_page(PAGE, URLS) == ([], ["requisite_count"] * 2)
