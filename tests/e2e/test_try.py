"""`crawler try` as a person uses it: what it says, its code, and what it leaves behind."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.crawl import Crawl, poll
from tests.support.site import ROOT
from tests.support.web import Answer, Web, page, redirect

pytestmark = pytest.mark.e2e
HOSTS = ("127.0.43.1", "127.0.43.2")
ROBOTS = b"User-agent: *\nDisallow: /private/\n"
PAGES = {
    "/robots.txt": Answer(ROBOTS, content_type="text/plain"),
    "0/": page("/a", "/private/x", "http://{1}/", head="<title>Home \x1b[31mred</title>"),
    "0/go": redirect("http://{1}/there"),
    "1/there": page(head="<title>There</title>"),
}


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(PAGES, HOSTS) as running:
        yield running


class Home:
    """An empty directory to work in, and a home beside it."""

    def __init__(self, path: Path) -> None:
        self.work, self.home = path / "work", path / "home"
        self.work.mkdir()
        self.home.mkdir()

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "crawler", "try", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.work,
            env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(self.home)}
            | {"XDG_CACHE_HOME": "", "CRAWLER_ALLOW_NET": "127.0.0.0/8", "CRAWLER_DELAY": "0"}
            | environ,
            timeout=60,
        )

    def left(self) -> list[str]:
        found = [*self.work.rglob("*"), *self.home.rglob("*")]
        return [str(path) for path in found if path.is_file() or path.parent == self.work]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def _json(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_says_all_and_leaves_nothing(web: Web, home: Home) -> None:
    """A directory of a job would make the next `start` go on with something else."""
    done = home.run(web.url())
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line[2:].split("  ")[0]: line for line in done.stdout.splitlines()}
    assert "allowed: no rule of" in lines["robots"]
    assert "200 in" in lines["response"]
    assert re.search(r"title +Home \\x1b\[31mred", done.stdout)
    assert "1 kept, 2 refused (1 robots, 1 scope)" in done.stdout
    assert "\x1b" not in done.stdout
    assert home.left() == []


@pytest.mark.parametrize(
    ("path", "flags", "code", "what"),
    [
        ("/private/x", (), 6, "refused: .*/private/x is not asked for: robots"),
        ("/go", (), 0, "response: status 200"),
        ("/nowhere", (), 0, "response: status 404"),
        ("/", ("--exclude", "*"), 0, "response: status 200"),
    ],
)
def test_the_code_is_that_of_a_crawl_of_this_url(
    web: Web, home: Home, path: str, flags: tuple[str, ...], code: int, what: str
) -> None:
    done = home.run(web.url(path), *flags)
    assert (done.returncode, done.stderr) == (code, "")
    assert re.search(rf"outcome +{what}", done.stdout)


def test_the_address_guard_holds(web: Web, home: Home) -> None:
    done = home.run(web.url(), CRAWLER_ALLOW_NET="")
    assert done.returncode == 6
    assert "--allow-net" in done.stdout
    assert web.asked == []


def test_a_crawl_file_gives_scope_and_seeds(web: Web, home: Home) -> None:
    """A URL is judged as the crawl that the file describes would judge it."""
    (home.work / "crawl.toml").write_text(f'seeds = ["{web.url()}"]\nexclude = ["*/a"]\n')
    inside = _json(home.run(web.url("/a"), "--config", "crawl.toml", "--json"))
    assert (inside["outcome"]["reason"], inside["scope"]["allowed"]) == ("exclude", False)
    outside = home.run(web.url("/", 1), "--config", "crawl.toml")
    assert outside.returncode == 6
    assert "is no seed's host" in outside.stdout
    assert web.asked == []


def test_a_job_that_was_named_gives_its_rules(web: Web, home: Home) -> None:
    """The try would be of another crawl than the one that is asked about."""
    job = home.work / "job"
    crawl = Crawl(job, web.url("/go"), "--delay", "0", "--exclude", "*/a", "-p", "1")
    assert crawl.run() == 0, crawl.err
    before = sorted(path.name for path in job.rglob("*"))
    web.asked.clear()
    # Where the seed redirected to is a seed, and its host in the scope.
    seed = _json(home.run(web.url("/there", 1), "-j", "job", "--json"))
    assert seed["outcome"]["what"] == "response"
    refused = home.run(web.url("/a"), "-j", "job")
    assert (refused.returncode, refused.stderr) == (6, "")
    assert "matches --exclude */a" in refused.stdout
    named = home.run(web.url("/a"), "-j", "job", "--exclude", "*/b")
    assert "404 in" in named.stdout
    assert sorted(path.name for path in job.rglob("*")) == before
    # Without its name it is not meant, wherever it lies.
    job.rename(home.work / "crawl")
    assert home.run(web.url("/a")).returncode == 0
    none = home.run(web.url("/a"), "-j", "job")
    assert (none.returncode, none.stdout) == (2, "")
    assert "no job in" in none.stderr


def test_the_tables_of_another_file_count(web: Web, home: Home) -> None:
    """What is wrong in them is named by that file's line, before anything is asked for."""
    (home.work / "crawl.toml").write_text('scope = "any"\n[[extract]]\nfields = { a = "h1" }\n')
    new = home.work / "new.toml"
    words = ("--config", "crawl.toml", "--extract", "new.toml")
    for text, message in (
        ('\n[[extract]]\nfeilds = { b = "h2" }\n', "new.toml, line 2: [[extract]]"),
        ("\n[[extract]\n", "new.toml, line 2: "),
        ('scope = "any"\n', "new.toml: there is no [[extract]] table in it"),
        ("\nscop = 1\n", "new.toml, line 2: scop"),
    ):
        new.write_text(text)
        done = home.run(web.url(), *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert web.asked == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nonsense",), "neither a URL nor a host name"),
        (("ftp://a.example/",), "not http or https"),
        (("a.example", "--http-cache-age", "soon"), "--http-cache-age: "),
        (("a.example", "--retries", "x"), "--retries: "),
        (("a.example", "--config", "none.toml"), "none.toml"),
        ((), "URL"),
    ],
)
def test_what_cannot_be_is_one_line(home: Home, words: tuple[str, ...], message: str) -> None:
    done = home.run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    assert home.left() == []


