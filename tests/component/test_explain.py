"""`explain` against a real store: every state, every robots verdict, the job's own rules."""

import json
from pathlib import Path

import pytest

from crawler.conf.load import load_settings
from crawler.conf.plan import make_plan
from crawler.errors import ConfigError, UrlRejected
from crawler.frontier.sqlite import SqliteFrontier
from crawler.model.result import Batch, HostNote, Result, Rules
from crawler.model.work import Link
from crawler.pipeline.changed_rules.identity import identity_of
from crawler.pipeline.explaining.explanation import explain_from_settings, explain_in_job
from crawler.pipeline.store import frontier_options

pytestmark = pytest.mark.component
NOW = 1_000_000_000_000
SEED = "https://a.example/"
ROBOTS = b"# ours\nUser-agent: *\nDisallow: /private/\nAllow: /private/map\n"


def plan_of(tmp_path: Path, **flags: object):
    settings = load_settings({"job": str(tmp_path / "job")} | flags, {}, tmp_path)
    return make_plan(settings)


class Job:
    """A store written by hand, and explained through a second, read-only connection."""

    def __init__(self, plan):
        self.plan = plan
        plan.job.mkdir()
        self.store = SqliteFrontier(plan.job / "frontier.db", frontier_options(plan))

    async def begin(self, *seeds: str):
        await self.store.open()
        await self.store.set_meta(identity_of(self.plan))
        await self.add(*seeds, seed=True)
        await self.store.commit(Batch(roots=list(seeds)), now=NOW)

    async def add(self, *urls: str, **more):
        values = {"depth": 0, "parent": None} | more
        await self.store.add([Link(url, **values) for url in urls], now=NOW)

    async def claim(self, now=NOW):
        return await self.store.claim(100, now=now)

    async def robots(self, verdict="rules", now=NOW, **more):
        (item,) = await self.claim(now)
        assert item.kind == "robots"
        if verdict in ("rules", "allow"):
            more = {"expires_at": now + 3_600_000, "body": ROBOTS, "status": 200} | more
        rules = Rules(item.ref, item.host_hash, item.lease_id, verdict, **more)
        note = HostNote(item.host_hash, now)
        await self.store.commit(Batch(rules=[rules], notes=[note]), now=now)

    async def settle(self, item, outcome="done", links=(), paused_until=None, **more):
        if outcome == "done":
            more = {"status": 200, "is_page": True} | more
        result = Result(item.ref, item.host_hash, item.url_hash, item.lease_id, outcome, **more)
        note = HostNote(item.host_hash, NOW, paused_until)
        await self.store.commit(Batch(results=[result], links=links, notes=[note]), now=NOW)

    async def explain(self, url, *, now=NOW, running=7, plan=None):
        plan = plan or self.plan
        path = self.plan.job / "frontier.db"
        look = SqliteFrontier(path, frontier_options(plan), read_only=True)
        await look.open()
        try:
            return await explain_in_job(url, plan, look, running=running, now=now)
        finally:
            await look.close()


@pytest.fixture
async def make(tmp_path):
    made = []

    async def job(*seeds: str, **flags: object) -> Job:
        one = Job(plan_of(tmp_path, **flags))
        made.append(one)
        await one.begin(*(seeds or (SEED,)))
        return one

    yield job
    for one in made:
        await one.store.close()


async def test_a_page_through_its_life(make):
    """Each state has its own answer; a wrong one sends a person looking in the wrong place."""
    job = await make(delay="1s")
    found = await job.explain(SEED)
    assert (found.robots.verdict, found.next.what) == ("unasked", "robots")
    (item,) = await job.claim()
    found = await job.explain(SEED)
    assert (found.robots.verdict, found.next.what) == ("asked", "robots")
    rules = Rules(item.ref, item.host_hash, item.lease_id, "rules", 200, ROBOTS, NOW + 60_000)
    await job.store.commit(Batch(rules=[rules], notes=[HostNote(item.host_hash, NOW)]), now=NOW)
    found = await job.explain(SEED)
    assert found.robots.verdict == "allowed"
    assert (found.next.what, found.next.at) == ("turn", NOW + 1_000)
    (page,) = await job.claim(NOW + 1_000)
    found = await job.explain(SEED, now=NOW + 1_000)
    assert (found.known.state, found.next.what) == ("leased", "leased")
    assert found.known.lease_until == page.lease_until
    assert (await job.explain(SEED, running=None)).next.what == "stopped"
    due = NOW + 500_000
    await job.settle(page, "retry", at=due, tries=2, reason="http_503", paused_until=due)
    found = await job.explain(SEED)
    assert (found.known.reason, found.known.tries, found.known.due_at) == ("http_503", 2, due)
    assert (found.next.what, found.next.at) == ("waiting", due)
    assert found.host.paused_until == due


