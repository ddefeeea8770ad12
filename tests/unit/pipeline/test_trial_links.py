"""The links of a tried page: those that a callback asks for are there too."""

from crawler.extract.metadata import metadata
from crawler.model.document import Document
from crawler.model.extras import ExtraLink, Extras
from crawler.model.work import Link
from crawler.pipeline.reading import Reading
from crawler.pipeline.trying.links import LinkJudge
from crawler.policy.admission import admission_of
from crawler.policy.directives import read_directives
from tests.support.fetch import NOW, make_item, make_plan

PAGE = "https://a.example/"
OUT = "https://b.example/"


def reading(*links: str, extra: tuple[ExtraLink, ...] = (), robots: str = "") -> Reading:
    document = Document(
        charset="utf-8",
        title=None,
        metas={},
        lang=None,
        canonicals=(),
        text="",
        links=list(links),
        followable=list(links),
        h1=None,
        hreflang={},
        js_required=False,
    )
    return Reading(
        document=document,
        metadata=metadata(document),
        directives=read_directives({"robots": robots}, None, "QuasiCrawler"),
        extras=Extras(links=extra),
    )


def test_links_of_a_callback_have_their_own_depth_and_reason() -> None:
    """A person would look for a link that the callback asked for, and not find it anywhere."""
    plan = make_plan(max_depth=3)
    judge = LinkJudge(plan, admission_of(plan, [PAGE], NOW), {})
    read = reading(
        PAGE + "a",
        extra=(ExtraLink(PAGE + "near", 0, 1), ExtraLink(PAGE + "far", 9), ExtraLink(OUT)),
        robots="nofollow",
    )
    added = [Link(PAGE + "near", 0, 3, 1), Link(PAGE + "far", 9, 3)]
    found = judge.links(make_item(PAGE), 404, read, added)
    assert [(link.url, link.depth, link.priority) for link in found.kept] == [(PAGE + "near", 0, 1)]
    assert {link.url: link.reason for link in found.refused} == {
        PAGE + "a": "status",
        PAGE + "far": "depth",
        OUT: "scope",
    }


def test_what_the_settlement_takes_is_kept() -> None:
    """The two would disagree about what a crawl does."""
    plan = make_plan()
    judge = LinkJudge(plan, admission_of(plan, [PAGE], NOW), {})
    found = judge.links(make_item(PAGE), 200, reading(PAGE + "a", OUT), [Link(PAGE + "a", 1, 3)])
    assert [link.url for link in found.kept] == [PAGE + "a"]
    assert found.reasons == {"scope": 1}
