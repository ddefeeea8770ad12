"""The demo web over real sockets: what it promises to show is what it serves."""

import contextlib
import gzip
import hashlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from ada_url import join_url

from crawler.demo.web import ADDRESSES, build
from crawler.policy.robots import parse_robots

pytestmark = pytest.mark.component

PEDIA, SHOP, NEWS, LETTERS, HARBOUR, ARCHIVE = ADDRESSES


@contextlib.contextmanager
def served(*options: str) -> Iterator[dict[str, Any]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "crawler.demo", "--stdin", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()  # its end ends the web
            assert process.wait(60) == 0


@pytest.fixture
def port() -> Iterator[int]:
    """A web of its own for each test: some pages remember who came before."""
    with served() as about:
        yield about["port"]


def get(
    port: int, address: str, target: str, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(address, port, timeout=60)
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", target, headers=names)
        response = connection.getresponse()
        try:
            body = response.read()
        except http.client.IncompleteRead as cut:
            body = cut.partial
        return response.status, response.headers, body
    finally:
        connection.close()


def decoded(headers: http.client.HTTPMessage, body: bytes) -> str:
    match headers.get("Content-Encoding"):
        case "gzip":
            body = gzip.decompress(body)
        case "deflate":
            body = zlib.decompress(body)
    declared = re.search(rb'<meta charset="([^"]+)"', body)
    charset = headers.get_param("charset") or (declared and declared[1].decode())
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        charset = "utf-16"
    return body.decode(str(charset or "windows-1252"))


def links(html: str, url: str) -> Iterator[str]:
    """What a polite crawler follows, by the simplest means that work on these pages."""
    if re.search(r'<meta name="robots" content="[^"]*nofollow', html):
        return
    base = re.search(r'<base href="([^"]+)"', html)
    base_url = join_url(url, base[1]) if base else url
    for tag in re.findall(r"<a [^>]*>", html):
        if 'rel="nofollow"' not in tag:
            href = unescape(tag.split('"')[1]).strip()
            yield join_url(base_url, href).partition("#")[0]


class Rules:
    """The robots.txt files, as they are served."""

    def __init__(self, port: int) -> None:
        self.of = {
            address: parse_robots(get(port, address, "/robots.txt")[2], "QuasiCrawler")
            for address in ADDRESSES
        }

    def allow(self, url: str) -> bool:
        rules = self.of.get(str(urlsplit(url).hostname))
        return rules is not None and rules.allows(url[url.index("/", 8) :])


def visit(url: str) -> list[str] | None:
    """Return what a page leads to; None: come again."""
    parts = urlsplit(url)
    try:
        status, headers, body = get(parts.port or 0, parts.hostname or "", url[url.index("/", 8) :])
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return None
    if status in (429, 503):
        return None
    found = []
    if "text/html" in headers.get("Content-Type", ""):
        found = list(links(decoded(headers, body), url))
    if location := headers.get("Location"):
        found.append(join_url(url, location))
    return found


def test_a_polite_crawl_finds_every_page_that_is_meant_to_be_found(port):
    """A page without a link, or a link that robots.txt should have forbidden, spoils the count
    that `crawler demo` is judged by."""
    web, rules = build(port), Rules(port)
    wave, seen = web.seeds, set(web.seeds)
    with ThreadPoolExecutor(12) as pool:
        while wave:
            again = []
            for url, found in zip(wave, pool.map(visit, wave), strict=True):
                for link in [url] if found is None else found:
                    if (found is None or link not in seen) and rules.allow(link):
                        seen.add(link)
                        again.append(link)
            wave = again
    meant = {
        join_url(f"http://{address}:{port}", target)
        for address, site in web.sites.items()
        for target, page in site.items()
        if page.crawled and target != "/robots.txt"
    }
    assert seen == meant
    assert web.crawled == len(meant)
    assert 150 <= len(meant) <= 260


def test_robots_forbid_some_pages_and_slow_one_site(port):
    """Without a rule that bites, the demo would show no politeness at all."""
    rules = Rules(port)
    assert not rules.allow(f"http://{SHOP}:{port}/shelf/ropes?sort=price")
    assert not rules.allow(f"http://{SHOP}:{port}/basket")
    assert not rules.allow(f"http://{NEWS}:{port}/drafts/next-week")
    assert [rules.of[address].crawl_delay_ms for address in ADDRESSES].count(200) == 1


def test_the_web_is_the_same_every_time():
    """A demo that changes could not be compared between two machines or two runs."""
    assert build(8080) == build(8080)
    [answer] = build(80).sites[PEDIA]["/creatures/birds/lamp-petrel"].answers
    words = re.sub(r"<[^>]+>", "", answer.body.decode()).split()
    assert hashlib.sha256(" ".join(words).encode()).hexdigest()[:12] == "bbe34d555e1e"


def test_refusals_are_what_they_say(port):
    statuses = {
        target: get(port, HARBOUR, target)[0]
        for target in ("/lost-cargo", "/old-pier", "/boiler-room", "/strongroom", "/uncharted")
    }
    assert list(statuses.values()) == [404, 410, 500, 403, 404]


def test_some_pages_are_served_to_those_who_come_again(port):
    """Retry-After and 503 must end in a page, or the demo would end with failures that teach
    nothing."""
    assert [get(port, HARBOUR, "/tea-break")[0] for _ in range(4)] == [503, 503, 200, 200]
    first, second = get(port, HARBOUR, "/counter-3"), get(port, HARBOUR, "/counter-3")
    assert (first[0], first[1]["Retry-After"], second[0]) == (503, "1", 200)
    assert get(port, HARBOUR, "/queue")[1]["Retry-After"] == "2"
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        get(port, HARBOUR, "/hung-up")
    assert get(port, HARBOUR, "/hung-up")[0] == 200


def test_redirects_chain_loop_and_lead_away(port):
    target, hops = "/ferry/1", 0
    while (answer := get(port, HARBOUR, target))[0] in (302, 308):
        target = urlsplit(join_url(f"http://x{target}", answer[1]["Location"])).path
        hops += 1
    assert (hops, answer[0], target) == (5, 200, "/ferry/6")
    loop = ["/roundabout"]
    for _ in range(3):
        loop.append(get(port, HARBOUR, loop[-1])[1]["Location"])
    assert loop == ["/roundabout", "/roundabout/east", "/roundabout/west", "/roundabout"]
    away = get(port, HARBOUR, "/abroad")
    assert (away[0], urlsplit(away[1]["Location"]).hostname) == (307, PEDIA)
    assert get(port, HARBOUR, "/nowhere")[1]["Location"] is None


@pytest.mark.parametrize(
    ("target", "charset", "words"),
    [
        ("/привет", "windows-1251", "лоцман"),
        ("/日本/港町", "shift_jis", "渡し船"),
        ("/안녕", "euc_kr", "갈매기"),
        ("/été", "windows-1252", "bientôt"),
        ("/🦉🏮", "utf-16", "⛵"),
    ],
)
def test_letters_come_in_their_own_encoding(port, target, charset, words):
    """A page that is UTF-8 after all would test no charset detection."""
    _, _, body = get(port, LETTERS, quote(target))
    assert words in body.decode(charset)
    assert words.encode() not in body


def test_bodies_come_in_every_way_a_body_can(port):
    status, headers, body = get(port, ARCHIVE, "/logbook")
    assert (status, headers["Transfer-Encoding"]) == (200, "chunked")
    assert len(body) > 1_000_000
    assert get(port, NEWS, "/")[1]["Content-Encoding"] == "gzip"
    assert "Very flat" in decoded(*get(port, ARCHIVE, "/pressed")[1:])
    assert get(port, ARCHIVE, "/report.pdf")[2].startswith(b"%PDF-")
    assert get(port, ARCHIVE, "/lamp.png")[2].startswith(b"\x89PNG")
    status, headers, body = get(port, HARBOUR, "/torn-letter")
    assert len(body) < int(headers["Content-Length"])


def test_slow_pages_are_slow(port):
    started = time.monotonic()
    assert get(port, HARBOUR, "/slow-clerk")[0] == 200
    assert time.monotonic() - started >= 0.7


def test_a_known_validator_is_answered_with_304(port):
    """Recrawls are shown on the same web, so its validators must work."""
    front = decoded(*get(port, NEWS, "/")[1:])
    story = re.search(r'href="(/2024/[^"]+/[^"]+/[^"]+)"', front)
    assert story is not None
    tag = get(port, NEWS, story[1])[1]["ETag"]
    status, _, body = get(port, NEWS, story[1], If_None_Match=tag)
    assert (status, body) == (304, b"")


def test_rude_clients_do_not_stop_it(port):
    """One client that talks nonsense must not take the web from all others."""
    for noise in (b"\r\n\r\n", b"GET\r\n\r\n", b"x" * 200_000, b"\0\xff\r\n\r\n"):
        connection = socket.create_connection((PEDIA, port), timeout=60)
        with connection, contextlib.suppress(OSError):
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    with socket.create_connection((PEDIA, port), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 405 ")
    assert get(port, PEDIA, "/")[0] == 200


def test_it_writes_the_seed_list_it_prints(tmp_path):
    with served("--seeds", str(tmp_path / "seeds.txt")) as about:
        assert (tmp_path / "seeds.txt").read_text().splitlines() == about["seeds"]
        assert about["seeds"][0] == f"http://{PEDIA}:{about['port']}/"


def test_a_taken_port_is_one_line_and_no_traceback(port):
    command = [sys.executable, "-m", "crawler.demo", "--port", str(port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (f"demo: cannot listen on {PEDIA} port {port}: Address already in use\n")


def test_a_signal_ends_it_quietly(port):
    """`crawler demo` stops its web like this; a traceback would be the last thing one sees."""
    command = [sys.executable, "-m", "crawler.demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        with socket.create_connection((PEDIA, about["port"])):
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=60) == (b"", b"")
        assert process.returncode == 0