async def test_a_forbidden_page_names_the_line_that_decides(make):
    """ "robots" alone does not tell a site owner what to change."""
    job = await make(delay="0")
    await job.robots()
    links = [Link(SEED + path, 1, None) for path in ("private/x", "private/map", "open")]
    await job.store.add(links, now=NOW)
    found = await job.explain(SEED + "private/x")
    assert (found.robots.verdict, found.robots.line) == ("forbidden", 3)
    assert found.robots.rule == "Disallow: /private/"
    assert found.next.what == "robots"
    allowed = await job.explain(SEED + "private/map")
    assert (allowed.robots.verdict, allowed.robots.line) == ("allowed", 4)
    assert (await job.explain(SEED + "open")).robots.line is None
    item = next(i for i in await job.claim() if i.url == SEED + "private/x")
    await job.settle(item, "dead", reason="robots")
    assert (await job.explain(SEED + "private/x")).next.what == "dead"
    # Unknown, and yet it can be told.
    unknown = await job.explain(SEED + "private/never")
    assert (unknown.known, unknown.next.what) == (None, "refused")
    assert "line 3" in unknown.next.text


async def test_the_agent_of_the_job_decides_about_robots(make, tmp_path):
    """The rules for another name would be read as ours."""
    job = await make(user_agent="Other/1.0", delay="0")
    await job.robots(body=b"User-agent: Other\nDisallow: /\n\nUser-agent: *\nAllow: /\n")
    found = await job.explain(SEED, plan=plan_of(tmp_path))
    assert (found.robots.verdict, found.robots.line) == ("forbidden", 2)
    assert "product_token is Other in the job, QuasiCrawler in the settings" in found.differences


@pytest.mark.parametrize(
    ("verdict", "word"),
    [("defer", "deferred"), ("dns", "unreachable"), ("connect", "unreachable")],
)
async def test_an_origin_that_must_wait(make, verdict, word):
    job = await make(delay="0")
    due = NOW + 100_000
    await job.robots(verdict, due=due, status=503 if verdict == "defer" else None)
    found = await job.explain(SEED)
    assert (found.robots.verdict, found.robots.due_at, found.next.at) == (word, due, due)
    assert (found.robots.failures, found.robots.fetched_at) == (1, NOW)
    assert found.next.what == "robots"


async def test_an_origin_that_was_given_up(make):
    job = await make(delay="0")
    await job.add(*(f"{SEED}{n}" for n in range(9)))
    now = NOW
    for _ in range(3):
        await job.store.tick(now=now)
        await job.robots("dns", now=now, due=now + 100_000)
        (page,) = await job.claim(now)
        await job.settle(page, status=None, reason="dns")
        await job.claim(now)
        now += 100_000
    await job.store.tick(now=now)
    found = await job.explain(SEED + "8", now=now)
    assert (found.robots.verdict, found.known.reason) == ("gone", "origin_unreachable")
    assert found.next.what == "dead"
    assert (await job.explain(SEED + "new", now=now)).next.what == "refused"


async def test_expired_rules_are_told_as_the_last_known_ones(make):
    job = await make(delay="0")
    await job.robots(expires_at=NOW + 50_000)
    found = await job.explain(SEED + "private/x", now=NOW + 50_000)
    assert (found.robots.verdict, found.robots.line) == ("expired", 3)
    assert found.robots.expires_at == NOW + 50_000


async def test_no_robots(make):
    job = await make(robots=False, delay="0")
    assert (await job.explain(SEED)).robots.verdict == "off"
    assert (await job.explain(SEED)).next.what == "now"


async def test_redirects_and_parents_lead_back_to_the_seed(make):
    job = await make(robots=False, delay="0")
    (seed,) = await job.claim()
    hop, target = SEED + "go", SEED + "there"
    await job.settle(seed, links=[Link(hop, 1, seed.ref)])
    (item,) = await job.claim()
    await job.settle(
        item, status=302, is_page=False, links=[Link(target, 1, item.ref, 5, False, (hop,))]
    )
    found = await job.explain(target)
    assert found.known.parents == (hop, SEED)
    assert found.known.redirects == (hop,)
    assert not found.known.seed
    assert (await job.explain(SEED)).known.seed
    assert "final_url" in (await job.explain(hop)).next.text


async def test_budgets_say_how_many_of_how_many(make):
    """ "Used up" without figures cannot be checked."""
    job = await make(robots=False, delay="0", max_pages="4", max_pages_per_host="3")
    await job.add(*(f"{SEED}{n}" for n in range(5)))
    items = await job.claim()
    assert len(items) == 3
    await job.add("https://b.example/")
    assert len(await job.claim()) == 1
    await job.settle(items[0], body_bytes=10)
    found = await job.explain(SEED + "4")
    everything, of_host = found.budgets
    assert (everything.limit, everything.done, everything.leased) == (4, 1, 3)
    assert (of_host.limit, of_host.done, of_host.leased) == (3, 1, 2)
    assert everything.is_spent
    assert found.next.what == "budget"
    assert (await job.explain(SEED + "4", running=None)).next.what == "budget"


