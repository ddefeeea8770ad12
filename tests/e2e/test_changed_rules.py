"""The same job by other rules: exactly what they ask for is fetched, nothing of it twice.

Each test compares what the server saw with the pages that must be there.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.crawl import Crawl, poll
from tests.support.web import Answer, Web, page, redirect

pytestmark = pytest.mark.e2e

FAST = ("--delay", "0", "-p", "1", "--retries", "0")
PAGES = {
    "/robots.txt": Answer(b"User-agent: *\nDisallow: /docs/secret\n"),
    "0/docs/": page("a", "/blog/", "b", "secret", "http://{1}/far", '<a rel="nofollow" href="no">'),
    "0/docs/a": page("/blog/new", "c", "print/a"),
    "0/docs/b": page("/docs/"),
    "0/docs/c": page("d"),
    "0/docs/d": page("e"),
    "0/docs/e": page("/blog/"),
    "0/docs/print/a": page(),
    "0/docs/secret": page("/docs/below"),
    "0/docs/below": page(),
    "0/docs/no": page(),
    "0/blog/": page("old", head='<meta name="robots" content="nofollow">'),
    "0/blog/new": page(),
    "0/blog/old": page(),
    "1/far": page("/farther"),
    "1/farther": page(),
}
DOCS = {"0/docs/", "0/docs/a", "0/docs/b", "0/docs/c", "0/docs/d", "0/docs/e", "0/docs/print/a"}
BLOG = {"0/blog/", "0/blog/new"}
FAR = {"1/far", "1/farther"}


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(PAGES) as running:
        yield running


class Job:
    """A crawl, and what the server has seen of it."""

    def __init__(self, web: Web, tmp_path: Path, seed: str = "/docs/") -> None:
        self.web = web
        self.crawl = Crawl(tmp_path / "job", web.url(seed), *FAST)

    def run(self, *flags: str) -> set[str]:
        """Run to the end; return what it has fetched."""
        before = len(self.web.asked)
        assert self.crawl.run(*flags) == 0, self.crawl.err
        self.check()
        return {self._name(one.host, one.path) for one in self._pages()[before:] if one}

    def _pages(self) -> list[Any]:
        return [None if one.path == "/robots.txt" else one for one in self.web.asked]

    def _name(self, host: str, path: str) -> str:
        return f"{self.web.hosts.index(host)}{path}"

    def check(self) -> None:
        """Nothing was fetched twice; each fetch has its record; the store's sums agree."""
        asked = Counter(self._name(one.host, one.path) for one in self._pages() if one)
        assert not [name for name, n in asked.items() if n > 1]
        records = Counter(r["url"].removeprefix("http://") for r in self.crawl.records())
        assert records == Counter({f"{self.web.hosts[int(n[0])]}{n[1:]}": 1 for n in asked})
        counters = self.ask("SELECT name, value FROM counters")
        states = dict(self.ask("SELECT state, count(*) FROM urls GROUP BY state"))
        names = ("ready", "leased", "done", "waiting", "dead")
        assert [counters[n] for n in names] == [states.get(n, 0) for n in range(5)]
        dead = dict(self.ask("SELECT reason, count(*) FROM urls WHERE state = 4 GROUP BY reason"))
        assert {n: v for n, v in counters.items() if n.startswith("dead:") and v} == {
            f"dead:{reason}": n for reason, n in dead.items()
        }
        hosts = self.ask("SELECT 1, sum(ready) FROM hosts")
        assert hosts[1] == counters["ready"]
        manifest = json.loads((self.crawl.job / "manifest.json").read_text())
        assert manifest["reasons"] == dead

    def ask(self, question: str) -> dict[Any, Any]:
        with sqlite3.connect(f"file:{self.crawl.job / 'frontier.db'}?mode=ro", uri=True) as store:
            return dict(store.execute(question).fetchall())

    def said(self, word: str) -> list[str]:
        return [line for line in self.crawl.err.splitlines() if word in line]

    def status(self) -> Any:
        found = Crawl(self.crawl.job, "")
        found.command = [*self.crawl.command[:3], "status", "--json", "--job", str(self.crawl.job)]
        assert found.run() == 0, found.err
        return json.loads(found.out)

    def explain(self, path: str) -> Any:
        found = Crawl(self.crawl.job, "")
        found.command = [*self.crawl.command[:3], "explain", self.web.url(path), "--json"]
        found.command += ["--job", str(self.crawl.job)]
        assert found.run() == 0, found.err
        return json.loads(found.out)


