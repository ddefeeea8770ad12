"""Readers that are not ours: warcio checks the parts, pywb replays a page in a headless Chromium.

Neither pywb nor a browser belongs to the project. `make replay` installs pywb beside it; the
browser comes from the system (Debian: `apt-get install chromium`). Where one is missing, these
tests are skipped and say so.
"""

import contextlib
import html
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.support.crawl import Crawl
from tests.support.ports import free_port
from tests.support.web import Answer, Web, redirect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PYWB = os.environ.get("PYWB")
"""Directory of pywb's commands."""
WAYBACK = shutil.which("wayback", path=PYWB)
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

needs_pywb = pytest.mark.skipif(WAYBACK is None, reason="no pywb: make replay installs it")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")

CHROMIUM_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def png(width: int, height: int) -> Answer:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x20\x90\xd0" * width for _ in range(height))
    data = chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return Answer(b"\x89PNG\r\n\x1a\n" + data, content_type="image/png")


LOOK = """
addEventListener("load", () => {
  const heading = getComputedStyle(document.querySelector("h1"));
  const frame = document.querySelector("iframe").contentDocument;
  document.getElementById("told").textContent = JSON.stringify({
    colour: heading.color,
    margin: heading.marginTop,
    background: heading.backgroundImage.includes("tile.png"),
    images: [...document.images].map((image) => image.naturalWidth),
    frame: frame.body.textContent.trim(),
    letters: document.querySelector("p").textContent,
  });
});
"""
PAGES = {
    "/": Answer(
        (
            '<!doctype html><meta charset="utf-8"><title>Archived</title>'
            '<link rel="stylesheet" href="http://{1}/site.css"><h1>Heading</h1><p>Grüße, 世界</p>'
            '<img src="/sun.png"><img src="/moved.png"><a href="/two">two</a>'
            '<iframe src="/frame"></iframe><pre id="told"></pre><script src="/look.js"></script>'
        ).encode()
    ),
    "/two": Answer(b"<!doctype html><title>Two</title><h1>The second page</h1>"),
    "/frame": Answer(b"<!doctype html><title>Frame</title><body>A frame"),
    "/look.js": Answer(LOOK.encode(), content_type="text/javascript"),
    "/site.css": Answer(
        b'@import "more.css"; h1 { color: rgb(1, 2, 3); background: url(tile.png) }',
        content_type="text/css",
    ),
    "/more.css": Answer(b"h1 { margin-top: 33px }", content_type="text/css"),
    "/tile.png": png(8, 8),
    "/sun.png": png(40, 20),
    "/moved.png": redirect("http://{1}/far.png"),
    "/far.png": png(17, 9),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The parts of a small site on two hosts, and its hosts; the site itself is gone."""
    job = tmp_path_factory.mktemp("replay") / "job"
    with Web(PAGES) as web:
        crawl = Crawl(job, web.url("/"), "--delay", "0", "--store", "warc", "--requisites")
        assert crawl.run() == 0, crawl.err
        hosts = list(web.hosts)
    return job / "pages", hosts


def test_warcio_finds_no_fault(archive: tuple[Path, list[str]]) -> None:
    """Digests and lengths hold for another library, or no archive would take the files."""
    parts, _ = archive
    files = sorted(map(str, parts.glob("*.warc.gz")))
    assert files
    program = "import sys; from warcio.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", program, "check", "-v", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "digest pass" in done.stdout
    assert "digest failed" not in done.stdout


@pytest.fixture(scope="module")
def wayback(archive: tuple[Path, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """pywb with the parts in its collection; `wayback(url)` is where it shows them."""
    parts, hosts = archive
    root = tmp_path_factory.mktemp("pywb")
    (root / "config.yaml").write_text("framed_replay: false\n")
    manager = str(Path(WAYBACK or "").with_name("wb-manager"))
    for words in (["init", "site"], ["add", "site", *sorted(map(str, parts.glob("*.warc.gz")))]):
        done = subprocess.run(
            [manager, *words], cwd=root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    port = free_port()
    command = [WAYBACK or "", "-b", "127.0.0.1", "-p", str(port)]
    log = (root / "log").open("wb")
    with subprocess.Popen(command, cwd=root, stdout=log, stderr=log) as process, log:
        try:
            _await(f"http://127.0.0.1:{port}/", process)
            yield (
                lambda path, host=0: f"http://127.0.0.1:{port}/site/mp_/http://{hosts[host]}{path}"
            )
        finally:
            process.terminate()


def _await(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.2)
    raise AssertionError("pywb did not start")


def shown(url: str, profile: Path) -> str:
    """Return the page as the browser has it once its scripts have run."""
    command = [
        *(BROWSER or "", *CHROMIUM_FLAGS, f"--user-data-dir={profile}"),
        *("--virtual-time-budget=10000", "--dump-dom", url),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


@needs_pywb
@needs_browser
def test_a_page_looks_as_it_did(wayback: Any, tmp_path: Path) -> None:
    """Styles, images, scripts and frames of two hosts, from the archive alone."""
    dom = shown(wayback("/"), tmp_path / "profile")
    told = re.search(r'<pre id="told">(.+?)</pre>', dom)
    assert told is not None, dom
    assert json.loads(html.unescape(told[1])) == {
        "colour": "rgb(1, 2, 3)",
        "margin": "33px",
        "background": True,
        "images": [40, 17],
        "frame": "A frame",
        "letters": "Grüße, 世界",
    }


@needs_pywb
def test_every_url_of_the_crawl_is_found(wayback: Any) -> None:
    """What a link or a redirect leads to has to be there too, with its own bytes."""
    for path, answer in PAGES.items():
        if answer.content_type == "image/png" and answer.status == 200:
            host = 0 if path == "/sun.png" else 1
            with urllib.request.urlopen(wayback(path, host), timeout=30) as found:
                assert found.read() == answer.body
    with urllib.request.urlopen(wayback("/two"), timeout=30) as found:
        assert b"The second page" in found.read()
    with urllib.request.urlopen(wayback("/moved.png"), timeout=30) as found:
        assert found.url.endswith("/far.png")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(wayback("/never"), timeout=30)
