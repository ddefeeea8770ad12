"""What a run does otherwise than the one before it: every change is shown, none is missed."""

import json
from pathlib import Path

import pytest

from crawler.errors import ConfigError
from crawler.model.site import Site
from crawler.pipeline.changed_rules.identity import RULES, changes_of, identity_of
from crawler.policy.parameters import DEFAULT_NAMES
from tests.support.fetch import make_plan

SECRET = "s3cret"


def changes(before=None, **now):
    return changes_of(make_plan(**now), identity_of(make_plan(**(before or {}))))


@pytest.mark.parametrize(
    ("before", "now", "shown"),
    [
        ({}, {"scope": "prefix"}, "scope was host, is now prefix"),
        ({}, {"exclude": ("*b*",)}, "exclude was unset, is now *b*"),
        ({"include": ("*a*", "*ü*")}, {}, "include was *a* *ü*, is now unset"),
        ({"max_depth": 1}, {"max_depth": 3}, "depth was 1, is now 3"),
        ({}, {"robots": False}, "robots was true, is now false"),
        ({}, {"product_token": "Other"}, "product_token was QuasiCrawler, is now Other"),
        ({"max_pages": 5}, {"max_pages": 7}, "max_pages was 5, is now 7"),
        ({"max_time_ms": 90_000}, {}, "max_time was 90s, is now unset"),
        ({}, {"delay_ms": 1_500}, "delay was 0s, is now 1.5s"),
        ({"strip_params": DEFAULT_NAMES}, {}, "strip_params was default, is now unset"),
        ({}, {"allow_net": ()}, "allow_net was 127.0.0.0/8 ::1/128, is now unset"),
    ],
)
def test_every_change_is_shown_as_it_is_typed(before, now, shown):
    assert changes(before, **now).shown == (shown,)


def test_no_change_is_none():
    assert changes() == changes_of(make_plan(scope="any"), {})
    assert not changes(headers=(("Cookie", "x"),), concurrency=1).shown


def test_sites_are_compared_one_by_one():
    one = Site(match="a.example", exclude=("*x*",), delay_ms=500)
    two = Site(match="*.example", cookie_jar=True)
    assert changes(sites=(one,)).shown == ("site a.example is new",)
    assert changes({"sites": (one,)}).shown == ("site a.example is gone",)
    now = Site(match="a.example", exclude=("*x*",), delay_ms=None, max_depth=2)
    assert changes({"sites": (one, two)}, sites=(now, two)).shown == (
        "site a.example: depth was unset, is now 2",
        "site a.example: delay was 500ms, is now unset",
    )
    assert changes({"sites": (one, two)}, sites=(two, one)).shown == ("sites have another order",)


def test_nothing_secret_is_stored_or_shown():
    site = Site(
        match="a.example",
        headers=(("X-Key", SECRET),),
        cookies=(("session", SECRET),),
        credentials=("me", SECRET),
    )
    plan = make_plan(sites=(site,), headers=(("X-Key", SECRET),))
    assert SECRET not in json.dumps(identity_of(plan))
    assert SECRET not in str(changes(sites=(site,)))


@pytest.mark.parametrize(
    ("now", "judging", "wider", "robots", "mode"),
    [
        ({}, False, False, False, False),
        ({"max_pages": 3, "delay_ms": 9, "strip_params": ("a",)}, False, False, False, False),
        ({"scope": "prefix"}, True, False, False, True),
        ({"scope": "any"}, True, True, False, True),
        ({"exclude": ("*b*",)}, True, False, False, False),
        ({"max_depth": 3}, True, False, False, False),
        ({"robots": False}, False, False, True, False),
        ({"sitemaps": False}, True, False, False, False),
        ({"product_token": "Other"}, False, False, True, False),
        ({"sites": (Site(match="a.example", user_agent="Other/1"),)}, False, False, True, False),
        ({"sites": (Site(match="a.example", scope="any"),)}, True, True, False, True),
        ({"sites": (Site(match="a.example", credentials=("a", "b")),)}, True, True, False, False),
        ({"sites": (Site(match="a.example", delay_ms=1),)}, False, False, False, False),
    ],
)
def test_what_has_to_be_done_for_a_change(now, judging, wider, robots, mode):
    found = changes(**now)
    assert (found.judging, found.wider, found.robots, found.mode) == (judging, wider, robots, mode)


def test_another_output_is_refused(tmp_path: Path):
    """Records in two places are a crawl that nothing reads as one."""
    with pytest.raises(ConfigError, match=r"output is .*pages.*--fresh"):
        changes(output=tmp_path)


def test_a_job_of_an_older_version_is_taken_as_it_is():
    """It knew no sites; what it did not store is no change."""
    meta = identity_of(make_plan())
    rules = json.loads(meta[RULES])
    del rules["sites"]
    old = {RULES: json.dumps(rules)}
    assert changes_of(make_plan(), old) == changes()
    site = Site(match="a.example", scope="any")
    assert changes_of(make_plan(sites=(site,)), old).shown == ("site a.example is new",)
