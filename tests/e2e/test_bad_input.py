"""Bad input at `crawler start`: one clear line, the right code, nothing damaged."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crawl import LOOPBACK, Crawl, poll
from tests.support.web import Web, page

FAST = ("--delay", "0", "-p", "1", "--retries", "0")


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web({"/": page("/a"), "/a": page(), "/b": page()}) as running:
        yield running


def _one_line(crawl: Crawl) -> str:
    """Whatever went wrong is said in one line, without a traceback."""
    assert crawl.err.startswith("crawler: "), crawl.err
    assert crawl.err.count("\n") == 1, crawl.err
    assert "Traceback" not in crawl.err
    assert crawl.out == ""
    return crawl.err


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "no URL in"),
        (b"\n\n  \n", "no URL in"),
        (b"# only\n# comments\n", "no URL in"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "looks binary (line 3)"),
        (b"h\0t\0t\0p\0:\0/\0/\0x\0.\0y\0\n\0", "looks binary (line 1)"),
        (b"\xff\xfeh\0t\0t\0p\0", "looks binary (line 1)"),
        (b"x" * 1_000_000, "no URL in"),
    ],
    ids=["empty", "blank", "comments", "png", "utf-16", "utf-16-bom", "one long line"],
)
def test_useless_seed_files(tmp_path: Path, content: bytes, expected: str) -> None:
    """A crawl of nothing that ends with code 0 would look like a success."""
    seeds = tmp_path / "seeds.txt"
    seeds.write_bytes(content)
    crawl = Crawl(tmp_path / "job", seeds, *FAST)
    assert crawl.run() == 2
    line = [line for line in crawl.err.splitlines() if line.startswith("crawler: ")]
    assert len(line) == 1
    assert expected in line[0]
    assert "seeds.txt" in line[0]
    assert "Traceback" not in crawl.err


def test_missing_and_unreadable_seeds(tmp_path: Path) -> None:
    """The name tells the person which of several files is meant."""
    for seeds, expected in [
        (tmp_path / "no.txt", "cannot read seeds"),
        (tmp_path, "cannot read seeds"),
        ("nothing", "cannot read seeds nothing: No such file"),
        ("seeds.tst.txt", "cannot read seeds seeds.tst.txt: No such file"),
        ("x" * 5_000, "cannot read seeds"),
    ]:
        crawl = Crawl(tmp_path / "job", seeds, *FAST)
        assert crawl.run() == 2
        assert expected in _one_line(crawl)


@pytest.mark.parametrize(
    "url", ["http://", "ftp://host.test/", "http://a b/", "http://[::1/", "://x"]
)
def test_bad_urls(tmp_path: Path, url: str) -> None:
    crawl = Crawl(tmp_path / "job", url, *FAST)
    assert crawl.run() == 2
    assert url in _one_line(crawl)


def test_bad_seeds_leave_no_trace_in_the_next_run(web: Web, tmp_path: Path) -> None:
    """A typing mistake must not cost a --fresh."""
    crawl = Crawl(tmp_path / "job", tmp_path / "no.txt", *FAST)
    assert crawl.run() == 2
    good = Crawl(tmp_path / "job", web.url(), *FAST, "--scope", "any")
    assert good.run() == 0, good.err
    assert set(good.counts()) == {web.url("/"), web.url("/a")}


def test_the_good_lines_of_a_mixed_file_are_crawled(web: Web, tmp_path: Path) -> None:
    """BOM, CRLF, comments, blank lines, a host without scheme, no URL at all, a huge line: what
    can be crawled is, and the rest is named with its line."""
    seeds = tmp_path / "seeds.txt"
    lines = [
        "\ufeff" + web.url("/").replace("http://", "HTTP://"),
        "# comment",
        "",
        "not a url",
        "  " + web.url("/a") + "\t",
        web.url("/a") + "#fragment",
        "mailto:someone@example.org",
        "x" * 1_000_000,
        web.hosts[0] + "/b",
        web.url("/last"),
    ]
    seeds.write_bytes("\r\n".join(lines).encode())
    crawl = Crawl(tmp_path / "job", seeds, *FAST)
    assert crawl.run() == 0, crawl.err
    records = {record["url"]: record["status"] for record in crawl.records()}
    assert records == {
        web.url("/"): 200,
        web.url("/a"): 200,
        f"https://{web.hosts[0]}/b": None,  # no scheme: https, which this web does not speak
        web.url("/last"): 404,
    }
    rejected = crawl.events("seed_rejected")
    assert [event["line"] for event in rejected] == [4, 7, 8]
    assert all(event["source"] == str(seeds) for event in rejected)
    assert all(len(event["text"]) <= 200 for event in rejected)
    said = crawl.err.splitlines()
    assert len(said) == 3
    assert ["line=4" in said[0], "line=7" in said[1], "line=8" in said[2]] == [True] * 3
    assert all(len(line) < 600 for line in said)


def test_bad_seeds_do_not_move_the_old_job(web: Web, tmp_path: Path) -> None:
    """--fresh with a misspelt file would put a crawl of weeks aside for nothing."""
    crawl = Crawl(tmp_path / "job", web.url("/b"), *FAST)
    assert crawl.run() == 0, crawl.err
    fresh = Crawl(tmp_path / "job", tmp_path / "no.txt", *FAST, "--fresh")
    assert fresh.run() == 2
    _one_line(fresh)
    assert len(crawl.records()) == 1
    assert not list(tmp_path.glob("job.*"))


def test_seeds_from_a_pipe(web: Web, tmp_path: Path) -> None:
    """`crawler start <(command)`: what was looked at is gone from a pipe."""
    crawl = Crawl(tmp_path / "job", "SEEDS", *FAST)
    words = " ".join(crawl.command).replace(
        "SEEDS", f"<(echo {web.url('/a')}; echo {web.url('/b')})"
    )
    crawl.command = ["bash", "-c", words]
    assert crawl.run() == 0, crawl.err
    assert set(crawl.counts()) == {web.url("/a"), web.url("/b")}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_waits_for_standard_input(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C after a forgotten pipe: it ends at once, with its code."""
    crawl = Crawl(tmp_path / "job", "-", *FAST)
    read_end, write_end = os.pipe()
    with subprocess.Popen(
        crawl.command, stdin=read_end, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            os.close(read_end)
            poll((tmp_path / "job" / "frontier.db-wal").exists, "it is about to read")
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()  # one that hangs fails this test, not the next as well
            os.close(write_end)
    assert process.returncode == 128 + number
    assert err == "crawler: stopped; the same command goes on\n"


def test_many_bad_lines_do_not_flood_the_terminal(web: Web, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("nonsense here\n" * 5_000 + web.url("/a") + "\n")
    crawl = Crawl(tmp_path / "job", seeds, *FAST)
    assert crawl.run() == 0, crawl.err
    assert len(crawl.err.splitlines()) == 21
    assert "5000" in crawl.err.splitlines()[-1]


def test_only_invalid_lines(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("not a url\nftp://x/\n")
    crawl = Crawl(tmp_path / "job", seeds, *FAST)
    assert crawl.run() == 2
    assert "no URL in" in crawl.err.splitlines()[-1]


def test_one_bad_file_of_two_does_not_sow_the_other(web: Web, tmp_path: Path) -> None:
    """Half a crawl that nobody asked for; the next run would go on with it."""
    good = tmp_path / "good.txt"
    good.write_text(web.url("/a") + "\n")
    crawl = Crawl(tmp_path / "job", good, *FAST, str(tmp_path / "missing.txt"))
    assert crawl.run() == 2
    assert "missing.txt" in _one_line(crawl)
    before = len(web.asked)
    again = Crawl(tmp_path / "job", web.url("/b"), *FAST)
    assert again.run() == 0, again.err
    assert set(again.counts()) == {web.url("/b")}
    assert len(web.asked) - before == 2  # robots.txt and the page


def test_standard_input_and_a_url_together(web: Web, tmp_path: Path) -> None:
    job = tmp_path / "job"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "crawler", "start", "-", web.url("/b"), "--job", str(job)),
            *(*LOOPBACK, *FAST),
        ],
        input=web.url("/a") + "\nnot a url\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    crawl = Crawl(job, "-")
    assert set(crawl.counts()) == {web.url("/a"), web.url("/b")}
    assert "source='standard input'" in done.stderr or "standard input" in done.stderr


def test_empty_standard_input(tmp_path: Path) -> None:
    crawl = Crawl(tmp_path / "job", "-", *FAST)
    assert crawl.run() == 2
    assert "no URL in standard input" in _one_line(crawl)


def test_no_seeds_at_all(tmp_path: Path) -> None:
    crawl = Crawl(tmp_path / "job", "x", *FAST)
    crawl.command.remove("x")
    assert crawl.run() == 2
    assert "no seeds" in _one_line(crawl)
    assert not (tmp_path / "job" / "frontier.db").exists()


def test_a_huge_seed_file_is_streamed(web: Web, tmp_path: Path) -> None:
    """300,000 lines of one host: memory must not grow with the file, nor may it take minutes."""
    seeds = tmp_path / "seeds.txt"
    with seeds.open("w") as file:
        for number in range(300_000):
            file.write(f"{web.url('/p')}{number:06d}?{'q' * 80}\n")
    crawl = Crawl(tmp_path / "job", seeds, *FAST, "--max-pages", "20")
    assert crawl.run() == 0, crawl.err
    assert len(crawl.records()) == 20
    started = crawl.events("crawl_started")[0]
    assert started["seeds_new"] == 300_000


@pytest.mark.parametrize(
    ("make", "expected", "code"),
    [
        (lambda job: job.write_text("x"), "is no directory", 2),
        (lambda job: (job.mkdir(), (job / "pages").write_text("x")), "is no directory", 2),
        (lambda job: (job.mkdir(), (job / "lock").mkdir()), "lock", 2),
        (lambda job: (job.mkdir(), (job / "frontier.db").mkdir()), "frontier.db", 4),
        (lambda job: (job.mkdir(), (job / "frontier.db").write_text("hello\n")), "frontier.db", 4),
        (lambda job: (job / "logs" / "crawler.jsonl").mkdir(parents=True), "crawler.jsonl", 3),
    ],
    ids=["job", "pages", "lock", "frontier", "text as frontier", "log"],
)
def test_something_else_is_in_the_way(
    web: Web, tmp_path: Path, make: object, expected: str, code: int
) -> None:
    assert callable(make)
    make(tmp_path / "job")
    crawl = Crawl(tmp_path / "job", web.url(), *FAST)
    assert crawl.run() == code, crawl.err
    assert expected in _one_line(crawl)


@pytest.mark.parametrize("job", ["/proc/crawl", "/dev/null", "/dev/null/crawl"])
def test_a_job_that_cannot_be_made(web: Web, job: str) -> None:
    crawl = Crawl(Path(job), web.url(), *FAST)
    assert crawl.run() in (2, 3)
    assert job in _one_line(crawl)


def test_an_output_that_cannot_be_made(web: Web, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for output in (tmp_path / "file", tmp_path / "file" / "out", Path("/proc/out")):
        crawl = Crawl(tmp_path / "job", web.url(), *FAST, "-o", str(output))
        assert crawl.run() in (2, 3), crawl.err
        assert str(output) in _one_line(crawl)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--depth", "-1"), "--depth"),
        (("--max-pages", "0"), "--max-pages"),
        (("--max-pages", "many"), "--max-pages"),
        (("--include", "example.org/*"), "matches no URL"),
        (("--allow-net", "127.0.0.0/99"), "--allow-net"),
        (("-H", "no colon"), "--header"),
        (("-H", "X-Bad: a\nb"), "--header"),
        (("--proxy", "nonsense"), "--proxy"),
        (("--timeout", "0"), "--timeout"),
        (("--max-body", "-5"), "--max-body"),
        (("-p", "0"), "-processes"),
        (("-c", "0"), "-concurrency"),
    ],
)
def test_bad_values_are_named_by_their_flag(
    web: Web, tmp_path: Path, flags: tuple[str, ...], expected: str
) -> None:
    crawl = Crawl(tmp_path / "job", web.url(), *FAST, *flags)
    assert crawl.run() == 2
    assert expected in _one_line(crawl)
    assert not (tmp_path / "job").exists()
