"""Robots metas and X-Robots-Tag: what addresses us, and what it asks."""

import pytest

from crawler.policy.directives import NO_DIRECTIVES, Directives, read_directives


@pytest.mark.parametrize(
    ("metas", "header", "nofollow", "noindex", "text"),
    [
        ({}, None, False, False, None),
        ({}, "", False, False, None),
        ({"description": "nofollow"}, None, False, False, None),
        ({"robots": " , "}, None, False, False, None),
        ({"robots": "index, follow"}, None, False, False, "index, follow"),
        ({"robots": " NoIndex ,NOFOLLOW"}, None, True, True, "noindex, nofollow"),
        ({"robots": "none"}, None, True, True, "none"),
        ({"quasicrawler": "nofollow"}, None, True, False, "nofollow"),
        ({"robots": "noindex", "quasicrawler": "nofollow"}, None, True, True, "noindex, nofollow"),
        ({"googlebot": "nofollow"}, None, False, False, None),
        ({}, "nofollow", True, False, "nofollow"),
        ({}, "quasicrawler: nofollow", True, False, "nofollow"),
        ({}, "QuasiCrawler : NoFollow, noindex", True, True, "nofollow, noindex"),
        ({}, "otherbot: nofollow, noindex", False, False, None),
        ({}, "noindex, otherbot: nofollow", False, True, "noindex"),
        ({}, "otherbot: none, quasicrawler: nofollow", True, False, "nofollow"),
        ({}, "quasi: nofollow", False, False, None),
        ({}, "max-snippet: 20, nofollow", True, False, "max-snippet: 20, nofollow"),
        (
            {},
            "unavailable_after: 25 Jun 2030 15:00:00 GMT, nofollow",
            True,
            False,
            "unavailable_after: 25 jun 2030 15:00:00 gmt, nofollow",
        ),
        ({"robots": "noindex"}, "noindex, nofollow", True, True, "noindex, nofollow"),
        ({"robots": "notnofollow"}, None, False, False, "notnofollow"),
    ],
)
def test_directives(
    metas: dict[str, str], header: str | None, nofollow: bool, noindex: bool, text: str | None
) -> None:
    """Links would be followed that a site asked us not to; or a rule for another robot obeyed."""
    found = read_directives(metas, header, "QuasiCrawler")
    assert found == Directives(nofollow=nofollow, noindex=noindex, text=text)


def test_a_page_without_directives_costs_no_object() -> None:
    """Nearly every page would pay for what nearly none has."""
    assert read_directives({"description": "x"}, None, "QuasiCrawler") is NO_DIRECTIVES


def test_a_huge_header_is_cut() -> None:
    """One header could make a record of any size."""
    found = read_directives({}, ",".join(map(str, range(10_000))) + ",nofollow", "QuasiCrawler")
    assert found.nofollow
    assert found.text is not None
    assert len(found.text) <= 1024
