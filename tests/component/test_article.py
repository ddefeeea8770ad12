"""Main texts, found in a process of their own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from crawler.extract.article import MAX_PAGE_BYTES, Article, ArticleReader

WORDS = "The harbour council has voted to repair the northern breakwater before the storms come. "
URL = "http://h.example/news/1"


def article(body: str) -> bytes:
    menu = "<nav><ul>" + "".join(f"<li><a href=/{n}>Section {n}</a></li>" for n in range(9))
    return f"""<html><body>{menu}</ul></nav><main><article><h1>Breakwater</h1>{body}</article>
        </main><footer>All rights reserved. <a href=/imprint>Imprint</a></footer>""".encode()


PAGE = article(f"<p>{WORDS * 3}</p><p>Work <b>begins</b> in <a href=october>October</a>.</p>")
SLOW = b"<p " + b" ".join(b"a%d=1" % n for n in range(90_000)) + b">x"
"""Half a minute of work on any machine: of one with many attributes each is compared with all."""


@pytest.fixture
async def reader() -> AsyncIterator[ArticleReader]:
    made = ArticleReader(["main_text", "markdown"], page_seconds=60, wait_seconds=90)
    yield made
    await made.close()


def _pid(reader: ArticleReader) -> int:
    assert reader._process is not None
    return reader._process.pid


async def test_text_and_markdown(reader: ArticleReader) -> None:
    """The menu would be in the text, or links would lead nowhere outside of the page."""
    found = await reader.read(URL, PAGE)
    assert found.error is None
    assert found.main_text is not None
    assert found.main_text.splitlines()[0] == "Breakwater"
    assert found.main_text.splitlines()[-1] == "Work begins in October."
    assert found.markdown is not None
    assert found.markdown.startswith("# Breakwater\n\nThe harbour council")
    assert found.markdown.endswith("Work **begins** in [October](http://h.example/news/october).")


async def test_signs_of_headings_are_left_out(reader: ArticleReader) -> None:
    """Every heading of a manual would end with a link to itself."""
    page = article(f"<h2>Costs<a href=#costs>¶</a></h2><p>{WORDS * 4}</p>")
    found = await reader.read(URL, page)
    assert found.main_text is not None
    assert "¶" not in found.main_text
    assert found.markdown is not None
    assert "## Costs\n" in found.markdown


async def test_a_page_without_text_has_none(reader: ArticleReader) -> None:
    """A record would have an empty text, which looks like one."""
    for page in (b"", b"<html></html>", b"\0", b"<p></p>"):
        assert await reader.read(URL, page) == Article()


async def test_only_what_is_wanted_is_found() -> None:
    """Each of the two costs as much as all else that is done with a page."""
    reader = ArticleReader(["main_text"], page_seconds=60, wait_seconds=90)
    found = await reader.read(URL, PAGE)
    await reader.close()
    assert found.main_text is not None
    assert found.markdown is None


async def test_a_slow_page_ends_alone() -> None:
    """One page would keep a reader, and all that waits for it, for minutes."""
    reader = ArticleReader(["main_text"], page_seconds=0.5, wait_seconds=90)
    slow, usual = await asyncio.gather(reader.read(URL, SLOW), reader.read(URL, PAGE))
    await reader.close()
    assert slow == Article(error="main text: takes more than 0.5 s")
    assert usual.error is None
    assert usual.main_text is not None


async def test_nobody_waits_for_ever() -> None:
    """With a process that does not go on, all pages would stay until their leases end."""
    reader = ArticleReader(["main_text"], page_seconds=60, wait_seconds=30)
    await reader.read(URL, PAGE)
    os.kill(_pid(reader), signal.SIGSTOP)
    reader._wait_seconds = 0.2
    found = await asyncio.gather(reader.read(URL, PAGE), reader.read(URL, PAGE))
    assert {one.error for one in found} <= {
        "main text: no answer within 0.2 s",
        "main text: no turn within 0.2 s",
    }
    reader._wait_seconds = 60
    assert (await reader.read(URL, PAGE)).main_text is not None
    await reader.close()


async def test_a_killed_process_is_replaced(reader: ArticleReader) -> None:
    """When memory runs out the system ends this process: every later page would have no text."""
    await reader.read(URL, PAGE)
    os.kill(_pid(reader), signal.SIGKILL)
    assert (await reader.read(URL, PAGE)).error == "main text: its process ended over this page"
    assert (await reader.read(URL, PAGE)).main_text is not None


async def test_no_page_gets_the_answer_of_another(reader: ArticleReader) -> None:
    """After a task was cancelled, every record would have the text of the page before."""
    await reader.read(URL, PAGE)
    late = asyncio.create_task(reader.read(URL, SLOW))
    while not reader._turn.locked():
        await asyncio.sleep(0)
    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    other = article(f"<p>{WORDS * 3}</p><p>Another page.</p>")
    found = await reader.read(URL, other)
    assert found.main_text is not None
    assert found.main_text.endswith("Another page.")


@pytest.mark.parametrize(
    "page",
    [
        b"<div>" * 50_000 + b"x",
        b"<ul><li>" * 2_000 + b"x",
        b"<font><p>" * 2_000,
        b"<p " + b" ".join(b"a%d=1" % n for n in range(9_000)) + b">x",
        b"<p>" + b"a" * MAX_PAGE_BYTES * 2,
        b"<p>&#xD800;\xff\xfe\0<a href='http://[x'>x</a>" * 100,
        b"<table>" * 500,
        b"<?xml version='1.0' encoding='utf-16'?><p>x",
    ],
)
async def test_strange_pages_are_answered(reader: ArticleReader, page: bytes) -> None:
    """A page would be lost over its main text; its record does not depend on it."""
    found = await reader.read(URL, page)
    assert found.error is None or found.error.startswith("main text: ")
    assert (await reader.read(URL, PAGE)).main_text is not None
