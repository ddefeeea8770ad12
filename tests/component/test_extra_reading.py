"""What a page reader takes from a page where the crawl asks for more."""

from typing import Any

from crawler.extract.simhash import simhash
from crawler.model.result import Fetched
from crawler.pipeline.reading import PageReader, Reading
from crawler.policy.canonicalization import LinkResolver
from tests.support.fetch import NOW, make_plan

PAGE = f"""<h1>Kettle</h1><p>{" ".join(f"word{n}" for n in range(100))}</p>
<a href=/more rel=nofollow>More</a>""".encode()


async def read(body: bytes, content_type: str = "text/html", **asked: Any) -> Reading:
    reader = PageReader(make_plan(**asked), LinkResolver())
    headers = {"content-type": content_type}
    result = Fetched(
        started_at=NOW,
        elapsed_ms=1,
        attempts=1,
        status=200,
        headers=headers,
        body=body,
        truncated=False,
    )
    return await reader.read("http://h.example/", result)


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
