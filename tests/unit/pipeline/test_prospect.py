"""The last line of an explanation: what happens next, for each situation that can be."""

from dataclasses import replace

import pytest

from crawler.pipeline.explaining.account import (
    Account,
    Budget,
    HostTurn,
    Known,
    RobotsVerdict,
    ScopeVerdict,
)
from crawler.pipeline.explaining.prospect import next_step

NOW = 1_000_000_000_000
URL = "https://a.example/x"

KNOWN = Known(
    kind="page",
    state="ready",
    reason=None,
    seed=False,
    depth=2,
    tries=0,
    visits=0,
    status=None,
    crashes=0,
    due_at=None,
    lease_until=None,
    redirects=(),
    parents=("https://a.example/",),
)
HOST = HostTurn(
    failures_in_row=0,
    last_failure=None,
    latency_ms=None,
    throttled=0,
    host="a.example",
    delay_ms=1_500,
    next_at=NOW - 5_000,
    paused_until=None,
    ready=3,
    leased=0,
    waiting=0,
    done=4,
    fails=0,
    ahead=0,
)
ALLOWED = RobotsVerdict(verdict="allowed", origin="https://a.example", learned="allow")
SPENT = Budget(name="max_pages", limit=5, done=4, leased=1, is_spent=True)
ACCOUNT = Account(
    asked=URL,
    url=URL,
    changes=(),
    at=NOW,
    job="crawl",
    running=7,
    rules="job",
    differences=(),
    site=None,
    scope=ScopeVerdict(allowed=True, rule=None, text="allowed: in --scope host"),
    trap=None,
    address=None,
    robots=ALLOWED,
    depth_limit=None,
    depth_rule="--depth",
    known=KNOWN,
    similar=(),
    budgets=(),
    host=HOST,
)


def known(state, **more):
    return {"known": replace(KNOWN, state=state, **more)}


def robots(verdict, **more):
    return {"robots": replace(ALLOWED, verdict=verdict, **more)}


def host(**more):
    return {"host": replace(HOST, **more)}


OUT = ScopeVerdict(allowed=False, rule="exclude", text="")
UNSURE = ScopeVerdict(allowed=None, rule=None, text="")
SOON = NOW + 90_000

