"""Sitemaps of every format, and what no sitemap should be."""

import gzip
import zlib

import pytest

from crawler.parse import sitemap as module
from crawler.parse.sitemap import Entry, Sitemap
from crawler.policy.sitemaps import MAX_BYTES, MAX_ENTRIES

NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
URLSET = f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset {NS} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc> https://a.example/1 </loc><lastmod>2026-01-02</lastmod>
       <image:image><image:loc>https://a.example/1.png</image:loc></image:image></url>
  <url><lastmod>2026-01-03</lastmod></url>
  <url><loc>https://a.example/?a=1&amp;b=2</loc></url>
</urlset>"""
TWO = [
    Entry("https://a.example/1", "2026-01-02", False),
    Entry("https://a.example/?a=1&b=2", None, False),
]
INDEX = f"""<sitemapindex {NS}><sitemap><loc>https://a.example/s1.xml.gz</loc></sitemap>
<sitemap><loc>https://a.example/s2.xml</loc><lastmod>2026</lastmod></sitemap></sitemapindex>"""
RSS = """<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<link>https://a.example/</link><atom:link rel="self" href="https://a.example/feed"/>
<item><title>One</title><link>https://a.example/1</link>
<pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://a.example/"/>
<entry><link rel="edit" href="https://a.example/edit"/><link href="https://a.example/1"/>
<updated>2026-01-05T10:00:00Z</updated></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<item><link>https://a.example/1</link><dc:date>2026-01-05</dc:date></item></rdf:RDF>"""


def read(body: bytes) -> tuple[list[Entry], str | None]:
    sitemap = Sitemap(body)
    found = [entry for piece in sitemap.pieces() for entry in piece]
    assert len(found) == sitemap.entries
    return found, sitemap.problem


@pytest.mark.parametrize(
    ("body", "entries"),
    [
        (URLSET.encode(), TWO),
        (b"\xef\xbb\xbf\r\n " + URLSET.encode(), TWO),
        (URLSET.replace("UTF-8", "UTF-16").encode("utf-16"), TWO),
        (gzip.compress(URLSET.encode()), TWO),
        (gzip.compress(URLSET[:150].encode()) + gzip.compress(URLSET[150:].encode()), TWO),
        (gzip.compress(URLSET.encode()) + b"\0" * 512, TWO),
        (
            INDEX.encode(),
            [
                Entry("https://a.example/s1.xml.gz", None, True),
                Entry("https://a.example/s2.xml", "2026", True),
            ],
        ),
        (RSS.encode(), [Entry("https://a.example/1", "Mon, 05 Jan 2026 10:00:00 GMT", False)]),
        (ATOM.encode(), [Entry("https://a.example/1", "2026-01-05T10:00:00Z", False)]),
        (RDF.encode(), [Entry("https://a.example/1", "2026-01-05", False)]),
        (
            b"\xef\xbb\xbfhttps://a.example/1\r\n\r\nnot a url\nHTTPS://a.example/2",
            [
                Entry("https://a.example/1", None, False),
                Entry("HTTPS://a.example/2", None, False),
            ],
        ),
        ("https://a.example/1\n".encode("utf-16"), [Entry("https://a.example/1", None, False)]),
    ],
)
def test_formats(body: bytes, entries: list[Entry]) -> None:
    assert read(body) == (entries, None)


LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("body", "entries", "problem"),
    [
        (b"", 0, "empty"),
        (b" \n ", 0, "empty"),
        (b"<html><head></head></html>", 0, "no sitemap: its root element is another"),
        (b"some words\nand more", 0, "neither XML nor a list of URLs"),
        (b"\x00\x01\x02\xff", 0, "neither XML nor a list of URLs"),
        (
            f"{LAUGHS}<urlset><url><loc>&b;</loc></url></urlset>".encode(),
            0,
            "declares entities or attributes",
        ),
        (
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset>&a;</urlset>',
            0,
            "declares entities or attributes",
        ),
        (URLSET.encode()[:-30], 1, "broken XML: no element found"),
        (URLSET.replace("</urlset>", "</nothing>").encode(), 2, "broken XML: mismatched tag"),
        (b"<urlset>" + b"<a>" * 40, 0, "nested too deeply"),
        (gzip.compress(URLSET.encode())[:-20], 1, "cut gzip"),
        (gzip.compress(URLSET.encode(), mtime=0)[:10] + b"\xff" * 50, 0, "broken gzip"),
    ],
)
def test_faults_keep_what_came_before_them(body: bytes, entries: int, problem: str) -> None:
    found, why = read(body)
    assert why == problem
    assert len(found) == entries


