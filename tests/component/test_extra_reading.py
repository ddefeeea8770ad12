"""What a page reader takes from a page where the crawl asks for more."""

from typing import Any

from crawler.extract.simhash import simhash
from crawler.model.result import Fetched
from crawler.pipeline.reading import PageReader, Reading
from crawler.policy.canonicalization import LinkResolver
from tests.support.fetch import NOW, make_plan

PAGE = f"""<h1>Kettle</h1><p>{" ".join(f"word{n}" for n in range(100))}</p>
<a href=/more rel=nofollow>More</a>""".encode()


LATIN = "text/html; charset=iso-8859-1"


def fetched(body: bytes, content_type: str = "text/html") -> Fetched:
    return Fetched(
        started_at=NOW,
        elapsed_ms=1,
        attempts=1,
        status=200,
        headers={"content-type": content_type},
        body=body,
        truncated=False,
    )


async def read(body: bytes, content_type: str = "text/html", **asked: Any) -> Reading:
    reader = PageReader(make_plan(**asked), LinkResolver())
    return await reader.read("http://h.example/", fetched(body, content_type))


async def test_only_what_was_asked_for_is_taken() -> None:
    """A crawl would pay for what it does not want."""
    extras = (await read(PAGE, simhash=True)).extras
    assert extras.simhash is not None
    assert extras.link_details == []
    extras = (await read(PAGE, link_details=True)).extras
    assert extras.simhash is None
    assert extras.link_details == [
        {"url": "http://h.example/more", "text": "More", "rel": "nofollow"}
    ]


async def test_the_fingerprint_is_that_of_the_text() -> None:
    """Nobody could compute it again from the records."""
    reading = await read(PAGE, simhash=True)
    assert reading.document is not None
    assert reading.extras.simhash == simhash(reading.document.text)


async def test_other_than_html_has_none() -> None:
    """A picture would have a fingerprint, or end its reader."""
    extras = (await read(b"\xff\xd8", "image/jpeg", simhash=True, link_details=True)).extras
    assert extras.simhash is None
    assert extras.link_details == []


ARTICLE = b"""<html><head><meta name=author content="Ada Marsh">
<meta property=article:published_time content=2026-03-04></head><body><nav><a href=/a>A</a></nav>
<main><h1>Kettles</h1><p>Copper kettles boil on gas, on a wood stove and on electric plates, but not
on induction. <a href=more>Wash</a> them by hand, and polish them with lemon and salt.</p></main>
<footer>All rights reserved.</footer></body></html>"""


async def test_main_text_and_who_wrote_it() -> None:
    """A record would lack what was asked for, or have the menu in it."""
    reader = PageReader(make_plan(main_text=True, markdown=True), LinkResolver())
    extras = (await reader.read("http://h.example/k/", fetched(ARTICLE))).extras
    assert extras.main_text is not None
    assert extras.main_text.startswith("Kettles\nCopper kettles boil")
    assert "All rights" not in extras.main_text
    assert extras.markdown is not None
    assert "[Wash](http://h.example/k/more)" in extras.markdown
    assert (extras.published_at, extras.author) == ("2026-03-04", "Ada Marsh")
    assert extras.extract_error is None
    # In another encoding, and one that is no page at all.
    latin = ARTICLE.replace(b"Kettles", "K\u00e4nguru".encode("latin-1"))
    extras = (await reader.read("http://h.example/", fetched(latin, LATIN))).extras
    assert extras.main_text is not None
    assert extras.main_text.startswith("K\u00e4nguru\n")
    extras = (await reader.read("http://h.example/", fetched(b"\xff\xd8", "image/jpeg"))).extras
    assert extras.main_text is None
    await reader.close()


async def test_a_page_is_not_lost_over_its_main_text() -> None:
    """The record would be missing, or nobody would know why it has no main text."""
    reader = PageReader(make_plan(main_text=True, simhash=True), LinkResolver())
    await reader.read("http://h.example/", fetched(ARTICLE))
    assert reader._extra is not None
    assert reader._extra._articles is not None
    process = reader._extra._articles._process
    assert process is not None
    process.kill()
    reading = await reader.read("http://h.example/", fetched(PAGE))
    await reader.close()
    assert reading.document is not None
    assert reading.extras.simhash is not None
    assert reading.extras.main_text is None
    assert reading.extras.extract_error == "main text: its process ended over this page"
