"""The test web itself: a wrong measuring instrument would make every end-to-end test lie."""

import http.client
import os
import re
import signal
import socket
import sys
import time
from collections import deque
from urllib.parse import urlsplit

import pytest

from tests.support.site import TestSite
from tests.support.site_graph import Graph, SiteOptions

pytestmark = pytest.mark.component


class Client:
    """Keeps one connection per host, as a crawler does."""

    def __init__(self) -> None:
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def get(self, url: str) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        connection = self._connections.setdefault(
            parts.netloc, http.client.HTTPConnection(parts.netloc, timeout=60)
        )
        connection.request("GET", parts.path, headers={"User-Agent": "checker"})
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read()

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


@pytest.fixture
def client():
    client = Client()
    yield client
    client.close()


def absolute(host: str, link: str) -> str:
    return link if link.startswith("http") else f"http://{host}{link}"


def crawl(site: TestSite, client: Client) -> dict[str, int | None]:
    """The simplest crawler there is: asks until a URL gives its final answer."""
    found: dict[str, int | None] = {}
    queue = deque(site.seeds)
    seen = set(queue) | set(site.forbidden)
    while queue:
        url = queue.popleft()
        host = urlsplit(url).netloc
        try:
            status, headers, body = client.get(url)
        except http.client.RemoteDisconnected:
            status, headers, body = None, {}, b""
        except ConnectionResetError:
            status, headers, body = None, {}, b""
        if status == 503:
            queue.append(url)
            continue
        found[url] = status
        links = re.findall(rb'<a href="([^"]+)"', body)
        for link in [*(link.decode() for link in links), *filter(None, [headers.get("Location")])]:
            target = absolute(host, link)
            if target not in seen:
                seen.add(target)
                queue.append(target)
    return found


def test_every_expected_page_is_reachable_from_the_seeds_and_nothing_else_is_linked(client):
    """A page that no link reaches would be missed by a perfect crawler; an extra one, found."""
    options = {"slow": 1, "slow_ms": 5, "missing": 3, "redirects": 4, "busy": 2, "resets": 1}
    with TestSite(hosts=4, pages_per_host=23, private=2, **options) as site:
        assert crawl(site, client) == site.expected
        asked = site.counts()
        assert set(asked) == set(site.urls)
        assert {url: n for url, n in asked.items() if n > 1} == {
            url: 2 for url in site.urls if "/busy/" in url
        }


def test_hosts_link_to_each_other(client):
    """Without cross links, a crawl that forgets all links to other hosts would pass."""
    with TestSite(hosts=3, pages_per_host=20) as site:
        for host in site.hosts:
            for other in set(site.hosts) - {host}:
                pages = [client.get(url)[2] for url in site.urls if urlsplit(url).netloc == host]
                assert any(f"http://{other}/".encode() in page for page in pages)


def test_a_special_page_answers_as_it_was_told_to(client):
    """Wrong headers here would look like faults of the crawler's retries and redirects."""
    with TestSite(hosts=2, pages_per_host=5, redirects=2, busy=1, retry_after_s=7) as site:
        base = site.seeds[0]
        assert client.get(base + "go/0")[1]["Location"] == "/"
        assert client.get(base + "go/1")[1]["Location"] == f"http://{site.hosts[1]}/page/1.html"
        assert [client.get(base + "busy/0")[0] for _ in range(2)] == [503, 200]
        assert client.get(site.seeds[1] + "busy/0")[1]["Retry-After"] == "7"
        assert client.get(base + "missing/0")[0] == client.get(base + "page/5.html")[0] == 404


