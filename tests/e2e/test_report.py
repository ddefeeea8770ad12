"""`crawler report` as a user types it, on a site whose faults are known."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawler.audit.checks import CHECKS
from crawler.cli.reporting.csv import safe_cell
from crawler.sink.packing import pack_part, temporary_path
from crawler.sink.reading import packed_path
from tests.support.crawl import Crawl
from tests.support.faulty_site import PAGES
from tests.support.web import Web

pytestmark = pytest.mark.e2e
FLAGS = ("--delay", "0", "--retries", "0", "--link-details", "--no-color")


def report(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crawler", "report", *map(str, words)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Audited:
    """A crawled site, and the JSON of its report."""

    def __init__(self, web: Web, job: Path) -> None:
        self.web = web
        self.job = job
        done = report("--json", "--job", job, cwd=job.parent)
        assert (done.returncode, done.stderr) == (0, "")
        self.json: dict[str, Any] = json.loads(done.stdout.replace(f"http://{web.hosts[0]}", ""))

    def names(self) -> list[str]:
        return [one["name"] for one in self.json["findings"]]

    def first(self, name: str) -> list[dict[str, Any]]:
        (found,) = [one for one in self.json["findings"] if one["name"] == name]
        return found["first"]

    def items(self, name: str, key: str = "url") -> list[str]:
        return [one[key] for one in self.first(name)]


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    job = tmp_path_factory.mktemp("report") / "crawl"
    with Web(PAGES) as web:
        crawl = Crawl(job, web.url(), *FLAGS[:-1])
        assert crawl.run() == 0, crawl.err
        yield Audited(web, job)


def test_exactly_the_faults_that_are_there_are_found(audited):
    """A finding that is none costs an hour of somebody's work, and trust in all others."""
    first, items = audited.first, audited.items
    (gone,) = first("broken_links")
    assert (gone["url"], gone["answer"], gone["places"]) == ("/gone", "404", 4)
    assert gone["first_places"] == [
        {"page": "/", "text": "Our history", "via": None},
        {"page": "/a", "text": "x", "via": "/old-gone"},
        {"page": "/a", "text": "x", "via": None},
        {"page": "/b", "text": "gone again", "via": None},
    ]
    assert items("server_errors") == ["/broken"]
    (loop,) = first("redirect_loops")
    assert loop["first_places"] == [{"page": "/", "text": "x", "via": "/round"}]
    (lost,) = first("soft_404")
    assert (lost["url"], lost["says"]) == ("/lost", "Page not found")
    assert lost["first_places"] == [{"page": "/", "text": "our old shop", "via": None}]
    assert items("sitemap_broken") == ["/map-gone"]
    assert items("denied_links") == ["/refused"]
    (chain,) = first("redirect_chains")
    assert chain["way"] == "/first (301) → /second (302) → /a"
    assert chain["first_places"] == [{"page": "/", "text": "x"}]
    assert items("redirected_links") == ["/first", "/second"]
    assert items("duplicate_titles", "title") == ["Same title", "Twin"]
    assert [one["page"] for one in first("duplicate_titles")[0]["first_places"]] == ["/a", "/b"]
    assert items("duplicate_descriptions", "description") == [
        "About Same title.",
        "About Twin.",
    ]
    assert items("duplicate_content") == ["/twin-1"]
    assert items("missing_titles") == ["/empty"]
    assert items("missing_h1") == ["/empty"]
    assert items("sitemap_orphans") == ["/orphan"]
    assert items("noindex_linked") == ["/hidden"]
    assert items("nofollow_links") == ["/unfollowed"]
    assert items("js_required") == ["/app"]
    assert items("thin_pages") == ["/empty"]
    assert {one["url"]: one["clicks"] for one in first("deep_pages")} == {"/far-6": 6, "/far-5": 5}


