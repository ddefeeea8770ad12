"""The lines of `crawler explain`, and the keys of its JSON."""

import json
from dataclasses import replace

import pytest

from crawler.cli.explain_view import TRAPS, lines
from crawler.pipeline.explaining.prospect import next_step
from tests.unit.pipeline.test_prospect import (
    ACCOUNT,
    ALLOWED,
    HOST,
    KNOWN,
    NOW,
    OUT,
    SITUATIONS,
    SPENT,
)

SOON = NOW + 90_000
ROBOTS = {
    "off": ({}, "not asked: --no-robots"),
    "unasked": ({}, "unknown: https://a.example/robots.txt has not been asked for yet"),
    "asked": ({}, "unknown: https://a.example/robots.txt is being fetched"),
    "allowed": ({"status": 404}, "allowed: there is no https://a.example/robots.txt (404)"),
    "forbidden": (
        {"line": 3, "rule": "Disallow: /x", "learned": "rules", "expires_at": SOON},
        "forbidden: line 3 of https://a.example/robots.txt: Disallow: /x; good until 2001-",
    ),
    "expired": (
        {"learned": "rules", "expires_at": NOW - 1000},
        "expired at 2001-09-09T01:46:39Z, 1 s ago; last known: no rule of https://a.example/",
    ),
    "deferred": (
        {"status": 503, "fetched_at": NOW - 30_000, "due_at": SOON},
        (
            "waits: https://a.example/robots.txt answered 503 (asked 2001-09-09T01:46:10Z, "
            "30 s ago); nothing is fetched before it is asked at 2001-09-09T01:48:10Z, in 90 s"
        ),
    ),
    "unreachable": (
        {"obstacle": "dns", "due_at": SOON},
        "waits: no server at https://a.example (dns); asked again at 2001-",
    ),
    "gone": (
        {"obstacle": "connect", "failures": 3},
        "given up: no server at https://a.example (connect), 3 times",
    ),
}


def text_of(**changes) -> str:
    account = replace(ACCOUNT, **changes)
    return "\n".join(lines(replace(account, next=next_step(account)), "crawl"))


def row(label: str, **changes) -> str:
    """The one line with this label."""
    found = [
        line.strip().removeprefix(label).strip()
        for line in text_of(**changes).splitlines()[1:]
        if line.strip().startswith(label)
    ]
    assert len(found) == 1, text_of(**changes)
    return found[0]


@pytest.mark.parametrize("word", ROBOTS)
def test_what_robots_says(word):
    """Missing, expired, deferred and unreachable rules differ in what a person should do."""
    changes, expected = ROBOTS[word]
    assert row("robots", robots=replace(ALLOWED, verdict=word, **changes)).startswith(expected)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"state": "done", "status": 404}, "done: status 404"),
        ({"state": "done", "reason": "reset"}, "done: no response, error reset"),
        ({"state": "dead", "reason": "robots"}, "dead: robots"),
        ({"state": "waiting", "reason": "http_503", "due_at": SOON}, "waiting: http_503, due at 2"),
        ({"state": "ready", "reason": "http_503"}, "ready, last put off: http_503"),
        ({"state": "leased", "lease_until": SOON}, "leased, until 2001-09-09T01:48:10Z, in 90 s"),
    ],
)
def test_the_state(known, expected):
    assert row("state", known=replace(KNOWN, **known)).startswith(expected)


def test_a_plain_page():
    """The whole text, as people see it."""
    host = replace(HOST, next_at=SOON, ahead=1, fails=2)
    assert text_of(host=host, budgets=(replace(SPENT, is_spent=False, limit=1_000),)) == (
        "https://a.example/x\n"
        "  job        crawl, running as process 7\n"
        "  scope      allowed: in --scope host\n"
        "  trap       none\n"
        "  robots     allowed: there is no https://a.example/robots.txt\n"
        "  depth      2 links from a seed, no limit\n"
        "  dedupe     known as https://a.example/x: another sighting changes nothing\n"
        "  budget     --max-pages: 4 of 1,000 done, 1 under way\n"
        "  state      ready\n"
        "  tries      0 visits done\n"
        "  found on   https://a.example/\n"
        "  host       a.example: every 1.5 s, next turn at 2001-09-09T01:48:10Z, in 90 s; "
        "3 ready, 0 leased, 0 waiting, 4 done, 2 failed\n"
        "  before it  1 URL of its host\n"
        "  next       it is fetched at the earliest at 2001-09-09T01:48:11Z, in 92 s, "
        "after another of its host (one request every 1.5 s)"
    )


