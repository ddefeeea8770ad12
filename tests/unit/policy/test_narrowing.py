"""When in doubt, rules may be wider: reading for nothing costs time, not reading loses pages."""

import pytest

from crawler.policy.narrowing import judges_otherwise, may_be_wider

RULES = {"scope": "host", "include": [], "exclude": [], "depth": None, "sites": []}
SITE = {"match": "a.example", "exclude": ["*x*"]}


@pytest.mark.parametrize(
    ("before", "now", "wider"),
    [
        ({}, {}, False),
        ({}, {"scope": "prefix"}, False),
        ({"scope": "prefix"}, {}, True),
        ({"scope": "any"}, {"scope": "domain"}, False),
        ({"scope": "page"}, {"scope": "any"}, True),
        ({}, {"exclude": ["*a*"]}, False),
        ({"exclude": ["*a*"]}, {"exclude": ["*b*", "*a*"]}, False),
        ({"exclude": ["*a*"]}, {"exclude": ["*b*"]}, True),
        ({"exclude": ["*a*"]}, {}, True),
        ({}, {"include": ["*a*"]}, False),
        ({"include": ["*a*"]}, {}, True),
        ({"include": ["*a*", "*b*"]}, {"include": ["*b*"]}, False),
        ({"include": ["*a*"]}, {"include": ["*a*", "*b*"]}, True),
        ({"include": ["*a*"]}, {"include": ["*ab*"]}, True),
        ({}, {"scope": "prefix", "include": ["*a*"], "exclude": ["*b*"]}, False),
        ({"exclude": ["*b*"]}, {"scope": "prefix"}, True),
        ({"depth": 1}, {"depth": 3}, False),
        ({}, {"cookie_domains": ["a.example"]}, False),
        ({"cookie_domains": ["a.example"]}, {}, True),
        ({"depth": 3}, {"depth": 1}, False),
        ({}, {"sites": [SITE]}, True),
        ({"sites": [SITE]}, {}, True),
        ({"sites": [SITE]}, {"sites": [SITE | {"delay_ms": 5}]}, False),
        ({}, {"sites": [{"match": "a.example", "delay_ms": 5}]}, False),
        ({"sites": [SITE, SITE | {"match": "*"}]}, {"sites": [SITE | {"match": "*"}, SITE]}, True),
        ({"sites": [SITE]}, {"sites": [SITE | {"known": True}]}, True),
    ],
)
def test_only_what_can_only_take_away_is_not_wider(before, now, wider):
    assert may_be_wider(RULES | before, RULES | now) is wider


@pytest.mark.parametrize(
    ("now", "otherwise"),
    [
        ({}, False),
        ({"depth": 3}, True),
        ({"scope": "any"}, True),
        ({"include": ["*"]}, True),
        ({"exclude": ["*"]}, True),
        ({"sites": [SITE]}, True),
        ({"sites": [{"match": "a.example", "delay_ms": 5}]}, False),
        ({"robots": False}, False),
        ({"cookie_domains": ["a.example"]}, True),
    ],
)
def test_what_makes_judging_necessary(now, otherwise):
    assert judges_otherwise(RULES, RULES | now) is otherwise
