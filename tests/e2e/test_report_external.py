"""`crawler report --check-external` as a user types it: asks once, keeps the answers."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.clock import job_clock, new_offset_ms
from tests.e2e.test_report import report
from tests.support.crawl import LOOPBACK, Crawl, poll
from tests.support.faulty_site import PAGES, good
from tests.support.web import Answer, Web, redirect

pytestmark = pytest.mark.e2e
ASK = ("--check-external", "--delay", "0", *LOOPBACK)


@pytest.fixture
def crawled(tmp_path):
    """A site that was crawled, and its web, which has forgotten the crawl."""

    def crawl(pages: dict[str, Answer], *flags: str) -> tuple[Web, Path]:
        web = Web(pages)
        web.__enter__()
        webs.append(web)
        run = Crawl(tmp_path / "crawl", web.url(), "--delay", "0", "--link-details", *flags)
        assert run.run() == 0, run.err
        web.asked.clear()
        return web, run.job

    webs: list[Web] = []
    yield crawl
    for web in webs:
        web.__exit__(None, None, None)


def test_links_to_others_are_asked_for_once_and_reported_with_their_pages(crawled, tmp_path):
    """A report each night would ask every site that is linked each night, many times over."""
    web, job = crawled(dict(PAGES), "--retries", "0")
    done = report("--json", "--job", job, *ASK, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert web.paths(0) == []  # the crawl's own hosts are not asked again
    asked = ["/elsewhere", "/moved", "/not-there", "/there", "/there"]
    assert sorted(web.paths(1)) == asked
    found = {one["name"]: one["first"] for one in json.loads(done.stdout)["findings"]}
    (broken,) = found["broken_external"]
    assert (broken["url"], broken["answer"]) == (web.url("/not-there", 1), "404")
    assert broken["first_places"] == [{"page": web.url("/"), "text": "more friends", "via": None}]
    (moved,) = found["moved_external"]
    assert moved["leads_to"] == web.url("/there", 1)
    web.asked.clear()
    again = report("--json", "--job", job, *ASK, cwd=tmp_path)
    assert web.asked == []
    assert json.loads(again.stdout)["findings"] == json.loads(done.stdout)["findings"]
    without = report("--json", "--job", job, cwd=tmp_path)
    assert json.loads(without.stdout)["findings"] == json.loads(done.stdout)["findings"]


def test_canonicals_and_languages_that_nobody_fetched_are_asked_for(crawled, tmp_path):
    """One that leads to a dead end costs a page its place in every search engine."""

    def saying(kind: str, target: str) -> Answer:
        return good(title=target, head=f'<link rel={kind} href="{target}">')

    canonicals = {
        "/far": "http://{1}/gone",
        "/moved-away": "http://{1}/moved",
        "/own": "/gone-here",
        "/shy": "http://{1}/private",
        "/secret": "/delete?all",
        "/fine": "http://{1}/there",
    }
    web, job = crawled(
        {
            "/": good(*canonicals, "/de", "/go", title="Start"),
            **{path: saying("canonical", target) for path, target in canonicals.items()},
            "/de": good(
                title="Deutsch",
                head='<link rel=alternate hreflang=en href="http://{1}/gone">'
                '<link rel=alternate hreflang=fr href="http://{1}/there">'
                '<link rel=alternate hreflang=it href="http://{1}/private">',
            ),
            "/go": redirect("http://{1}/gone-too"),
            "1/robots.txt": PAGES["1/robots.txt"],
            "1/there": good(title="There"),
            "1/moved": redirect("/there", 301),
        },
        *("--exclude", "*delete*"),
    )
    before = json.loads(report("--json", "--job", job, cwd=tmp_path).stdout)
    assert web.asked == []
    (missing,) = [one for one in before["not_checked"] if one["name"] == "canonical_broken"]
    assert missing["why"].endswith("never fetched: --check-external asks for them")
    done = report("--json", "--job", job, *ASK, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(web.paths(0)) == ["/gone-here"]
    assert sorted(web.paths(1)) == ["/gone", "/gone-too", "/moved", "/there", "/there"]
    found = {
        one["name"]: [tuple(row.values()) for row in one["first"]]
        for one in json.loads(done.stdout)["findings"]
    }
    here, there = web.url, lambda path: web.url(path, 1)
    assert found["canonical_broken"] == [
        (here("/own"), here("/gone-here"), "404"),
        (here("/far"), there("/gone"), "404"),
    ]
    moved = (here("/moved-away"), there("/moved"), there("/there"))
    assert found["canonical_redirects"] == [moved]
    unknown = [(here("/secret"), here("/delete?all"), "never fetched")]
    unknown += [(here("/shy"), there("/private"), "robots")]
    assert found["canonical_unknown"] == unknown
    assert found["hreflang"] == [(here("/de"), "en", there("/gone"), "not there: 404")]
    assert found["hreflang_unknown"] == [(here("/de"), "it", there("/private"), "robots")]
    place = {"page": here("/"), "text": "x", "via": here("/go")}
    assert found["broken_external"] == [(there("/gone-too"), "404", 1, [place])]
    assert "redirected_links" not in found


def test_a_host_that_is_paused_is_not_asked_either(crawled, tmp_path):
    """Who pauses a host because it is in trouble would have it asked all the same."""
    canonical = '<link rel=canonical href="/unseen">'
    web, job = crawled({"/": good("http://{1}/there", title="Start", head=canonical)})
    words = [sys.executable, "-m", "crawler", "pause", "--job", str(job), web.hosts[0]]
    root = str(Path(__file__).parents[2])
    subprocess.run(words, check=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": root})
    done = report("--json", "--job", job, *ASK, "--max-external", 1, cwd=tmp_path)
    said = f"1 URL of {web.hosts[0]} was not asked for: it is paused"
    assert said in done.stderr
    assert [asked.host for asked in web.asked] == [web.hosts[1], web.hosts[1]]


def test_what_was_excluded_is_not_asked_for(crawled, tmp_path):
    """`--exclude '*delete*'` means that nobody follows such a link, a report neither."""
    links = ("http://{1}/delete?all", "http://{1}/read", "/delete?own")
    web, job = crawled({"/": good(*links, title="Start")}, "--exclude", "*delete*")
    done = report("--json", "--job", job, *ASK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [asked.path for asked in web.asked] == ["/robots.txt", "/read"]


def test_links_to_others_get_nothing_that_is_secret(crawled, tmp_path):
    """A password in the crawl file would go to whoever is linked to."""
    web, job = crawled({"/": good("http://{1}/there", title="Start")})
    host = web.hosts[1].partition(":")[0]
    (tmp_path / "crawl.toml").write_text(
        f'header = ["X-Key: secret-1"]\n[[site]]\nmatch = "http://{host}"\n'
        'header = ["X-Own: secret-2"]\ncookie = ["a=secret-3"]\n'
    )
    words = ("--config", "crawl.toml", "--user-agent", "Named/1", *ASK)
    done = report("--json", "--job", job, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert web.paths(1) == ["/there"]
    assert {asked.headers["User-Agent"] for asked in web.asked} == {"Named/1"}
    assert "secret" not in str(web.asked)


def test_a_machine_without_a_network_is_not_taken_for_broken_links(crawled, tmp_path):
    """Every link of the site would be said to be broken, and nobody would know why."""
    links = ("http://127.0.20.9:9/a", "http://127.0.20.8:9/")
    _, job = crawled({"/": good(*links, title="Start")})
    for _ in range(2):  # such answers are not kept for a day
        done = report("--json", "--job", job, *ASK, cwd=tmp_path)
        assert done.returncode == 0
        said = "2 URLs beyond the crawl could not be reached, and hardly any other was: is this"
        assert said in done.stderr
        made = json.loads(done.stdout)
        assert any(said in sentence for sentence in made["summary"])
        found = {one["name"]: one["first"] for one in made["findings"]}
        assert "broken_external" not in found
        assert [one["answer"] for one in found["external_unknown"]] == ["unreached", "unreached"]
        assert "broken_external" in {one["name"] for one in made["not_checked"]}
    assert (job / "external.jsonl").read_bytes() == b""


def test_a_report_reaches_what_the_crawl_might_and_forgets_what_it_refused(crawled, tmp_path):
    """One report without --allow-net would leave every later one of that day without answers."""
    far = "http://10.255.255.1/"
    web, job = crawled({"/": good(far, "http://{1}/there", title="Start")})
    words = ("--check-external", "--delay", "0")
    for times in (1, 2):
        done = report("--json", "--job", job, *words, cwd=tmp_path)
        assert "not asked, since the address is not public: 10.255.255.1;" in done.stderr
        assert web.paths(1) == ["/there"], times
        found = {one["name"]: one["first"] for one in json.loads(done.stdout)["findings"]}
        assert found["external_unknown"][0]["answer"] == "blocked_address"
    assert far not in (job / "external.jsonl").read_text()


def test_who_is_left_out_is_named_and_who_had_no_answer_is_asked_sooner(crawled, tmp_path):
    """What was not asked for, and why, would be a riddle; a name that is mended dead for a day."""
    pages = {
        "/": good(*(f"http://{{1}}/{name}" for name in "abcd"), title="Start"),
        "1/b": Answer(b"", 429, {"Retry-After": "3600"}),
    }
    web, job = crawled(pages)
    hours_ago = job_clock(new_offset_ms())() - 2 * 3_600_000
    before = [{"status": 200, "error": None}, {"status": None, "error": "dns"}]
    (job / "external.jsonl").write_text(
        "".join(
            json.dumps({"url": web.url(path, 1), "final_url": web.url(path, 1), **one})[:-1]
            + f', "hops": 0, "asked_at": {hours_ago}}}\n'
            for path, one in zip(("/c", "/a"), before, strict=True)
        )
    )
    done = report("--json", "--job", job, *ASK, cwd=tmp_path)
    assert web.paths(1) == ["/a", "/b"]
    said = f"1 URL of {web.hosts[1]} was not asked for: it is to be left alone until 20"
    assert said in done.stderr


def test_the_number_is_bounded_and_the_rest_comes_later(crawled, tmp_path):
    """A site with a million outward links must not mean a million requests."""
    links = [f"http://{{1}}/{n}" for n in range(5)]
    web, job = crawled({"/": good(*links, title="Start")})
    done = report("--json", "--job", job, *ASK, "--max-external", 2, cwd=tmp_path)
    assert web.paths(1) == ["/0", "/1"]
    assert "3 URLs beyond the crawl were not asked for" in done.stderr
    report("--json", "--job", job, *ASK, cwd=tmp_path)
    assert web.paths(1) == ["/0", "/1", "/2", "/3", "/4"]


def test_hosts_of_a_running_crawl_are_not_asked(tmp_path):
    """Crawl and report together would be two requests at once, and half of the delay."""
    pages = {
        "/docs/": good("/docs/held", "/other/page", "http://{1}/there", title="Start"),
        "/docs/held": Answer(b"late", held=True),
    }
    with Web(pages) as web:
        flags = ("--delay", "0", "--scope", "prefix")
        crawl = Crawl(tmp_path / "crawl", web.url("/docs/"), *flags).start()
        poll(lambda: "/docs/held" in web.paths(0), "the page that is not answered")
        poll(lambda: crawl.written() and not crawl.uncommitted(), "the first record")
        done = report("--json", "--job", crawl.job, *ASK, cwd=tmp_path)
        assert json.loads(done.stdout)["running"] is True
        assert (web.paths(0), web.paths(1)) == (["/docs/", "/docs/held"], ["/there"])
        web.release.set()
        assert crawl.wait() == 0
        assert report("--json", "--job", crawl.job, *ASK, cwd=tmp_path).returncode == 0
        assert (web.paths(0)[2:], web.paths(1)) == (["/other/page"], ["/there"])


def test_ctrl_c_keeps_what_was_asked(crawled, tmp_path):
    """Ten minutes of asking would be lost, and asked again."""
    pages = {
        "/": good("http://{1}/fast", "http://{1}/held", "http://{1}/last", title="Start"),
        "1/held": Answer(b"late", held=True),
    }
    web, job = crawled(pages)
    words = [sys.executable, "-m", "crawler", "report", "--job", str(job), *ASK]
    asking = subprocess.Popen(
        words,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        text=True,
    )
    poll(lambda: "/held" in web.paths(1), "the link that is not answered")
    os.killpg(asking.pid, signal.SIGINT)
    _, said = asking.communicate(timeout=60)
    assert asking.returncode == 130
    assert "stopped after 1 answer;" in said
    assert not (tmp_path / "report.html").exists()
    web.release.set()
    web.asked.clear()
    assert report("--json", "--job", job, *ASK, cwd=tmp_path).returncode == 0
    assert web.paths(1) == ["/held", "/last"]