async def test_the_limits_are_those_of_the_last_run(make, tmp_path):
    """`explain` is called without the flags of `start`: it would say that there are no limits."""
    job = await make(robots=False, max_pages="1", scope="any", exclude=["*.zip"])
    other = plan_of(tmp_path, max_pages="500")
    found = await job.explain("https://b.example/x.zip", plan=other)
    assert found.scope.text == "refused: matches --exclude *.zip"
    assert [budget.limit for budget in found.budgets] == [1]
    assert found.differences == (
        "scope is any in the job, host in the settings",
        "exclude is *.zip in the job, unset in the settings",
        "robots is false in the job, true in the settings",
        "max_pages is 1 in the job, 500 in the settings",
    )
    assert (await job.explain(SEED)).differences == ()


async def test_depth(make):
    job = await make(robots=False, depth="2")
    await job.add(SEED + "deep", depth=3)
    found = await job.explain(SEED + "deep")
    assert (found.depth_limit, found.known.depth, found.known.reason) == (2, 3, "depth")
    assert found.next.what == "dead"


async def test_what_waits_before_it(make):
    job = await make(robots=False, delay="2s")
    await job.add(*(f"{SEED}{n}" for n in range(5)))
    found = await job.explain(SEED + "4")
    assert found.host.ahead == 5  # the seed as well
    assert (found.next.what, found.next.at) == ("turn", NOW + 10_000)
    assert (await job.explain(SEED)).host.ahead == 0


async def test_an_unknown_page_names_those_that_look_alike(make):
    """http for https is another page to a crawler, and the same to a person."""
    job = await make(robots=False)
    await job.add("https://www.a.example/x/", SEED + "y")
    assert (await job.explain("http://a.example/y")).similar == ((SEED + "y", "ready"),)
    assert (await job.explain(SEED + "y/")).similar == ((SEED + "y", "ready"),)
    assert (await job.explain(SEED + "y?q=1")).similar == ((SEED + "y", "ready"),)
    assert (await job.explain("https://www.a.example/")).similar == ((SEED, "ready"),)
    assert (await job.explain(SEED + "y")).similar == ()


async def test_looking_changes_nothing(make):
    """It may be asked of a running crawl, any number of times."""
    job = await make(delay="1s")
    before = await job.store.counters()
    for url in (SEED, "https://new.example/", SEED + "new"):
        await job.explain(url)
    assert await job.store.counters() == before
    assert await job.store.rules("https://new.example") is None
    assert (await job.store.explain("https://new.example/")).host is None


async def test_a_job_of_before_is_explained_too(make, tmp_path):
    """A store without the last run's terms: the settings fill in."""
    job = await make(robots=False, max_pages="9")
    await job.store.set_meta({"last_run": "{}"})
    assert [b.limit for b in (await job.explain(SEED)).budgets] == [9]
    assert (await job.explain(SEED, plan=plan_of(tmp_path))).budgets == ()


def test_without_a_job_the_settings_and_seeds_tell(tmp_path):
    plan = plan_of(tmp_path, exclude=["*.zip"])
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("https://a.example/\nnot a url at all\n")

    def scope(url, *sources):
        return explain_from_settings(url, plan, sources, NOW).scope

    assert scope("https://a.example/x", str(seeds)).allowed is True
    assert scope("https://b.example/x", str(seeds)).rule == "scope"
    assert scope("https://b.example/x", "https://b.example/").allowed is True
    assert scope("https://b.example/x", "-").allowed is None
    assert scope("https://b.example/x").allowed is None
    assert scope("https://b.example/x.zip").rule == "exclude"
    found = explain_from_settings("https://a.example/x", plan, (), NOW)
    assert (found.job, found.rules, found.known, found.host) == (None, "settings", None, None)
    anywhere = explain_from_settings("https://a.example/", plan._replace(scope="any"), (), NOW)
    assert anywhere.scope.allowed is True
    with pytest.raises(ConfigError, match="cannot read seeds"):
        explain_from_settings("https://a.example/", plan, ["missing.txt"], NOW)


@pytest.mark.parametrize("text", ["", "   ", "no url", "mailto:a@b.example", "http://", "http://["])
def test_what_is_no_url_is_refused(tmp_path, text):
    with pytest.raises(UrlRejected):
        explain_from_settings(text, plan_of(tmp_path), (), NOW)


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("http://127.0.0.1:8080/", True),
        ("http://2130706433/", True),
        ("http://[::1]/", True),
        ("http://[::1]:8080/", True),
        ("http://[::ffff:10.0.0.1]/", True),
        ("http://localhost/", True),
        ("http://a.localhost:81/", True),
        ("http://10.9.8.7/", False),
        ("http://1.1.1.1/", False),
        ("http://a.example/", False),
        ("http://a1.example/", False),
    ],
)
def test_an_address_that_the_guard_refuses(tmp_path, url, is_refused):
    """A scope that allows it would look as if it could be fetched."""
    plan = plan_of(tmp_path, scope="any", allow_net=["10.9.0.0/16"])
    found = explain_from_settings(url, plan, (), NOW)
    assert (found.address is not None) is is_refused
    assert (found.next.what == "refused") is is_refused


def test_credentials_are_not_repeated(tmp_path):
    found = explain_from_settings("https://u:secret@a.example/", plan_of(tmp_path), (), NOW)
    assert "secret" not in json.dumps(found.as_json())
