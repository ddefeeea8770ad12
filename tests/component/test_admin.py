"""The admin server over real sockets: what it answers, to whom, and what it lets nobody do."""

import asyncio
import contextlib
import gzip
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from crawler.admin import door as door_module
from crawler.admin import routes as routes_module
from crawler.admin import server as server_module
from crawler.admin.access import HEADERS
from crawler.admin.answer import Answer, text_answer
from crawler.admin.catalogue import METRICS
from crawler.errors import ConfigError
from crawler.model.fleet import RESTARTS, FleetState, ReaderState
from crawler.model.measures import SIZE, Clocked, Measures, read_measures
from crawler.pipeline.watching.snapshot import Snapshot
from tests.contract.conftest import options, pages
from tests.support.admin import NOW, admin_server, ask, parse, port_of, send, store_of
from tests.support.memory_frontier import MemoryFrontier
from tests.support.snapshots import a_host, a_snapshot, an_outlook

TOKEN = "correct-horse-battery"


def _snapshot(**changes: Any) -> Snapshot:
    cells = [0] * SIZE
    measures = Measures()
    measures.move_to(cells)
    measures.tried(30)
    measures.lost(2)
    claims = Clocked()
    claims.add(2_000)
    fleet = FleetState(
        readers=[
            ReaderState(
                name="reader-1a20-7-041", pid=7, ready=True, held=3, slot=1, rss_bytes=50_000_000
            )
        ],
        configured=2,
        queue_depth=4,
        in_flight=3,
        restarts={"jobs": 1},
        measured=read_measures(cells),
        parent_pid=1,
        parent_rss_bytes=60_000_000,
    )
    counters = {"records": 50, "pages": 40, "bytes": 9, "ready": 5, "leased": 2, "done": 50}
    counters |= {"status:200": 30, "status:404": 5, "error:timeout": 6, "error:new_word": 1}
    outlook = an_outlook(ready=5, leased=2, claimable=1)
    values: dict[str, Any] = {
        "at": NOW,
        "counters": counters,
        "fleet": fleet,
        "claims": claims.read(),
    }
    return a_snapshot(outlook, a_host("a.example", left=5, delay_ms=0), **(values | changes))


async def test_before_the_first_snapshot(tmp_path: Path) -> None:
    """Probes ask from the first moment on: alive, not ready, nothing raises."""
    async with admin_server(tmp_path) as server:
        assert (await ask(server, "/healthz")).status == 200
        ready = await ask(server, "/readyz")
        assert (ready.status, ready.body) == (503, b"starting, for 0 s\n")
        assert json.loads((await ask(server, "/api/state")).body)["state"] == "starting"
        assert b"crawler_build_info" in (await ask(server, "/metrics")).body


async def test_ready_says_why_not(tmp_path: Path) -> None:
    async with admin_server(tmp_path) as server:
        server.watch.take(_snapshot())
        assert (await ask(server, "/readyz")).status == 200
        server.watch.take(_snapshot(at=NOW - 60_000))
        ready = await ask(server, "/readyz")
        assert (ready.status, ready.body) == (503, b"nothing was heard of the crawl for 60 s\n")


async def test_the_state_has_what_pages_draw(tmp_path: Path) -> None:
    """The dashboard is drawn from these names alone."""
    async with admin_server(tmp_path) as server:
        server.watch.take(_snapshot(at=NOW - 1_000, counters={"records": 30}))
        server.watch.take(_snapshot())
        reply = await ask(server, "/api/state")
        state = json.loads(reply.body)
    assert reply.headers["content-type"] == "application/json"
    assert (state["state"], state["holds"], state["stopping"]) == ("running", [], None)
    assert (state["queue_depth"], state["in_flight"], state["readers_configured"]) == (4, 3, 2)
    assert state["readers"][0]["rss_bytes"] == 50_000_000
    assert state["restarts"] == 1
    assert state["latency_ms"]["p50"] in range(25, 51)
    assert state["statuses"] == {"200": 30, "404": 5}
    assert state["errors"] == {"new_word": 1, "timeout": 6}
    assert [row[:2] for row in state["history"]] == [[NOW - 1_000, 30], [NOW, 50]]
    assert state["hosts"][0]["host"] == "a.example"
    assert state["disk_free_bytes"] > 0
    assert set(state["bound"]) == {"what", "seconds_left"}
    assert state["outlook"]["leased"] == 2


