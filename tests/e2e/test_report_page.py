"""The page of a report in a real browser: whole, offline, and stronger than what it shows."""

import base64

import orjson
import pytest

from tests.e2e.test_report import report
from tests.support.browser import browser, open_page
from tests.support.records import record

pytestmark = pytest.mark.e2e
EVIL = "</script><script>window.evil=1</script><img src=x onerror=window.evil=1>\"'&amp;\u202egnp"


def hostile() -> list[dict[str, object]]:
    """Records of a site that knows that a report will be made of it."""
    start = "https://a.example/"
    bad = [
        "javascript:window.evil=1",
        f"https://a.example/{EVIL}",
        "https://a.example/quote?\"onmouseover='window.evil=1'",
        "data:text/html,<script>window.evil=1</script>",
    ]
    details = [{"url": url, "text": EVIL, "rel": ""} for url in bad]
    records = [
        record(url=start, title=EVIL, links=bad, link_details=details, hreflang={EVIL: bad[0]}),
        record(url=f"{start}twin", title=EVIL, description=EVIL, content_type=f"text/html{EVIL}"),
        record(url=f"{start}b", title="=1+1", canonical=bad[0], content_type=EVIL, links=[]),
        record(url=f"{start}c", title=EVIL, elapsed_ms=9_000, links=[start], text=None),
    ]
    records += [
        record(url=url, status=404, title=None, content_type=EVIL, text=None, links=[])
        for url in bad
    ]
    records += [
        record(url=f"https://h{n}.example/{EVIL}", status=None, error=EVIL, links=[], title=None)
        for n in range(30)
    ]
    return records


@pytest.fixture
def page_file(tmp_path):
    directory = tmp_path / "crawl" / "pages"
    directory.mkdir(parents=True)
    lines = b"\n".join(map(orjson.dumps, hostile())) + b"\n"
    (directory / "part-000001.jsonl").write_bytes(lines)
    done = report("-o", "out.html", "--csv", "csv", "--no-color", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\u202e" not in done.stdout
    return tmp_path / "out.html"


async def test_a_hostile_site_is_shown_and_does_nothing(page_file, chromium):
    """Who audits a site that was broken into would run its scripts, with what their disk holds."""
    text = page_file.read_text("utf-8")
    assert "\u202e" not in text
    assert text.count("<script") == 3
    async with browser(chromium) as started:
        page = await open_page(started, page_file.as_uri())
        await page.wait("document.documentElement?.dataset.drawn === 'yes'")
        assert await page.ask("window.evil") is None
        assert page.complaints == []
        assert page.requests == [page_file.as_uri()]
        charts = await page.ask("document.querySelectorAll('.chart .main-svg').length > 0")
        names = await page.ask("[...document.querySelectorAll('.chart')].map(c => c.id)")
        empty = await page.ask(
            "[...document.querySelectorAll('.chart')].filter(c => !c.querySelector('svg')).length"
        )
        assert (charts, empty) == (True, 0)
        assert set(names) >= {"chart-statuses_over_time", "chart-throughput", "chart-latencies"}
        schemes = await page.ask(
            "[...new Set([...document.querySelectorAll('main a')].map(a => a.protocol))].sort()"
        )
        assert set(schemes) <= {"https:", "http:", "file:"}  # file: to places on the page
        shown = await page.ask("document.querySelector('#duplicate_titles td').textContent")
        assert shown.startswith("</script><script>window.evil=1</script><img src=x")
        assert shown.endswith("\\u202egnp")
        worst = "document.querySelector('#broken_links table.pages td')"
        assert await page.ask(f"{worst}.textContent") == "https://a.example/"
        await tables_work(page)
        await nothing_is_cut_off(page)
        await colours_and_paper(page)


async def tables_work(page):
    """Hosts are sorted by a click, and come step by step."""
    rows = "[...document.querySelectorAll('#hosts tbody tr')]"
    assert await page.ask(f"{rows}.filter(r => !r.hidden).length") == 25
    await page.ask("document.querySelector('#hosts button.more').click()")
    assert await page.ask(f"{rows}.filter(r => !r.hidden).length") == 32
    heads = "document.querySelectorAll('#hosts th button')"
    await page.ask(f"{heads}[0].click()")
    first = f"{rows}[0].cells[0].textContent"
    assert await page.ask(first) == ""  # of addresses without a host
    await page.ask(f"{heads}[0].click()")
    assert await page.ask(first) == "h9.example"
    await page.ask(f"{heads}[1].click()")
    assert await page.ask(first) == "a.example"
    await page.ask("location.hash = '#broken_links'")
    await page.wait("document.querySelector('#broken_links').open")


async def nothing_is_cut_off(page):
    """On a telephone the last columns would be out of sight, and nobody would look for them."""
    await page.ask("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    wide = "[...document.querySelectorAll('.scroll')].filter(x => x.scrollWidth > x.clientWidth)"
    for width in (320, 420, 800, 1400):
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        await page.call("Emulation.setDeviceMetricsOverride", **metrics)
        assert await page.ask("document.documentElement.scrollWidth <= innerWidth"), width
        if width < 800:
            assert await page.ask(f"{wide}.map(x => x.outerHTML.slice(0, 90))") == []
    labels = await page.ask("[...document.querySelectorAll('td')].filter(td => !td.dataset.label)")
    assert labels == []


async def colours_and_paper(page):
    """A dark screen gets a dark page, charts too; paper has everything open, in black on white."""
    tick = "getComputedStyle(document.querySelector('.xtick text')).fill"
    light = await page.ask(tick)
    scheme = {"name": "prefers-color-scheme", "value": "dark"}
    await page.call("Emulation.setEmulatedMedia", features=[scheme])
    await page.wait(f"{tick} !== {light!r}")
    assert await page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 30)"
    printed = await page.call("Page.printToPDF", printBackground=True)
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")
    assert page.complaints == []


async def test_without_script_all_but_charts_is_there(page_file, chromium):
    """Many mail programs and viewers run none."""
    async with browser(chromium) as started:
        page = await open_page(started, "about:blank")
        await page.call("Emulation.setScriptExecutionDisabled", value=True)
        await page.call("Page.navigate", url=page_file.as_uri())
        await page.call("Emulation.setScriptExecutionDisabled", value=False)
        await page.wait("document.querySelectorAll('#hosts tbody tr').length === 32")
        assert await page.ask("document.querySelectorAll('#findings details.finding').length") > 3