def test_canonicals_and_languages_are_judged_by_where_they_lead(audited):
    """One that leads to a dead end drops a page from every search engine, and nobody sees it."""
    first = audited.first
    assert first("canonical_broken") == [{"url": "/c-gone", "canonical": "/gone", "answer": "404"}]
    (moved,) = first("canonical_redirects")
    assert (moved["url"], moved["leads_to"]) == ("/c-moved", "/a")
    conflicts = {one["url"]: one["conflict"] for one in first("canonical_conflicts")}
    assert conflicts.keys() == {"/c-hidden", "/c-chain"}
    assert conflicts["/c-hidden"] == "the canonical page is noindex"
    assert audited.items("canonical_elsewhere") == ["/c-away"]
    assert [tuple(one.values()) for one in first("several_canonicals")] == [
        ("/c-head", "/a", "/b"),
        ("/c-two", "/a", "/b"),
    ]
    (pair,) = first("hreflang")
    assert (pair["url"], pair["alternate"], pair["lang"]) == ("/german", "/a", "en")


def test_sitemaps_are_compared_with_links_both_ways(audited):
    """What a link led to first was named by the sitemap all the same."""
    listed = set(audited.items("unlisted"))
    assert {"/b", "/canonicals", "/far-1"} <= listed
    assert not listed & {"/a", "/twin-1", "/german", "/", "/orphan"}
    unwanted = {one["url"]: one["problem"] for one in audited.first("sitemap_unwanted")}
    assert unwanted == {"/hidden": "noindex", "/first": "redirects"}


def test_what_could_not_be_looked_for_is_said(audited):
    """No finding would be taken for no fault."""
    why = {one["name"]: one["why"] for one in audited.json["not_checked"]}
    assert why.keys() == {
        *("broken_external", "moved_external", "broken_requisites", "mixed_content"),
        "near_copies",
        "external_unknown",
    }
    assert "--simhash" in why["near_copies"]
    named = [*audited.names(), *audited.json["clean"], *why]
    assert sorted(named) == sorted(check.name for check in CHECKS)
    assert audited.json["counts"]["error"] == 5
    assert "robots.txt forbids" in " ".join(audited.json["summary"])


def test_csv_files_have_every_row_and_no_formula(audited, tmp_path):
    """A title that begins with = would run on the machine of who opens the list."""
    old = tmp_path / "out" / "large_pages.csv"
    old.parent.mkdir()
    old.write_text("url\n")
    (tmp_path / "out" / "mine.txt").write_text("kept")
    done = report("--csv", "out", "--job", audited.job, "--rows", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").is_file()
    files = {path.stem: path for path in (tmp_path / "out").glob("*.csv")}
    assert files.keys() == set(audited.names())
    assert (tmp_path / "out" / "mine.txt").is_file()
    with files["broken_links"].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["page"].rpartition("/")[2] for row in rows] == ["", "a", "a", "b"]
    assert safe_cell("=1+1") == "'=1+1"
    assert safe_cell(12) == 12


@pytest.mark.parametrize(("severity", "code"), [("error", 8), ("warning", 8), ("nonsense", 2)])
def test_fail_on_ends_with_a_code_that_ci_can_use(audited, tmp_path, severity, code):
    """A site with errors would go out."""
    done = report("--fail-on", severity, "--json", "--job", audited.job, cwd=tmp_path)
    assert done.returncode == code
    assert not (tmp_path / "report.html").exists()