def test_a_narrower_scope_holds_for_what_is_queued(web: Web, tmp_path: Path) -> None:
    job = Job(web, tmp_path)
    assert job.run("--max-pages", "2") == {"0/docs/", "0/docs/a"}
    assert job.run("--scope", "prefix") == DOCS - {"0/docs/", "0/docs/a"}
    assert job.said("scope was host, is now prefix")
    assert job.said("narrower rules: 2 queued URLs are out now (scope 2)")
    assert not job.said("wider rules"), "nothing was read for nothing"
    explained = job.explain("/blog/")
    assert (explained["known"]["state"], explained["known"]["reason"]) == ("dead", "scope")
    assert explained["scope"]["rule"] == "scope"
    assert "prefix" in explained["scope"]["text"]


def test_an_exclude_holds_for_what_is_queued_and_its_end_brings_all_back(
    web: Web, tmp_path: Path
) -> None:
    job = Job(web, tmp_path)
    assert job.run("--max-pages", "2") == {"0/docs/", "0/docs/a"}
    assert job.run("--exclude", "*/print/*", "--exclude", "*/docs/d") == {
        *("0/blog/", "0/docs/b", "0/blog/new", "0/docs/c"),
    }
    assert job.said("narrower rules: 1 queued URLs are out now (exclude 1)")
    assert job.explain("/docs/print/a")["scope"]["rule"] == "exclude"
    # One was queued and put out, the other one was never stored: only the record knows it.
    assert job.run("--exclude", "*/print/*") == {"0/docs/d", "0/docs/e"}
    assert job.said("wider rules: 1 URLs came back (6 records read)")
    assert job.run() == {"0/docs/print/a"}
    assert job.said("wider rules: 1 URLs came back")
    assert job.run() == set(), "the same rules fetch nothing, and read nothing"
    assert not job.said("rules")


def test_a_wider_scope_reads_the_records_again(web: Web, tmp_path: Path) -> None:
    """A finished crawl goes on; nofollow of a link and of a page still holds."""
    job = Job(web, tmp_path)
    assert job.run("--scope", "prefix") == DOCS
    assert job.run("--scope", "host") == BLOG
    assert job.said("scope was prefix, is now host")
    assert job.said("wider rules: 2 URLs came back (7 records read)")
    status = job.status()
    assert (status["refused"]["scope"], status["refused_back"]) == (3, 2), "what came back is told"
    assert job.run("--scope", "any") == FAR
    assert job.run("--scope", "any") == set()
    assert job.run("--scope", "page") == set()
    assert job.run("--scope", "any") == set()


def test_an_include_less_and_an_include_more(web: Web, tmp_path: Path) -> None:
    job = Job(web, tmp_path)
    assert job.run("--include", "*/docs/a*") == {"0/docs/", "0/docs/a"}
    assert job.run("--include", "*/docs/*") == DOCS - {"0/docs/", "0/docs/a"}
    assert job.run("--max-pages", "8") == {"0/blog/"}
    assert job.run("--include", "*/docs/*") == set()
    assert job.said("narrower rules: 1 queued URLs are out now (include 1)")
    assert job.run() == {"0/blog/new"}


