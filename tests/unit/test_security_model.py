"""The limits that the security model promises are those of the code."""

from pathlib import Path

import pytest

from crawler.conf.settings import Settings
from crawler.dealer.process import MAX_READER_BYTES
from crawler.dealer.queue import CrawlQueue
from crawler.extract import article, article_program
from crawler.extract.metadata import MAX_DESCRIPTION_BYTES, MAX_TITLE_BYTES
from crawler.fetch import body, client, jar, protocol
from crawler.parse import html, nesting
from crawler.pipeline.extra_reading import ARTICLE_SECONDS
from crawler.pipeline.pages import MAX_HOPS
from crawler.policy import politeness, robots, sitemaps
from crawler.policy.canonicalization import MAX_URL_LENGTH

PAGE = Path(__file__).parents[2] / "docs/concepts/security-model.md"
DEFAULTS = {name: field.default for name, field in Settings.model_fields.items()}

LIMITS = [
    ("connecting", f"{DEFAULTS['connect_timeout']:.0f} s (`CRAWLER_CONNECT_TIMEOUT`)"),
    ("one try", f"{DEFAULTS['timeout']:.0f} s (`--timeout`)"),
    ("body, decoded", f"{DEFAULTS['max_body'] // 1_000_000} MB (`--max-body`)"),
    ("body as received", f"{body._RAW_SLACK_BYTES:,} bytes"),
    (
        "headers",
        (
            f"{client.MAX_HEADERS}, {client.MAX_HEADER_BYTES:,} bytes together, "
            f"{client._MAX_FIELD_BYTES:,} bytes one"
        ),
    ),
    ("responses 1xx", f"{protocol.MAX_INTERIM}"),
    ("content codings", f"{body.MAX_CODINGS}"),
    ("streams one after", f"{body.MAX_MEMBERS}"),
    ("memory that a zstd", f"{(1 << body._ZSTD_WINDOW_LOG) >> 20} MB"),
    ("redirects in one", f"{MAX_HOPS}"),
    ("robots.txt", f"{robots.MAX_BYTES:,} bytes, {robots.MAX_HOPS} redirects"),
    ("`Crawl-delay`", f"{DEFAULTS['max_crawl_delay']:.0f} s (`CRAWLER_MAX_CRAWL_DELAY`)"),
    ("`Retry-After`", f"{politeness.MAX_PAUSE_MS // 3_600_000} hours"),
    ("sitemap", f"{sitemaps.MAX_BYTES:,} bytes, {sitemaps.MAX_ENTRIES:,} entries"),
    ("links of a page", f"{html.MAX_LINKS:,}"),
    (
        "address in a link",
        f"{html.MAX_HREF_LENGTH:,} characters as written, {MAX_URL_LENGTH:,} in canonical form",
    ),
    ("depth of", f"{nesting.MAX_DEPTH:,}"),
    ("attributes of", f"{nesting.MAX_ATTRIBUTES:,}"),
    ("address space of", f"{MAX_READER_BYTES >> 30} GB"),
    (
        "text of a record",
        f"{html.MAX_TEXT_BYTES:,} bytes; title and description {MAX_TITLE_BYTES:,}",
    ),
    ("cookies that", f"{jar.MAX_COOKIES} of {jar.MAX_BYTES:,} bytes, {jar.MAX_HOSTS:,} hosts"),
    ("names that are", f"{client._DNS_NAMES:,} addresses, for {client._DNS_TTL_S} s"),
    ("a reader that", f"{CrawlQueue.reader_stuck_s:.0f} s"),
    (
        "main text of",
        (
            f"{ARTICLE_SECONDS} s of processor time, {article_program.MAX_BYTES >> 30} GB, "
            f"{article.MAX_PAGE_BYTES:,} bytes of HTML"
        ),
    ),
]


@pytest.mark.parametrize(("subject", "value"), LIMITS, ids=lambda text: text[:20])
def test_a_limit_is_what_the_page_says(subject: str, value: str) -> None:
    """An operator would plan with a number that no longer holds."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    (row,) = [row for row in rows if row.startswith(f"| {subject}")]
    assert value in row.split("|")[2]


def test_every_limit_on_the_page_is_compared() -> None:
    """A line could be added that nobody holds."""
    text = PAGE.read_text("utf-8")
    table = text[text.index("| Limit |") :].split("\n\n")[0].splitlines()[2:]
    assert len(table) == len(LIMITS)
    assert MAX_DESCRIPTION_BYTES == MAX_TITLE_BYTES
