"""The Sound Archive: what is slow, large, chunked, compressed or no page at all."""

import json
import struct
import zlib

from crawler.demo.answer import Answer, Page, Site, page, robots
from crawler.demo.markup import Crumbs, House, bullets, paragraphs
from crawler.demo.prose import Writer
from crawler.demo.words import ARTICLES, REPORTS, SENTENCES

_HOME = ("/", "Sound Archive")
_REELS = 9
_LOGBOOK_PARAGRAPHS = 2200


def site(house: House) -> Site:
    """Return all documents of the archive."""
    shelf: Crumbs = [
        ("/logbook", "The whole logbook (more than a megabyte)"),
        ("/logbook.txt", "Its first page, as plain text"),
        ("/fog-signal", "The fog signal (sent in chunks)"),
        ("/pressed", "A pressed flower (deflate)"),
        ("/report.pdf", "Annual report (PDF)"),
        ("/lamp.png", "A lamp (PNG)"),
        ("/tides.json", "Tides (JSON)"),
        ("/bell.bin", "A bell (bytes)"),
        ("/notes.svg", "Notes (SVG)"),
        *[(f"/reel/{n}", f"Reel {n}") for n in range(1, _REELS + 1)],
    ]
    figure = '<p><img src="/lamp.png" alt="A lamp"></p>'
    fog = house.render("The fog signal", "<p>Ooooo.</p>\n" * 400, crumbs=[_HOME]).encode()
    pressed = house.render("A pressed flower", "<p>Very flat.</p>", crumbs=[_HOME]).encode()
    pages: dict[str, Page] = {
        "/robots.txt": robots("User-agent: *", "Allow: /"),
        "/": page(house.render("Sound Archive", figure + bullets(shelf), about="Quiet, please")),
        "/logbook": Page(answers=(Answer(body=_logbook(house), manner="chunked"),)),
        "/logbook.txt": _file(_first_page().encode(), "text/plain; charset=utf-8"),
        "/fog-signal": Page(answers=(Answer(body=fog, manner="chunked"),)),
        "/pressed": Page(
            answers=(
                Answer(body=zlib.compress(pressed), headers=(("Content-Encoding", "deflate"),)),
            )
        ),
        "/report.pdf": _file(_pdf(), "application/pdf"),
        "/lamp.png": _file(_png(), "image/png"),
        "/tides.json": _file(_tides(), "application/json"),
        "/bell.bin": _file(bytes(range(256)) * 64, "application/octet-stream"),
        "/notes.svg": _file(
            b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>', "image/svg+xml"
        ),
    }
    for n in range(1, _REELS + 1):
        text = Writer(f"reel {n}").paragraph(REPORTS, 4)
        entries: Crumbs = [(f"/reel/{n % _REELS + 1}", "Next reel"), ("/", "All reels")]
        html = house.render(f"Reel {n}", paragraphs([text]) + bullets(entries), crumbs=[_HOME])
        pages[f"/reel/{n}"] = page(html, delay_ms=300 + 60 * n)
    return pages


def _file(body: bytes, content_type: str) -> Page:
    return Page(answers=(Answer(body=body, content_type=content_type),))


def _logbook(house: House) -> bytes:
    names = [name for group in ARTICLES["places"].values() for name in group]
    writer = Writer("logbook")
    entries = [
        f"Day {day}. " + writer.paragraph(SENTENCES["places"], 6, name=writer.pick(names))
        for day in range(1, _LOGBOOK_PARAGRAPHS + 1)
    ]
    return house.render("The whole logbook", paragraphs(entries), crumbs=[_HOME]).encode()


def _first_page() -> str:
    return Writer("first page").paragraph(REPORTS, 6).replace(". ", ".\n") + "\n"


def _tides() -> bytes:
    writer = Writer("tides")
    table = {f"day {day}": writer.number(1, 60) / 10 for day in range(1, 32)}
    return json.dumps(table, indent=1).encode()


def _pdf() -> bytes:
    """Return the smallest PDF that a reader opens."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>",
    )
    out = b"%PDF-1.4\n"
    offsets = []
    for number, value in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, value)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    return out + (
        b"xref\n0 4\n0000000000 65535 f \n%strailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (table, start)
    )


def _png() -> bytes:
    """Return a picture of 16 x 16 points, all of them lamp yellow."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = (b"\0" + b"\xff\xd0\x40" * 16) * 16
    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