def test_the_way_back_to_the_seed():
    """A redirect and a link must be told apart, and a long way must not fill the screen."""
    hop, page = "https://a.example/hop", "https://a.example/page"
    text = text_of(known=replace(KNOWN, redirects=(hop,), parents=(hop, page)))
    assert f"redirected from  {hop}" in text
    assert f"found on         {page}" in text
    parents = tuple(f"https://a.example/{n}" for n in range(50))
    text = text_of(known=replace(KNOWN, parents=parents))
    assert "and 40 more, back to https://a.example/49" in text
    assert row("found", known=replace(KNOWN, seed=True, parents=())) == "a seed"
    assert "wider" in row("found", known=replace(KNOWN, parents=()))


def test_what_else_is_said():
    assert row("trap", trap="hops") == "refused: hops, more than 10,000 links away from its seed"
    assert row("address", address="127.0.0.1 is private") == "refused: 127.0.0.1 is private"
    assert row("changed", changes=("a", "b")) == "a; b"
    assert row("rule", differences=("scope is any",)) == "scope is any"
    assert row("similar", known=None, similar=(("http://b/", "done"),)).startswith("http://b/ is")
    assert row("budget", budgets=(SPENT,)) == "--max-pages: 4 of 5 done, 1 under way: used up"
    assert row("crashes", known=replace(KNOWN, crashes=2)) == "2 readers died with it"
    assert row("tries", known=replace(KNOWN, tries=2)) == "0 visits done, 2 tries in this one"
    assert "settings alone" in row("job", job=None, known=None)
    assert "taken as a seed" in row("scope", scope=OUT)
    assert "paused until" in row("host", host=replace(HOST, paused_until=SOON))
    sick = replace(HOST, failures_in_row=3, last_failure="http_429", latency_ms=90, throttled=7)
    assert row("host", host=sick).endswith(
        "latency 90 ms; failed 3 times in a row (http_429); 7 answers asked to slow down"
    )
    passed = replace(ACCOUNT.robots, failing_since=NOW - 40 * 86_400_000)
    assert "not been answered since 2001-07-31T01:46:40Z, 40 d ago" in row("robots", robots=passed)
    assert "no delay" in row("host", host=replace(HOST, delay_ms=0))


def test_every_trap_is_explained():
    """A new rule without a text would end `explain` with a traceback."""
    import re
    from pathlib import Path

    from crawler.policy import logout, traps

    source = "".join(Path(one.__file__).read_text("utf-8") for one in (traps, logout))
    assert set(re.findall(r'"([a-z]+(?:_[a-z]+)?)"(?= if|$)', source, re.MULTILINE)) == set(TRAPS)


def test_nothing_from_the_web_reaches_the_terminal_raw():
    """A rule of robots.txt could move the cursor, or turn the text around."""
    evil = "\x1b[2J\u202eevil\r\nnext  all is well"
    text = text_of(
        asked=evil,
        changes=(evil,),
        robots=replace(ALLOWED, verdict="forbidden", line=1, rule=evil),
        known=replace(KNOWN, reason=evil, parents=(evil,)),
    )
    assert all(line.isprintable() for line in text.splitlines())
    assert [line for line in text.splitlines() if line.startswith("next")] == []


@pytest.mark.parametrize("name", SITUATIONS)
def test_json_and_text_of_each_situation(name):
    """Programs rely on the keys: they are there in every situation, and times are RFC 3339."""
    account = replace(ACCOUNT, **SITUATIONS[name][0])
    account = replace(account, next=next_step(account))
    assert all(lines(account, "crawl"))
    found = json.loads(json.dumps(account.as_json()))
    assert list(found) == [
        *(
            "asked",
            "url",
            "changes",
            "at",
            "job",
            "running",
            "paused",
            "rules",
            "differences",
            "site",
        ),
        *(
            "scope",
            "trap",
            "address",
            "robots",
            "depth_limit",
            "depth_rule",
            "known",
            "similar",
            "budgets",
        ),
        *("host", "next"),
    ]
    assert found["at"] == "2001-09-09T01:46:40Z"
    assert found["next"]["what"] == SITUATIONS[name][1]
    for part in (found["robots"], found["known"] or {}, found["host"] or {}, found["next"]):
        for key, value in part.items():
            if key.endswith(("_at", "_until")) or key == "at":
                assert value is None or value.endswith("Z")