def test_a_terminal_shows_the_worst_first_and_where_all_of_it_is(audited, tmp_path):
    """Who does not open the page still sees what is wrong."""
    done = report("--job", audited.job, "-o", "a page.html", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("The crawl fetched ")
    findings = lines[lines.index("Findings") + 1 :]
    assert findings[0].split()[:4] == ["error", "1", "Broken", "links"]
    assert lines[-1] == "page: a page.html"


def test_only_committed_lines_count_in_parts_as_written_or_packed(audited, tmp_path):
    """What a running crawl has not committed may vanish; packing must change no finding."""
    job = tmp_path / "crawl"
    shutil.copytree(audited.job, job)
    for part in (job / "pages").glob("*.jsonl"):
        size = part.stat().st_size
        with part.open("ab") as lines:
            lines.write(
                part.read_bytes().replace(b'"status":200', b'"status":404') + b'{"url": "to'
            )
        assert Audited(audited.web, job).json | {"job": ""} == audited.json | {"job": ""}
        pack_part(part, size)
        temporary_path(part).rename(packed_path(part))
        part.unlink()
    assert Audited(audited.web, job).json | {"job": ""} == audited.json | {"job": ""}


@pytest.mark.parametrize(
    ("module", "name"),
    [("crawler.audit.auditing", "audit"), ("crawler.cli.reporting.page", "_page")],
)
def test_sigterm_leaves_no_scratch_and_no_half_a_page(audited, tmp_path, module, name):
    """The scratch database is as large as the crawl: a few of them fill the disk."""
    hold = (
        f"import signal, {module}\n"
        f"{module}.{name} = lambda *_, **__: (print('here', flush=True), signal.pause())\n"
        "from crawler.cli import app; app.main()"
    )
    (tmp_path / "spill").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", hold, "report", "--job", str(audited.job), "-o", "page.html"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": "spill"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "here\n"
            process.terminate()
            assert (*process.communicate(timeout=60), process.returncode) == ("", "", 143)
        finally:
            process.kill()
    assert [found.name for found in tmp_path.rglob("*")] == ["spill"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_query_ends_the_report(audited, tmp_path, number):
    """On the main thread DuckDB drops what the handler raises, or does not even hear of it."""
    query = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE hash(a, b) = 1"
    slow = (
        "import os, threading, crawler.audit.auditing, crawler.audit.database\n"
        "def audit(database, *_, **__):\n"
        f"    kill = lambda: os.kill(os.getpid(), {number:d})\n"
        "    threading.Timer(0.3, kill).start()\n"
        f"    database.rows({query!r})\n"
        "crawler.audit.auditing.audit = audit\n"
        "from crawler.cli import app; app.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", slow, "report", "--job", str(audited.job), "-o", "page.html"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 128 + number)


def test_without_a_job_it_says_so_in_one_line(tmp_path):
    """A traceback would tell nobody what to do."""
    done = report(cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("crawler: no job in crawl")


def test_a_directory_of_others_is_no_empty_crawl(tmp_path):
    """It was said to have no records yet: was the crawl lost?"""
    (tmp_path / "crawl").mkdir()
    (tmp_path / "crawl" / "items.jsonl").write_text('{"uri": "http://a.example/"}\n')
    done = report("--csv", "found", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("crawler: crawl is no job, and has no records of ours")
    assert not (tmp_path / "found").exists()


@pytest.mark.parametrize(
    ("place", "message"),
    [("no/page.html", "no is no directory"), (".", ". is a directory: -o names the file")],
)
def test_where_the_page_goes_is_looked_at_first(audited, tmp_path, place, message):
    """The audit of a large crawl would be made, and then thrown away."""
    done = report("--job", audited.job, "-o", place, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"crawler: {message}")
    assert done.stderr.count("\n") == 1


def test_a_device_stays_one(audited, tmp_path):
    """As root, `-o /dev/null` would make a file of it, for all programs of the machine."""
    (tmp_path / "null").symlink_to("/dev/null")
    done = report("--job", audited.job, "-o", "null", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "null").is_char_device()
    assert [path.name for path in tmp_path.iterdir()] == ["null"]


@pytest.mark.parametrize(
    ("missing", "words", "code"),
    [("duckdb", ["--json"], 2), ("plotly", [], 2), ("plotly", ["--json"], 0)],
)
def test_without_a_package_it_says_what_to_install(audited, tmp_path, missing, words, code):
    """The audit of a large crawl would be made, and then thrown away."""
    hide = f"import sys; sys.modules[{missing!r}] = None; from crawler.cli import app; app.main()"
    done = subprocess.run(
        [sys.executable, "-c", hide, "report", "--job", str(audited.job), *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert ("pip install '.[analysis]'" in done.stderr) is (code == 2)
    assert len(done.stderr.splitlines()) == (code == 2)
    assert not (tmp_path / "report.html").exists()