async def test_history_is_ten_minutes_and_no_more(tmp_path: Path) -> None:
    """A crawl of months must not grow the parent, or what each look at it costs."""
    async with admin_server(tmp_path) as server:
        for second in range(700):
            server.watch.take(_snapshot(at=second * 1_000))
            server.watch.take(_snapshot(at=second * 1_000 + 1))
        history = json.loads((await ask(server, "/api/state")).body)["history"]
    assert len(history) == 600
    assert history[-1][0] - history[0][0] == 599_000


async def test_promtool_finds_nothing_to_say(tmp_path: Path) -> None:
    """Prometheus takes what it cannot read for a server that is down."""
    promtool = shutil.which("promtool")
    if promtool is None:
        if os.environ.get("QC_CI_REQUIRE_SERVICES"):
            pytest.fail("needs promtool")
        pytest.skip("needs promtool")
    async with admin_server(tmp_path) as server:
        server.watch.take(_snapshot())
        reply = await ask(server, "/metrics")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=reply.body, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


async def test_metrics_are_those_of_the_catalogue(tmp_path: Path) -> None:
    """The reference is made from it: a metric beside it could not be looked up, nor one gone."""
    async with admin_server(tmp_path) as server:
        server.watch.take(_snapshot())
        reply = await ask(server, "/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = reply.body.decode().splitlines()
    types = dict(line.split()[2:] for line in lines if line.startswith("# TYPE"))
    assert types == {name: info.type for name, info in METRICS.items()}
    labels: dict[str, set[str]] = {name: set() for name in METRICS}
    for line in lines:
        if not line.startswith("#"):
            name, _, given = line.partition("{")
            base = name.split()[0]
            for suffix in ("_bucket", "_sum", "_count"):
                if base.removesuffix(suffix) in METRICS:
                    base = base.removesuffix(suffix)
            if given:
                pairs = given.partition("}")[0].split('",')
                labels[base] |= {pair.partition("=")[0] for pair in pairs} - {"le"}
    assert labels == {name: set(info.labels) for name, info in METRICS.items()}


async def test_metrics_have_the_numbers(tmp_path: Path) -> None:
    async with admin_server(tmp_path) as server:
        server.watch.take(_snapshot(holds=["disk"], drops=1))
        found = (await ask(server, "/metrics")).body.decode().splitlines()
    for line in (
        "crawler_records_total 50.0",
        'crawler_frontier_urls{state="ready"} 5.0',
        'crawler_responses_total{class="4xx"} 5.0',
        'crawler_errors_total{error="timeout"} 6.0',
        'crawler_errors_total{error="dns"} 0.0',  # a first one would else be no increase
        'crawler_errors_total{error="new_word"} 1.0',
        'crawler_paused{reason="disk"} 1.0',
        'crawler_paused{reason="operator"} 0.0',
        "crawler_reader_processes 1.0",
        "crawler_reader_processes_configured 2.0",
        'crawler_reader_restarts_total{reason="jobs"} 1.0',
        'crawler_reader_restarts_total{reason="crash"} 0.0',
        "crawler_requeue_window_hits_total 1.0",
        "crawler_leases_lost_total 2.0",
        'crawler_fetch_duration_seconds_bucket{le="0.025"} 0.0',
        'crawler_fetch_duration_seconds_bucket{le="0.05"} 1.0',
        'crawler_fetch_duration_seconds_bucket{le="+Inf"} 1.0',
        "crawler_fetch_duration_seconds_sum 0.03",
        "crawler_claim_duration_seconds_count 1.0",
        # By place: names of processes would be new series for ever.
        'crawler_process_resident_memory_bytes{name="reader-2",process="reader"} 5e+07',
        "crawler_disk_free_min_bytes 5.0",
    ):
        assert line in found, line
    assert len([line for line in found if "restarts_total{" in line]) == len(RESTARTS)


async def test_a_page_that_turns_into_a_redirect_takes_nothing_from_a_counter(
    tmp_path: Path,
) -> None:
    """Prometheus takes a counter that falls for a restart, and all of its value for new."""
    async with admin_server(tmp_path) as server:
        server.watch.take(_snapshot(counters={"pages": 7}))
        assert b"crawler_pages_total 7.0" in (await ask(server, "/metrics")).body
        server.watch.take(_snapshot(counters={"pages": 6}))
        server._routes._cache._made.clear()
        assert b"crawler_pages_total 7.0" in (await ask(server, "/metrics")).body


async def test_hosts_come_from_the_store(tmp_path: Path) -> None:
    frontier = MemoryFrontier(options(delay_ms=500))
    await frontier.add(pages("a.example", 3), now=0)
    await frontier.add(pages("b.example:8080", 1), now=0)
    async with admin_server(tmp_path, open_store=store_of(frontier)) as server:
        hosts = json.loads((await ask(server, "/api/hosts")).body)["hosts"]
        assert [host["host"] for host in hosts] == ["a.example", "b.example:8080"]
        hosts = json.loads((await ask(server, "/api/hosts?limit=1")).body)["hosts"]
        assert [host["host"] for host in hosts] == ["a.example"]
        for path in ("/api/hosts/b.example:8080", "/api/hosts/b.example%3A8080"):
            found = json.loads((await ask(server, path)).body)
            assert (found["host"], found["ready"], found["delay_ms"]) == ("b.example:8080", 1, 500)
        unknown = await ask(server, "/api/hosts/%3Cscript%3E")
        assert unknown.status == 404
        assert json.loads(unknown.body) == {"error": "no host '<script>' is known"}
        for query in ("0", "1001", "-1", "x", "1e3", "%D9%A1"):
            assert (await ask(server, f"/api/hosts?limit={query}")).status == 400, query


async def test_a_store_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with admin_server(tmp_path) as server:
        reply = await ask(server, "/api/hosts")
        assert reply.status == 503
        assert json.loads(reply.body) == {"error": "there is no frontier"}


async def test_a_store_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.admin.store.TIMEOUT_S", 0.5)

    class Stuck(MemoryFrontier):
        async def hosts(self, **_: Any) -> Any:
            await asyncio.Event().wait()

    async with admin_server(tmp_path, open_store=store_of(Stuck(options()))) as server:
        reply = await ask(server, "/api/hosts")
        assert (reply.status, json.loads(reply.body)) == (
            503,
            {"error": "the store is busy; ask again"},
        )
        assert (await ask(server, "/api/hosts/a.example")).status == 404  # its turn is free again


async def test_a_token_guards_all_but_probes(tmp_path: Path) -> None:
    async with admin_server(tmp_path, token=TOKEN) as server:
        for path in ("/", "/metrics", "/api/state", "/api/hosts", "/nothing"):
            reply = await ask(server, path)
            assert reply.status == 401, path
            assert reply.headers["www-authenticate"].startswith("Bearer")
        assert (await ask(server, "/healthz")).status == 200
        assert (await ask(server, "/readyz")).status == 503
        bearer = {"Authorization": f"Bearer {TOKEN}", "Host": "crawler.example"}
        assert (await ask(server, "/metrics", headers=bearer)).status == 200
        login = await ask(server, f"/?token={TOKEN}")
        assert (login.status, login.headers["location"]) == (303, "/")
        cookie = {"Cookie": login.headers["set-cookie"].partition(";")[0]}
        assert (await ask(server, "/api/state", headers=cookie)).status == 200


async def test_a_stranger_under_a_name_of_its_own_is_refused(tmp_path: Path) -> None:
    async with admin_server(tmp_path) as server:
        reply = await ask(server, "/api/state", headers={"Host": "evil.example"})
        assert reply.status == 421
        assert b"state" not in reply.body
        assert (await send(server, b"GET /metrics HTTP/1.0\r\n\r\n")).status == 421


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/api/state", "/healthz", "/nothing", "/api/hosts"]
)
async def test_every_answer_has_the_headers_that_guard_it(tmp_path: Path, path: str) -> None:
    async with admin_server(tmp_path) as server:
        reply = await ask(server, path, headers={"Origin": "https://evil.example"})
        head = await ask(server, path, method="HEAD")
        post = await ask(server, path, method="POST")
    for one in (reply, head, post):
        for name in HEADERS.keys() - {"Cache-Control"}:
            assert one.headers[name.lower()] == HEADERS[name]
        assert not [name for name in one.headers if name.startswith("access-control")]
        assert one.headers["connection"] == "close"
    assert (head.status, head.body) == (reply.status, b"")
    assert head.headers["content-type"] == reply.headers["content-type"]
    assert post.status == 405