def test_a_link_to_nowhere_is_no_entry() -> None:
    """The sitemap itself would be fetched as a page (found by fuzzing)."""
    good = b"<entry><link href=' '/><link href='http://h/x'/></entry>"
    body = b"<feed>" + good + b"<entry><link href=''/></entry></feed>"
    assert read(body) == ([Entry("http://h/x", None, is_sitemap=False)], None)


DECLARED = "<!DOCTYPE x [<!ATTLIST url a CDATA 'b'>]>"
UNREADABLE = ["shift_jis", "utf-7", "utf-32", "idna", "punycode", "rot13", "undefined", "x-none"]


@pytest.mark.parametrize("encoding", UNREADABLE)
def test_an_encoding_that_cannot_be_read_is_a_problem(encoding: str) -> None:
    """A word in a sitemap's first line would raise in the reader (found by fuzzing)."""
    body = f"<?xml version='1.0' encoding='{encoding}'?><urlset></urlset>".encode()
    assert read(body) == ([], "an encoding that cannot be read")


def test_defaults_of_attributes_are_not_read() -> None:
    """A long one is copied for each element: a sitemap of 10 MB would take hours."""
    body = f"{DECLARED}<urlset><url><loc>http://h/</loc></url></urlset>".encode()
    assert read(body) == ([], "declares entities or attributes")


def test_a_cut_gzip_keeps_what_could_be_unpacked() -> None:
    lines = "".join(f"https://a.example/{n * 7919 % 100_000}\n" for n in range(5_000))
    whole = gzip.compress(lines.encode())
    found, why = read(whole[: len(whole) // 2])
    assert why == "cut gzip"
    assert 1_000 < len(found) < 4_000


def test_entries_are_counted_and_bounded() -> None:
    lines = "".join(f"https://a.example/{n}\n" for n in range(MAX_ENTRIES + 10))
    found, why = read(lines.encode())
    assert len(found) == MAX_ENTRIES
    assert why == f"more than {MAX_ENTRIES} entries"


def test_a_bomb_is_unpacked_up_to_the_cap_only(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zlib.compressobj(9, wbits=31)
    packed = b"".join(bomb.compress(b" " * 1_000_000) for _ in range(60)) + bomb.flush()
    assert len(packed) < 100_000
    assert read(b"<urlset>" + b" " * MAX_BYTES)[1] == f"more than {MAX_BYTES} bytes"
    seen: list[int] = []
    feed = module._Lines.feed
    monkeypatch.setattr(
        module._Lines, "feed", lambda self, p, **k: (seen.append(len(p)), feed(self, p, **k))[1]
    )
    found, why = read(packed)
    assert (found, why) == ([], f"more than {MAX_BYTES} bytes")
    assert sum(seen) <= MAX_BYTES
    assert max(seen, default=0) <= module.PIECE_BYTES


def test_an_address_that_is_too_long_is_none() -> None:
    long = "https://a.example/" + "x" * 5_000
    body = f"<urlset><url><loc>{long}</loc></url><url><loc>https://a.example/</loc></url></urlset>"
    assert read(body.encode()) == ([Entry("https://a.example/", None, False)], None)
    assert read(long.encode() + b"\nhttps://a.example/\n")[0] == [
        Entry("https://a.example/", None, False)
    ]


def test_a_large_sitemap_comes_in_pieces() -> None:
    body = URLSET.encode().replace(b"<url>", b"<url><x>" + b"y" * 600_000 + b"</x>", 1)
    sitemap = Sitemap(body)
    assert len(list(sitemap.pieces())) >= 3
    assert sitemap.entries == 2
