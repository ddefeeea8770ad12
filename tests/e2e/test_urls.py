"""Sites whose links never end, and links that say who follows them, over real sockets."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.crawl import Crawl
from tests.support.web import Answer, Web, page, redirect

FAST = ("--delay", "0", "-p", "1", "--retries", "0")
YEAR = time.gmtime().tm_year
_VISITS = itertools.count()


def _link(path: str) -> str:
    """A link as a site without cookies makes it: another one for every visitor and letter."""
    return f"{path};jsessionid={next(_VISITS):032X}?utm_source=mail{next(_VISITS)}"


def _month_after(path: str) -> str:
    """The next page of a calendar, or for the Middle Ages the one before."""
    year, month = map(int, path.split("/")[2:])
    index = year * 12 + month - 1 + (1 if year > YEAR else -1)
    return f"/calendar/{index // 12:04}/{index % 12 + 1:02}"


def _endless(path: str) -> Answer | None:
    address, mark, _ = path.partition("?")
    if address.startswith("/calendar/"):
        return page(_month_after(address))
    if address == "/list":
        return page(path + ("&a=1" if mark else "?a=1"))
    if address.startswith("/deeper/"):
        return page("deeper/")
    if address.partition(";")[0] in ("/one", "/two"):
        return page(_link("/one"), _link("/two"))
    if path == "/welcome":
        return redirect(f"/welcome?sessionid={next(_VISITS):032x}")
    return page() if address == "/welcome" else None


def _look(*words: str) -> str:
    command = [sys.executable, "-m", "crawler", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def _explain(crawl: Crawl, url: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_look("explain", url, "--json", "-j", str(crawl.job)))
    return found


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    starts = ["/list", "/deeper/", "/one", "/welcome"]
    starts += [f"/calendar/{YEAR + 5}/11", "/calendar/1000/02"]
    with Web({"/": page(*starts)}, endless=_endless) as running:
        yield running


@pytest.fixture(scope="module")
def crawl(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Crawl:
    """A crawl that nothing but the rules about URLs can end."""
    job = tmp_path_factory.mktemp("urls") / "job"
    ended = Crawl(job, web.url("/?utm_campaign=seed"), *FAST)
    assert ended.run() == 0, ended.err
    return ended


def test_each_page_once_and_no_end_is_missed(web: Web, crawl: Crawl) -> None:
    """The crawl would run for as long as it may, over the same page again and again."""
    asked = [path for path in web.paths() if not path.startswith("/welcome")]
    assert sorted(asked) == sorted(
        [
            *("/", "/one", "/two", "/list", "/list?a=1", "/list?a=1&a=1"),
            *("/deeper/", "/deeper/deeper/", "/deeper/deeper/deeper/"),
            *(f"/calendar/{YEAR + 5}/11", f"/calendar/{YEAR + 5}/12"),
            *("/calendar/1000/02", "/calendar/1000/01"),
        ]
    )


def test_a_redirect_keeps_what_it_says(web: Web, crawl: Crawl) -> None:
    """A site that hands out a session id by redirect would send us round for ever."""
    hop, target = [path for path in web.paths() if path.startswith("/welcome")]
    assert (hop, target[:19]) == ("/welcome", "/welcome?sessionid=")
    record = next(one for one in crawl.records() if one["url"] == web.url(target))
    assert (record["status"], record["redirects"]) == (200, [web.url(hop)])


def test_refusals_are_counted_by_reason(crawl: Crawl) -> None:
    manifest = json.loads((crawl.job / "manifest.json").read_text())
    found = {name: n for name, n in manifest["counters"].items() if name.startswith("refused:")}
    assert found == {
        "refused:calendar": 2,
        "refused:path_repetition": 1,
        "refused:query_repetition": 1,
    }
    shown = _look("status", "-j", str(crawl.job))
    assert (
        "links    refused when found: 2 calendar, 1 path_repetition, 1 query_repetition\n" in shown
    )
    status = json.loads(_look("status", "--json", "-j", str(crawl.job)))
    assert {f"refused:{reason}": n for reason, n in status["refused"].items()} == found


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (f"/calendar/{YEAR + 6}/01", "calendar"),
        ("/calendar/0999/12", "calendar"),
        ("/list?a=1&a=1&a=1", "query_repetition"),
        ("/deeper/deeper/deeper/deeper/", "path_repetition"),
    ],
)
def test_explain_names_the_trap(web: Web, crawl: Crawl, path: str, reason: str) -> None:
    """A person would not find out why a page of the site is missing."""
    found = _explain(crawl, web.url(path))
    assert (found["trap"], found["next"]["what"]) == (reason, "refused")


def test_explain_finds_the_page_without_its_parameters(web: Web, crawl: Crawl) -> None:
    found = _explain(crawl, web.url("/one;jsessionid=5?gclid=3"))
    assert (found["url"], found["known"]["state"]) == (web.url("/one"), "done")
    assert found["changes"] == [
        "parameter gclid removed (--strip-params)",
        "parameter jsessionid removed (--strip-params)",
    ]
    target = next(path for path in web.paths() if path.startswith("/welcome?"))
    exact = _explain(crawl, web.url(target))
    assert (exact["url"], exact["known"]["state"]) == (web.url(target), "done")
    assert exact["changes"] == []


def test_other_parameters_or_none(tmp_path: Path) -> None:
    """A site whose content hangs on a parameter of that name could not be crawled."""
    pages = {
        "/": page("/a?utm_source=1", "/a?ref=1", "/a?ref=2"),
        **{path: page() for path in ("/a", "/a?utm_source=1", "/a?ref=1", "/a?ref=2")},
    }
    with Web(pages) as web:
        assert Crawl(tmp_path / "none", web.url(), *FAST, "--strip-params", "none").run() == 0
        assert sorted(web.paths()) == ["/", "/a?ref=1", "/a?ref=2", "/a?utm_source=1"]
        web.asked.clear()
        own = Crawl(tmp_path / "own", web.url(), *FAST, "--strip-params", "default,ref")
        assert own.run() == 0
        assert sorted(web.paths()) == ["/", "/a"]
        assert own.run("--strip-params", "none") == 0
        assert "strip_params was" in own.err


def test_a_loop_that_no_rule_knows_ends_at_the_budget_of_its_host(tmp_path: Path) -> None:
    """A game or a search that links to further searches would never end."""
    with Web({}, endless=_next_number) as web:
        crawl = Crawl(tmp_path / "job", web.url("/1"), *FAST, "--max-pages-per-host", "5")
        assert crawl.run() == 0
        assert web.paths() == ["/1", "/2", "/3", "/4", "/5"]
        manifest = json.loads((crawl.job / "manifest.json").read_text())
        assert manifest["ended"] == "max_pages_per_host"
        found = _explain(crawl, web.url("/6"))
        assert (found["known"]["state"], found["next"]["what"]) == ("ready", "budget")
        assert "--max-pages-per-host 5 is used up" in found["next"]["text"]


def _next_number(path: str) -> Answer | None:
    return page(f"/{int(path[1:]) + 1}") if path[1:].isdecimal() else None