def test_robots_says_what_the_options_ask_for(client):
    """A disallow that is not served would let a crawler without robots pass."""
    with TestSite(hosts=1, pages_per_host=5, private=1, crawl_delay_s=0.5) as site:
        status, headers, body = client.get(site.seeds[0] + "robots.txt")
        assert (status, headers["Content-Type"]) == (200, "text/plain")
        assert body == b"User-agent: *\nDisallow: /private/\nCrawl-delay: 0.5\n"
        assert client.get(site.forbidden[0])[0] == 200
    with TestSite(hosts=1, robots_status=503) as site:
        client.close()
        assert client.get(site.seeds[0] + "robots.txt")[0] == 503


def test_the_log_has_arrival_and_end_on_this_machines_monotonic_clock(client):
    """Delays are judged from this log, so a clock of its own would make them meaningless."""
    with TestSite(hosts=1, slow=1, slow_ms=50) as site:
        before = time.monotonic_ns()
        client.get(site.seeds[0] + "slow/0")
        after = time.monotonic_ns()
        [request] = site.requests()
        assert request.ended_ns is not None
        assert before < request.arrived_ns
        assert request.arrived_ns + 49_000_000 < request.ended_ns < after
        assert (request.user_agent, request.status) == ("checker", 200)
        assert request.url == site.seeds[0] + "slow/0"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's time stamps are Linux's")
def test_a_request_arrived_when_the_kernel_had_it(client):
    """On a loaded machine the web is late to look, and the next request would seem too soon."""
    with TestSite(hosts=1) as site:
        client.get(site.seeds[0])
        os.kill(site._process.pid, signal.SIGSTOP)
        address = (site.hosts[0].partition(":")[0], site.port)
        with ask(address, "/late"):
            sent_ns = time.monotonic_ns()
            os.kill(site._process.pid, signal.SIGCONT)
            site.wait_until(lambda log: len(log) == 2)
        assert site.requests()[-1].arrived_ns <= sent_ns


def ask(address: tuple[str, int], path: str) -> socket.socket:
    connection = socket.create_connection(address, timeout=60)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return connection


def test_held_pages_stay_open_until_released(client):
    """A stop test needs fetches that are surely open when the signal comes."""
    with TestSite(hosts=2, pages_per_host=5, held=15) as site:
        addresses = [(host.partition(":")[0], site.port) for host in site.hosts]
        held = [ask(address, f"/hold/{n}") for address in addresses for n in range(15)]
        site.wait_until(lambda log: len(log) == 30)
        assert len(site.open_requests()) == 30
        held.pop().close()  # a client that gives up
        site.wait_until(lambda log: sum(r.ended_ns is None for r in log) == 29)
        site.release()
        for connection in held:
            assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
            connection.close()
        statuses = [request.status for request in site.requests()]
        assert statuses == [200] * 29 + [None]
        assert client.get(site.seeds[0] + "hold/0")[0] == 200
        site.hold()
        again = ask(addresses[0], "/hold/1")
        site.wait_until(lambda log: log[-1].ended_ns is None)
        again.close()


def test_it_ends_with_the_block_and_frees_its_port():
    """A web left behind would hold ports and burn the machine of whoever runs the tests."""
    with TestSite(hosts=1) as site:
        pid, address = site._process.pid, (site.hosts[0].partition(":")[0], site.port)
        socket.create_connection(address).close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_its_process_group_is_not_the_tests(client):
    """Ctrl-C to the group of the crawler under test must not stop the web that measures it."""
    with TestSite(hosts=1, pages_per_host=2) as site:
        assert os.getpgid(site._process.pid) != os.getpgid(0)
        os.kill(site._process.pid, signal.SIGCONT)
        assert client.get(site.seeds[0])[0] == 200


@pytest.mark.parametrize("links_per_page", [0, 1, 2, 7])
def test_every_page_hangs_on_the_tree_below_the_index(links_per_page):
    """Chance links alone would leave a page out for some seeds and sizes."""
    graph = Graph(SiteOptions(hosts=2, pages_per_host=60, links_per_page=links_per_page), 1)
    reached = {"/"}
    for number in range(60):
        assert graph.page_path(number) in reached
        reached.update(graph.links(1, number))