@pytest.mark.parametrize(
    "path", ["/static/../access.py", "/..%2f..%2fqq.py", "/index.html", "/%2e%2e/", "/api/hosts/"]
)
async def test_no_path_leads_to_a_file_that_is_not_listed(tmp_path: Path, path: str) -> None:
    async with admin_server(tmp_path) as server:
        assert (await ask(server, path)).status in (400, 404)


async def test_files_are_sent_compressed_to_those_who_take_it(tmp_path: Path) -> None:
    async with admin_server(tmp_path) as server:
        plain = await ask(server, "/plotly.min.js")
        packed = await ask(server, "/plotly.min.js", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(plain.body) / 2
    assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize(
    "data",
    [
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"GET / HTTP/9.9\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
async def test_nonsense_is_refused_quietly(
    tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A port scan is no event of the crawl, and ends no connection but its own."""
    async with admin_server(tmp_path) as server:
        assert (await send(server, data)).status == 400
        assert (await ask(server, "/healthz")).status == 200
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "WARNING")]


async def test_an_answer_is_made_once_for_all_who_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def state_of(*_: Any) -> dict[str, Any]:
        made.append(1)
        return {}

    monkeypatch.setattr(routes_module, "state_of", state_of)
    monkeypatch.setattr("crawler.admin.cached.FRESH_S", 60)
    async with admin_server(tmp_path) as server:
        replies = await asyncio.gather(*(ask(server, "/api/state") for _ in range(40)))
        assert {reply.status for reply in replies} == {200}
    assert made == [1]


async def test_a_fault_of_ours_ends_one_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> dict[str, Any]:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(routes_module, "state_of", broken)
    async with admin_server(tmp_path) as server:
        reply = await ask(server, "/api/state")
        assert (reply.status, b"secret" in reply.body) == (500, False)
        assert (await ask(server, "/healthz")).status == 200


async def test_who_never_finishes_a_request_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else sixty-four of them would hold the door for ever."""
    monkeypatch.setattr(server_module, "HEAD_S", 0.1)
    async with admin_server(tmp_path) as server:
        for data in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
            writer.write(data)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
        monkeypatch.undo()
        assert (await ask(server, "/healthz")).status == 200


async def test_who_does_not_read_holds_no_memory_and_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = os.urandom(30_000_000)
    monkeypatch.setattr(routes_module, "_read", lambda _: Answer(body=body))
    async with admin_server(tmp_path) as server:
        lazy = []
        for _ in range(10):
            one = socket.create_connection(("127.0.0.1", port_of(server)))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            lazy.append(one)
        held: list[int] = []
        while len(held) < 10 or min(held) == 0:
            await asyncio.sleep(0.01)
            transports = server._server._connections.values()
            held = [transport.get_write_buffer_size() for transport in transports]
        assert max(held) <= 3 * 65_536
        assert (await ask(server, "/healthz")).status == 200
        monkeypatch.setattr(server_module, "WHOLE_S", 0.05)
        one = socket.create_connection(("127.0.0.1", port_of(server)))
        one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        one.setblocking(False)
        while len(server._server._connections) == 10:
            await asyncio.sleep(0.005)
        while len(server._server._connections) > 10:
            await asyncio.sleep(0.005)
        for sock in (*lazy, one):
            sock.close()


async def test_more_than_may_come_in_wait_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "MOST_OPEN", 4)
    async with admin_server(tmp_path) as server:
        idle = [await asyncio.open_connection("127.0.0.1", port_of(server)) for _ in range(6)]
        while len(server._door._open) < 4:
            await asyncio.sleep(0.005)
        waiting = asyncio.ensure_future(ask(server, "/healthz"))
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert (done, len(server._door._open)) == (set(), 4)
        for _, writer in idle:
            writer.close()
        assert (await waiting).status == 200


async def test_no_more_are_let_in_than_the_crawl_can_bear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of requests a second would cost the writer its loop."""
    monkeypatch.setattr(door_module, "BURST", 20)
    served = 0
    async with admin_server(tmp_path) as server:
        loop = asyncio.get_running_loop()
        begun_at = loop.time()

        async def hammer() -> None:
            nonlocal served
            while loop.time() < begun_at + 1:
                reply = await ask(server, "/healthz")
                served += reply.status == 200

        await asyncio.gather(*(hammer() for _ in range(30)))
        took_s = loop.time() - begun_at
    assert 20 < served <= 20 + door_module.PER_SECOND * took_s + 1


async def test_a_process_that_is_forked_keeps_no_socket_of_it(tmp_path: Path) -> None:
    """A reader that did would hold the port after the parent's end, or a client's connection."""
    async with admin_server(tmp_path) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        while not server._server._connections:
            await asyncio.sleep(0.005)
        ours = {
            os.fstat(one.fileno()).st_ino
            for one in (server._door._listener, *server._door._open.values())
            if one is not None
        }
        assert len(ours) == 2
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(writing, json.dumps(sorted(_socket_inodes())).encode())
            os._exit(0)
        os.waitpid(pid, 0)
        theirs = json.loads(os.read(reading, 65_536))
        os.close(reading)
        os.close(writing)
        assert not ours & set(theirs)
        assert ours <= _socket_inodes()
        assert (await ask(server, "/healthz")).status == 200
        writer.close()


def _socket_inodes() -> set[int]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(os.fstat(int(entry.name)).st_ino)
        except OSError:
            continue
    return found


async def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    async with admin_server(tmp_path) as server:
        port = port_of(server)
        with pytest.raises(ConfigError, match=f"http 127.0.0.1:{port} is in use"):
            async with admin_server(tmp_path, address=f"127.0.0.1:{port}"):
                pass
    async with admin_server(tmp_path, address=f"127.0.0.1:{port}") as server:
        assert port_of(server) == port  # free again at once


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
async def test_an_address_that_is_not_ours_is_said(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match=f"http {host}:8080 cannot be used"):
        async with admin_server(tmp_path, address=f"{host}:8080", token=TOKEN):
            pass


async def test_ipv6(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    async with admin_server(tmp_path, address="[::1]:0") as server:
        assert server.url.startswith("http://[::1]:")
        reader, writer = await asyncio.open_connection("::1", port_of(server))
        writer.write(b"GET /api/state HTTP/1.1\r\nHost: [::1]:1\r\n\r\n")
        assert parse(await reader.read()).status == 200
        writer.close()


def test_text_answers_end_with_a_line_end() -> None:
    assert text_answer("x\udce9").body == b"x\\udce9\n"
