"""Nothing that a server sends can move the cursor, colour the screen or turn a line around."""

import subprocess
import sys
import unicodedata
from pathlib import Path

from tests.support.crawl import LOOPBACK, Crawl
from tests.support.web import Answer, Web, page

EVIL = "\x1b]0;owned\x07\x1b[31m\u202etxt.exe\u2066\x9b2J\x7f\u200f\x08"
HEADERS = {"Server": EVIL.encode("utf-8").decode("latin-1"), "ETag": '"\x1b[31m"'}

PAGES = {
    "/": page(
        f"/{EVIL}",
        "/odd",
        "/bad",
        head=f"<title>{EVIL}</title><meta name=description content='{EVIL}'>",
        text=EVIL,
    ),
    "/bad": Answer(b"", 302, {"Location": "http://\x1b[31m[\x9b"}),
    "/odd": Answer(EVIL.encode(), 200, HEADERS, content_type="text/html; charset=\x1b[31m"),
}


def _unsafe(text: str) -> list[str]:
    """Return what a terminal would act on: controls but the line's end, and marks of direction."""
    kinds = ("Cc", "Cf")
    return [hex(ord(c)) for c in text if c != "\n" and unicodedata.category(c) in kinds]


def test_no_command_lets_a_page_write_on_the_terminal(tmp_path: Path) -> None:
    """A title could clear the screen, or fake a line that says that all is well."""
    with Web(PAGES) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), "--delay", "0", "-p", "1", "-vv")
        assert crawl.run("--progress", "plain") == 0, crawl.err
        assert len(crawl.records()) >= 3
        shown = [crawl.out + crawl.err]
        job = ["--job", str(crawl.job)]
        for words in (
            ["status"],
            ["inspect"],
            ["inspect", "--json"],
            ["explain", web.url("/odd")],
            ["explain", web.url("/") + EVIL],
            ["explain", "http://" + EVIL],
            ["try", web.url("/"), *LOOPBACK],
            ["try", web.url("/"), *LOOPBACK, "--json", "-vv"],
            ["try", web.url("/odd"), *LOOPBACK],
            ["try", web.url("/bad"), *LOOPBACK],
            ["try", web.url("/") + EVIL, *LOOPBACK],
            ["start", "http://[" + EVIL],
            ["start", EVIL],
            ["config", "show", "--" + EVIL],
            [EVIL],
        ):
            where = [] if words[0] in ("config", EVIL) else job
            done = subprocess.run(
                [sys.executable, "-m", "crawler", *words, *where],
                capture_output=True,
                text=True,
                check=False,
                cwd=tmp_path,
            )
            assert "Traceback" not in done.stderr
            shown.append(done.stdout + done.stderr)
        assert [found for text in shown if (found := _unsafe(text))] == []
        log = crawl.log_text()
        assert _unsafe(log) == []
        assert log.count("\n") == len(log.splitlines())