def test_depth_less_and_more(web: Web, tmp_path: Path) -> None:
    job = Job(web, tmp_path)
    first = {"0/docs/", "0/docs/a", "0/docs/b", "0/blog/"}
    assert job.run("--depth", "1") == first
    assert job.run("--depth", "3", "--max-pages", "5") == {"0/blog/new"}
    assert job.said("depth was 1, is now 3")
    assert job.said("wider rules: 3 URLs came back")
    assert job.run("--depth", "1") == set()
    assert job.said("narrower rules: 2 queued URLs are out now (depth 2)")
    assert job.run("--depth", "3") == {"0/docs/c", "0/docs/print/a", "0/docs/d"}
    assert job.run() == {"0/docs/e"}


def test_robots_off_and_on(web: Web, tmp_path: Path) -> None:
    job = Job(web, tmp_path)
    assert job.run("--scope", "prefix") == DOCS
    assert job.explain("/docs/secret")["known"]["reason"] == "robots"
    assert job.run("--scope", "prefix", "--no-robots") == {"0/docs/secret", "0/docs/below"}
    assert job.said("robots was true, is now false")
    assert job.said("wider rules: 1 URLs came back")
    assert job.run("--scope", "prefix") == set()


def test_what_robots_txt_forbade_is_judged_again_for_another_agent(tmp_path: Path) -> None:
    rules = Answer(b"User-agent: mybot\nDisallow: /b\n\nUser-agent: *\nDisallow: /a\n")
    with Web({"/robots.txt": rules, "/": page("/a", "/b"), "/a": page(), "/b": page()}) as web:
        job = Job(web, tmp_path, "/")
        assert job.run() == {"0/", "0/b"}
        assert job.run("--user-agent", "mybot/1.0") == {"0/a"}
        assert job.said("product_token was QuasiCrawler, is now mybot")


def test_robots_on_holds_for_what_is_queued(web: Web, tmp_path: Path) -> None:
    job = Job(web, tmp_path)
    assert job.run("--no-robots", "--max-pages", "4") >= {"0/docs/", "0/docs/a", "0/docs/b"}
    assert "0/docs/secret" not in job.run("--scope", "prefix")
    assert job.explain("/docs/secret")["known"]["reason"] == "robots"


def test_budgets_up_and_down(web: Web, tmp_path: Path) -> None:
    """Nothing is refused for a budget: it stays queued, and is judged at each claim."""
    job = Job(web, tmp_path)
    assert len(job.run("--max-pages", "2")) == 2
    assert len(job.run("--max-pages", "4")) == 2
    assert job.run("--max-pages", "3") == set()
    assert len(job.run("--max-pages-per-host", "6")) == 2
    assert job.run("--max-pages-per-host", "5") == set()
    assert len(job.run("--max-pages-per-host", "7")) == 1
    assert not job.said("narrower")
    assert not job.said("wider")
    job.run()
    names = {f"{web.hosts.index(one.host)}{one.path}" for one in web.asked}
    assert names - {"0/robots.txt"} == DOCS | BLOG


def test_roots_follow_the_mode_of_the_scope(tmp_path: Path) -> None:
    """A host as a root says nothing about folders: also where a seed has been redirected to."""
    pages = {
        "0/old/": redirect("/new/"),
        "0/new/": page("a", "/other"),
        "0/new/a": redirect("http://{1}/"),
        "0/other": page("/new/b", "/third"),
        "0/new/b": page("c"),
        "0/new/c": page(),
        "0/third": page(),
        "1/": page("/x"),
        "1/x": page(),
    }
    with Web(pages) as web:
        job = Job(web, tmp_path, "/old/")
        assert job.run("--max-pages", "2") == {"0/old/", "0/new/", "0/new/a", "0/other"}
        job.crawl.command.remove(web.url("/old/"))  # the seeds are in the job
        assert job.run("--scope", "prefix") == {"0/new/b", "0/new/c"}
        assert job.said("(scope 1)")
        assert job.run("--scope", "domain") == {"0/third"}
        assert job.run("--scope", "any") == {"1/", "1/x"}