SITUATIONS = {
    "trap": ({"known": None, "trap": "hops"}, "refused", "trap (hops)", None),
    "out": ({"known": None, "scope": OUT}, "refused", "refused (exclude)", None),
    "address": ({"known": None, "address": "x"}, "refused", "blocked_address", None),
    "would be forbidden": (
        {"known": None} | robots("forbidden", line=3),
        "refused",
        "forbids it (line 3)",
        None,
    ),
    "would be gone": ({"known": None} | robots("gone"), "refused", "given up", None),
    "new": ({"known": None}, "unknown", f"seed: crawler start {URL} -j crawl", None),
    "new, no job": (
        {"known": None, "job": None, "running": None},
        "unknown",
        f"crawler start {URL}",
        None,
    ),
    "new, no seeds": ({"known": None, "scope": UNSURE}, "unknown", "depends on the seeds", None),
    "new, budget": ({"known": None, "budgets": (SPENT,)}, "unknown", "larger --max-pages", None),
    "done": (known("done", status=200), "done", "with status 200", None),
    "redirect": (known("done", status=301), "done", "a URL of its own", None),
    "failed": (known("done", reason="dns"), "done", "with the error dns", None),
    "dead": (known("dead", reason="robots"), "dead", "robots.txt forbade it", None),
    "deep": (
        known("dead", reason="depth", depth=4) | {"depth_limit": 3},
        "dead",
        "4 links from a seed are more than 3 (--depth)",
        None,
    ),
    "unreachable": (known("dead", reason="origin_unreachable"), "dead", "three times", None),
    "other": (known("dead", reason="odd"), "dead", "(odd)", None),
    "paused by a person": (
        {"paused": True},
        "paused",
        "you paused the crawl: crawler resume goes",
        None,
    ),
    "host paused by a person": (
        host(halted=True, paused_until=SOON),
        "paused",
        "you paused its host: crawler resume a.example goes on",
        None,
    ),
    "leased": (known("leased", lease_until=SOON), "leased", "in 90 s", SOON),
    "lease of a dead run": (
        known("leased", lease_until=SOON) | {"running": None},
        "stopped",
        "the next start fetches it",
        None,
    ),
    "waiting": (known("waiting", due_at=SOON), "waiting", "ready at 2001-09-09T01:48:10Z", SOON),
    "due": (known("waiting", due_at=NOW - 1), "waiting", "its time has come", NOW - 1),
    "waiting, stopped": (
        known("waiting", due_at=SOON) | {"running": None},
        "stopped",
        "started again: it becomes ready at",
        SOON,
    ),
    "budget": ({"budgets": (SPENT,)}, "budget", "--max-pages 5 is used up (4 done, 1 under", None),
    "budget, stopped": ({"budgets": (SPENT,), "running": None}, "budget", "used up", None),
    "room": ({"budgets": (replace(SPENT, is_spent=False),)}, "now", "at once", NOW),
    "paused": (host(paused_until=SOON), "paused", "pause until", SOON),
    "rests": (
        host(paused_until=SOON, failures_in_row=5, last_failure="timeout"),
        "paused",
        "failed 5 times in a row (timeout) and rests: asked again at 2001-09-09T01:48:10Z",
        SOON,
    ),
    "rests after one": (
        host(paused_until=SOON, failures_in_row=1, last_failure="connect"),
        "paused",
        "failed once (connect)",
        SOON,
    ),
    "waiting at a host that rests": (
        known("waiting", due_at=NOW + 1)
        | host(paused_until=SOON, failures_in_row=4, last_failure="http_503"),
        "waiting",
        "failed 4 times in a row (http_503)",
        SOON,
    ),
    "deferred": (robots("deferred", due_at=SOON), "robots", "again at", SOON),
    "deferral over": (robots("deferred", due_at=NOW), "robots", "fetched first", None),
    "no server": (robots("unreachable", due_at=SOON), "robots", "again at", SOON),
    "unasked": (robots("unasked"), "robots", "fetched first", None),
    "expired": (robots("expired"), "robots", "fetched first", None),
    "asked": (robots("asked"), "robots", "being fetched", None),
    "gone": (robots("gone"), "robots", "origin_unreachable", None),
    "forbidden": (robots("forbidden", line=9), "robots", "robots.txt, line 9", None),
    "off": (robots("off"), "now", "at once", NOW),
    "now": ({}, "now", "it is fetched at once", NOW),
    "turn": (host(next_at=SOON), "turn", "fetched at 2001-09-09T01:48:10Z, in 90 s", SOON),
    "behind": (
        host(next_at=SOON, ahead=10),
        "turn",
        "after 10 others of its host (one request every 1.5 s)",
        SOON + 15_000,
    ),
    "behind one": (host(ahead=1), "turn", "after another of its host", NOW + 1_500),
    "one in flight": (host(leased=1), "turn", "at the earliest", NOW),
    "far behind": (host(ahead=1000), "turn", "at least 1,000 others", NOW + 1_500_000),
    "no delay": (host(delay_ms=0, ahead=3), "now", "reader is free, after 3 others", NOW),
    "stopped": ({"running": None}, "stopped", "started again: it is fetched at once", NOW),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_each_situation_has_its_answer(name):
    """A wrong "what happens next" is worse than none: somebody waits for a page that never comes"""
    changes, what, text, at = SITUATIONS[name]
    found = next_step(replace(ACCOUNT, **changes))
    assert (found.what, found.at) == (what, at)
    assert text in found.text


def test_what_holds_longest_is_named():
    """With a budget used up, waiting for the pause or for robots.txt would be in vain."""
    everything = robots("expired") | host(paused_until=SOON, next_at=SOON) | {"budgets": (SPENT,)}
    assert next_step(replace(ACCOUNT, **everything)).what == "budget"
    assert next_step(replace(ACCOUNT, **everything | {"budgets": ()})).what == "paused"
    assert next_step(replace(ACCOUNT, **robots("expired"), **host(next_at=SOON))).what == "robots"


def test_the_command_can_be_pasted():
    """An ampersand would end the command, and start something else."""
    url = "https://a.example/?a=1&b=$(x)"
    found = next_step(replace(ACCOUNT, url=url, known=None, job="my jobs"))
    assert f"crawler start '{url}' -j 'my jobs'" in found.text


@pytest.mark.parametrize(
    ("known", "running", "text"),
    [
        ({}, 7, "due again at 2001-09-10T01:46:40Z, in 24 h (every 3 d 4 h)"),
        ({"misses": 2}, 7, "due again at 2001-09-10T01:46:40Z, in 24 h (it is gone, and looked"),
        ({}, None, "it is visited again by the first run that begins when it is due: due again"),
    ],
)
def test_a_page_that_is_visited_again_says_when(known, running, text) -> None:
    """ "Nothing" would be wrong: the page is fetched again, and its owner may ask when."""
    done = replace(
        KNOWN,
        state="done",
        status=200,
        visits=2,
        visit_due_at=NOW + 86_400_000,
        interval_ms=76 * 3_600_000,
        **known,
    )
    found = next_step(replace(ACCOUNT, known=done, running=running))
    assert found.what == "later"
    assert found.at == NOW + 86_400_000
    assert found.text.startswith(text)
