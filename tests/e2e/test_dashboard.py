"""The dashboard of a running crawl, in a real browser."""

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import Page, browser, open_page
from tests.support.crawl import Crawl, poll
from tests.support.ports import free_port
from tests.support.web import Answer, Web, page

EVIL = "<img src=x onerror=window.owned=1>"
TOKEN = "a-token-of-24-characters"
PAGES = {
    "/": page(*(f"/p{n}" for n in range(20)), "/private/<b>x</b>", "/busy", "/slow"),
    "/robots.txt": Answer(b"User-agent: *\nDisallow: /private/\n", content_type="text/plain"),
    "/busy": Answer(b"", 503, {"Retry-After": "600"}),
    "/slow": Answer(b"", held=True),
} | {f"/p{n}": page() for n in range(19)}


@pytest.fixture
def web(chromium: Path) -> Iterator[Web]:
    with Web(PAGES) as running:
        yield running


@pytest.fixture
def crawl(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crawl]:
    """A crawl with a page that does not end, in a directory whose name is a program."""
    monkeypatch.setenv("CRAWLER_HTTP_TOKEN", TOKEN)
    job = tmp_path / EVIL
    running = Crawl(
        job,
        web.url("/"),
        "--delay",
        "0",
        "-p",
        "1",
        "--max-wait",
        "1h",
        "--http",
        f"127.0.0.1:{free_port()}",
    )
    yield running.start()
    if running.process is not None and running.process.poll() is None:
        running.kill_group()
        running.reap()


def _opened(crawl: Crawl, times: int = 1) -> str:
    events = poll(
        lambda: (found := crawl.events("admin_opened")) and len(found) == times and found,
        "the server",
    )
    return str(events[-1]["url"])


async def _texts(page: Page, selector: str) -> str:
    found = await page.ask(
        f"[...document.querySelectorAll('{selector}')].map((node) => node.innerText).join('\\n')"
    )
    return str(found)


async def test_a_person_sees_the_crawl_and_nobody_else_can(
    web: Web, crawl: Crawl, chromium: Path
) -> None:
    """Charts without data, a refusal by the policy, a name that is run as a program; no token."""
    url = await asyncio.to_thread(_opened, crawl)
    async with browser(chromium) as program:
        stranger = await open_page(program, url)
        await stranger.wait("document.body.innerText.includes('a token is needed')")
        view = await open_page(program, f"{url}?token={TOKEN}")
        await _sees_figures_and_charts(view)
        await _sees_why_a_host_waits(view, web)
        assert await view.ask("location.search") == ""
        assert await view.ask("window.owned") is None
        assert await view.ask("document.querySelectorAll('img, b').length") == 0
        assert view.complaints == []
        assert [asked for asked in view.requests if not asked.startswith(url)] == []
        await _outlives_the_crawl(view, crawl)


async def _sees_figures_and_charts(view: Page) -> None:
    await view.wait("document.title.includes('records')")
    await view.wait("document.querySelectorAll('#chart-rate .scatterlayer path.js-line').length")
    await view.wait("document.getElementById('chart-frontier').data[0].x.length > 1")
    await view.wait("Math.max(...document.getElementById('chart-frontier').data.at(-1).y) >= 20")
    assert await _texts(view, "#word") == "running"
    assert EVIL in await _texts(view, "#job")
    assert "200" in await _texts(view, "#statuses")
    assert "1 of 1" in await _texts(view, "#readers")
    # One host is all there are; one page is out.
    assert await view.ask("document.getElementById('more').hidden") is True
    said = "1 URL out, 0 restarts"
    await view.wait(f"document.getElementById('readers-note').innerText.includes({said!r})")
    # What failed is counted, not scaled: no point may be more than ever happened.
    failed = await view.ask("document.getElementById('chart-errors').data.map((one) => one.y)")
    assert all(n in (0, 1, 2) for line in failed for n in line), failed
    counted = await view.ask(
        "(() => { const row = (at, n) => [at, 0, 0, n]; return [...grown("
        "[row(9000, 4), row(10500, 4), row(12000, 5), row(31000, 7), row(31900, 7)], 3)]; })()"
    )
    assert counted == [[0, 0], [10_000, 1], [20_000, 0], [30_000, 2]]
    note = await _texts(view, "#pages-note")
    legend = await _texts(view, "#legend")
    for state in ("done", "dead"):
        (number,) = re.findall(rf"(\d+) {state}", note)
        assert f"{number} {state}" in legend
    # The legend lies within its chart: it does not where the library's style sheet is refused.
    inside = (
        "(() => { const box = (name) => document.querySelector(name).getBoundingClientRect();"
        "const chart = box('#chart-frontier'), legend = box('#chart-frontier .legend');"
        "return legend.top >= chart.top && legend.bottom <= chart.bottom; })()"
    )
    assert await view.ask(inside) is True


async def _sees_why_a_host_waits(view: Page, web: Web) -> None:
    assert web.hosts[0] in await _texts(view, "#hosts")
    await view.ask("document.querySelector('button.host').click()")
    await view.wait("document.getElementById('detail-body').innerText.includes('robots.txt')")
    await view.wait("document.getElementById('detail-body').innerText.includes('/busy')")
    said = await _texts(view, "#detail-body")
    for text in ("rules that are kept to", "/private/", "dead", "robots", "waiting"):
        assert text in said
    await view.ask(f"location.hash = 'host=' + encodeURIComponent({EVIL!r})")
    await view.wait("document.getElementById('detail-body').innerText.includes('is known')")
    # Closed by a key, as by anybody without a mouse; the answer 404 is what was asked for.
    for kind in ("keyDown", "keyUp"):
        await view.call("Input.dispatchKeyEvent", type=kind, key="Escape", windowsVirtualKeyCode=27)
    await view.wait("!document.getElementById('detail').open && location.hash === ''")
    assert len(view.complaints) == 1
    assert "404" in view.complaints.pop()


async def _outlives_the_crawl(view: Page, crawl: Crawl) -> None:
    """A page that shows the last figures for ever looks as if all were well."""
    crawl.kill_group()
    await asyncio.to_thread(crawl.reap)
    await view.wait("document.title.includes('connection lost')")
    assert "goes on by itself" in await _texts(view, "#banner")
    crawl.start()
    await asyncio.to_thread(_opened, crawl, 2)
    await view.wait("document.title.includes('records')")
    os.kill(crawl.pid, signal.SIGTERM)
    await view.wait("/stopping|lost/.test(document.getElementById('word').innerText)")
    assert await asyncio.to_thread(crawl.wait) == 128 + signal.SIGTERM