def test_a_redirect_that_was_refused_comes_back_with_its_chain(tmp_path: Path) -> None:
    pages = {"0/": page("/go"), "0/go": redirect("http://{1}/there"), "1/there": page()}
    with Web(pages) as web:
        job = Job(web, tmp_path, "/")
        assert job.run() == {"0/", "0/go"}
        assert job.run("--scope", "any") == {"1/there"}
        (record,) = [r for r in job.crawl.records() if r["url"] == web.url("/there", host=1)]
        assert record["redirects"] == [web.url("/go")]


def test_a_changed_table_of_a_site(web: Web, tmp_path: Path) -> None:
    """What its globs refused comes back with their end; its speed is no rule."""
    file = tmp_path / "crawl.toml"
    table = f'[[site]]\nmatch = "{web.hosts[0]}"\n'
    file.write_text(table + 'exclude = ["*/print/*", "*/blog/*"]\n')
    config = ("--config", str(file), "--scope", "any")
    job = Job(web, tmp_path)
    print_a = {"0/docs/print/a"}
    assert job.run(*config) == (DOCS - print_a) | FAR
    file.write_text(table + "per_host = 3\n")
    assert job.run(*config) == BLOG | print_a
    assert job.said(f"site {web.hosts[0]}: exclude was")
    assert job.said("wider rules: 3 URLs came back (8 records read)")
    assert job.run(*config) == set()
    assert not job.said("rules")


def test_the_scope_of_a_site_holds_for_what_is_queued(web: Web, tmp_path: Path) -> None:
    """Roots of hosts say nothing about its folders, as with the scope of the crawl."""
    file = tmp_path / "crawl.toml"
    file.write_text(f'[[site]]\nmatch = "{web.hosts[0]}"\nscope = "prefix"\n')
    job = Job(web, tmp_path)
    assert job.run("--max-pages", "2") == {"0/docs/", "0/docs/a"}
    assert job.run("--config", str(file)) == DOCS - {"0/docs/", "0/docs/a"}
    assert job.said("(scope 2)")
    assert job.run() == BLOG


def test_another_output_is_refused(web: Web, tmp_path: Path) -> None:
    """Half of the records would be elsewhere."""
    job = Job(web, tmp_path)
    job.run("--max-pages", "2")
    assert job.crawl.run("--output", str(tmp_path / "else")) == 2
    assert job.crawl.err.count("\n") == 1
    assert "--fresh" in job.crawl.err


def test_a_kill_while_records_are_read_again_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new rules are stored already: only a mark tells that the records are not all read."""
    count = 150
    monkeypatch.setenv("CRAWLER_PART_MAX_BYTES", "2kB")
    pages = {"0/": page(*(f"/in/{n}" for n in range(count)))}
    pages |= {f"0/in/{n}": page(f"/out/{n}") for n in range(count)}
    pages |= {f"0/out/{n}": page() for n in range(count)}
    with Web(pages) as web:
        job = Job(web, tmp_path, "/")
        assert len(job.run("--exclude", "*/out/*")) == count + 1
        job.crawl.start()
        path = job.crawl.job / "frontier.db"
        with sqlite3.connect(path, isolation_level=None) as store:

            def pending() -> dict[str, Any]:
                found = store.execute("SELECT value FROM meta WHERE name = 'rules_pending'")
                return json.loads((found.fetchone() or ("",))[0] or "{}")

            poll(lambda: pending().get("after_part"), "the first part to be read", every_s=0.0005)
            store.execute("BEGIN IMMEDIATE")  # nothing can be committed any more
            left = pending()
            assert 0 < left["after_part"] < 50, "the reading was over before the kill"
            job.crawl.kill_group()
            job.crawl.reap()
            store.execute("ROLLBACK")
        assert len(job.run()) == count
        assert not job.said("settings_changed"), "the rules are those of the killed run"
        assert job.said("wider rules")
        assert job.run() == set()
        assert not job.said("rules")