def test_with_the_cache_the_next_try_makes_no_request(web: Web, home: Home) -> None:
    """Writing selectors would cost the site a request for each attempt."""
    first = _json(home.run(web.url("/go"), "--http-cache", "--json"))
    asked = len(web.asked)
    again = home.run(web.url("/go"), "--http-cache")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.count("(from the cache of ") == 4
    second = _json(home.run(web.url("/go"), "--http-cache", "--json"))
    assert len(web.asked) == asked == 4
    assert second["record"] == first["record"]
    assert second["hops"][1]["response"]["kept_at"] is not None
    assert all("/.cache/quasicrawler/http/" in path for path in home.left())
    _json(home.run(web.url("/go"), "--http-cache", "--http-cache-age", "0", "--json"))
    assert len(web.asked) == 2 * asked
    _json(home.run(web.url("/go"), "--json"))
    assert len(web.asked) == 3 * asked


def test_a_cache_that_cannot_be_used_is_said(web: Web, home: Home) -> None:
    (home.home / ".cache").write_text("a file")
    done = home.run(web.url(), "--http-cache")
    assert (done.returncode, done.stdout) == (3, "")
    assert "Not a directory" in done.stderr
    redis = home.run(web.url(), "--http-cache", CRAWLER_CACHE_REDIS_URL="redis://127.0.0.1:1/0")
    assert (redis.returncode, redis.stdout) == (2, "")
    assert web.asked == []


def test_ctrl_c_ends_it_without_a_traceback(home: Home) -> None:
    """A slow page is the usual reason to stop it."""
    held = page()._replace(held=True)
    with Web({"/": held}, HOSTS) as web:
        command = [sys.executable, "-m", "crawler", "try", web.url(), "--allow-net", "127.0.0.0/8"]
        process = subprocess.Popen(
            [*command, "--delay", "0"],
            cwd=home.work,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        poll(lambda: web.paths() == ["/"], "the page to be asked for")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert home.left() == []


def test_a_long_wait_is_announced(home: Home) -> None:
    """Nobody should wonder whether it hangs."""
    with Web({"/": page()}, HOSTS) as web:
        done = home.run(web.url(), CRAWLER_DELAY="5s")
    assert done.returncode == 0
    assert re.fullmatch(rf"crawler: waits [2-5]\S*: the delay of {web.hosts[0]}\n", done.stderr)


def _guide() -> tuple[dict[str, str], list[str]]:
    """The files and the commands that the guide has."""
    text = (ROOT / "docs/guides/writing-selectors.md").read_text("utf-8")
    files = {
        name: re.sub(r"(?m)^ {4}", "", block)
        for block, name in re.findall(r"(?m)^(    # (\w+\.toml)\n(?:    .*\n|\n(?=    ))+)", text)
    }
    commands = [line.strip() for line in re.findall(r"(?m)^    crawler try .*$", text)]
    return files, commands


def test_the_commands_of_the_guide_run(home: Home) -> None:
    """Whoever follows a guide types what it says, and believes what it shows."""
    product = {"@type": "Product", "offers": {"price": "12.50", "priceCurrency": "EUR"}}
    head = f'<script type="application/ld+json">{json.dumps(product)}</script>'
    item = page("/item/8", head=head, text="<h1>A good chair</h1><b class=stock>many</b>")
    files, commands = _guide()
    assert len(files) == 1
    assert len(commands) == 5
    files["crawl.toml"] = 'delay = "0"\n'
    for name, text in files.items():
        (home.work / name).write_text(text)
    with Web({"/item/7": item}, HOSTS) as web:
        shown = []
        for command in commands:
            line = command.replace("https://example.org/", web.url())
            line = line.removeprefix("crawler try ").partition(" | ")[0]
            done = home.run(*line.split())
            assert (done.returncode, done.stderr) == (0, "")
            shown.append(done.stdout)
        # The second asks, since the first keeps nothing; the third renews; the last asks nobody.
        assert web.paths() == ["/item/7"] * 4
    assert "fields" not in shown[0]
    for line in (
        r"fields: 3 of 4 \(fields\.toml, line 2: \[\[extract\]\]\)",
        r"  name +A good chair \(css h1\)",
        r"  sku +missing \(required\)",
        r"  stock +0 \(default; 'many' is no number\)",
        r"  price +\{.*12\.5.*EUR.*\} \(json_ld Product\.offers\.price\)",
    ):
        assert re.search(rf"(?m)^{line}$", shown[1]), line
    assert "(from the cache of" not in shown[2]
    assert json.loads(shown[-1])["record"]["fields"] == {}
