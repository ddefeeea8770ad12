"""Sitemaps, any bytes: XML and index (sitemaps.org), RSS and Atom feeds, lists of URLs; also gzip.

`Sitemap(body).pieces()` yields what each piece of the body held, so that the caller can let other
work go on in between. What stands before a fault counts; `problem` says what the fault was. XML is
read by expat, which the standard library brings, as a stream and without a tree.
"""

import zlib
from collections.abc import Iterator
from typing import NamedTuple
from xml.parsers import expat

from crawler.policy.sitemaps import MAX_BYTES, MAX_ENTRIES

PIECE_BYTES = 262_144
MAX_TEXT_LENGTH = 4_096
"""Characters of one address or date; the rest is dropped, and a cut address is no address."""
MAX_NESTING = 32
"""Of elements."""

_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = 31
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BLANKS = b" \t\r\n"
_MARK = b"\xef\xbb\xbf"


class Entry(NamedTuple):
    """One address, as written."""

    url: str
    lastmod: str | None
    is_sitemap: bool


class _Shape(NamedTuple):
    """Where a format keeps what we look for, by local names in lower case."""

    entry: str
    depth: int
    """Of the entry; the root has 1."""
    address: str
    date: str


_SHAPES = {
    "urlset": _Shape("url", 2, "loc", "lastmod"),
    "sitemapindex": _Shape("sitemap", 2, "loc", "lastmod"),
    "rss": _Shape("item", 3, "link", "pubdate"),
    "rdf": _Shape("item", 2, "link", "date"),
    "feed": _Shape("entry", 2, "link", "updated"),
}


class _EndedError(Exception):
    """Nothing after this point is read."""


class Sitemap:
    """One sitemap; `problem` and `entries` are final once `pieces` has ended."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.entries = 0
        """How many have come so far."""
        self.problem: str | None = None
        """Why it was not read to its end, or not at all; None: it was."""

    def pieces(self) -> Iterator[list[Entry]]:
        """Yield the entries of each piece of the body; raises nothing, whatever the bytes."""
        reader: _Xml | _Lines | None = None
        try:
            for piece in _decoded(self._body):
                if reader is None:
                    piece = piece.removeprefix(_MARK).lstrip(_BLANKS)  # noqa: PLW2901
                    if not piece:
                        continue
                    reader = _reader(piece)
                yield self._counted(reader.feed(piece))
            if reader is not None:
                yield self._counted(reader.feed(b"", is_last=True))
            else:
                self.problem = "empty"
        except _EndedError as end:
            self.problem = str(end)
        except expat.ExpatError as error:
            self.problem = f"broken XML: {expat.ErrorString(error.code)}"
        except (LookupError, ValueError):
            # Python's codecs, when an XML declaration names one that does not exist or that makes
            # characters of several bytes.
            self.problem = "an encoding that cannot be read"
        if self.problem is not None and reader is not None:
            yield self._counted(reader.found(), is_bounded=False)

    def _counted(self, found: list[Entry], *, is_bounded: bool = True) -> list[Entry]:
        room = MAX_ENTRIES - self.entries
        self.entries += min(room, len(found))
        if len(found) > room and is_bounded:
            self.problem = f"more than {MAX_ENTRIES} entries"
        return found[:room]


def _decoded(body: bytes) -> Iterator[bytes]:
    """Yield the body in pieces; one that is a gzip file is unpacked, member by member."""
    if not body.startswith(_GZIP):
        for start in range(0, min(len(body), MAX_BYTES), PIECE_BYTES):
            yield body[start : min(start + PIECE_BYTES, MAX_BYTES)]
        if len(body) > MAX_BYTES:
            raise _EndedError(f"more than {MAX_BYTES} bytes")
        return
    left, size = body, 0
    # Zero bytes after the last member are padding.
    while left.strip(b"\0"):
        member = zlib.decompressobj(_GZIP_FORMAT)
        is_whole = False
        while not is_whole:
            try:
                piece = member.decompress(left, PIECE_BYTES)
            except zlib.error:
                raise _EndedError("broken gzip") from None
            is_whole = member.eof
            left = member.unused_data if is_whole else member.unconsumed_tail
            size += len(piece)
            if size > MAX_BYTES:
                raise _EndedError(f"more than {MAX_BYTES} bytes")
            if piece:
                yield piece
            elif not left and not is_whole:
                raise _EndedError("cut gzip")


def _reader(start: bytes) -> "_Xml | _Lines":
    is_wide = start.startswith(_WIDE_MARKS)
    first = start[2:4].strip(b"\0") if is_wide else start[:1]
    if first == b"<":
        return _Xml()
    return _Lines("utf-16" if is_wide else "utf-8")


class _Lines:
    """A list of URLs, one a line."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._rest = b""
        self._is_judged = False

    def feed(self, piece: bytes, *, is_last: bool = False) -> list[Entry]:
        if self._codec == "utf-16":
            # Rare enough to be kept whole; it is bounded as all bodies are.
            self._rest += piece
            return self._entries(self._rest.decode("utf-16", "replace")) if is_last else []
        data = self._rest + piece
        end = len(data) if is_last else data.rfind(b"\n") + 1
        self._rest = data[end:][: 4 * MAX_TEXT_LENGTH]
        return self._entries(data[:end].decode("utf-8", "replace"))

    def found(self) -> list[Entry]:
        return []

    def _entries(self, text: str) -> list[Entry]:
        lines = [line.strip() for line in text.splitlines()]
        found = [
            Entry(line, None, is_sitemap=False)
            for line in lines
            if line[:8].lower().startswith(("http://", "https://")) and len(line) < MAX_TEXT_LENGTH
        ]
        if not self._is_judged and any(lines):
            self._is_judged = True
            if not found:
                raise _EndedError("neither XML nor a list of URLs")
        return found


class _Xml:
    """The entries of an XML sitemap or a feed."""

    def __init__(self) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = parser.AttlistDeclHandler = self._declaration
        self._parser = parser
        self._depth = 0
        self._shape: _Shape | None = None
        self._is_index = False
        self._is_inside = False
        """Of an entry."""
        self._field: str | None = None
        self._text: list[str] = []
        self._values: dict[str, str] = {}
        self._found: list[Entry] = []

    def feed(self, piece: bytes, *, is_last: bool = False) -> list[Entry]:
        self._parser.Parse(piece, is_last)
        return self.found()

    def found(self) -> list[Entry]:
        found, self._found = self._found, []
        return found

    def _declaration(self, *_: object) -> None:
        # No sitemap needs one. A few entities make gigabytes, and one long default of an attribute
        # is copied for each element.
        raise _EndedError("declares entities or attributes")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise _EndedError("nested too deeply")
        local = name.rpartition(":")[2].lower()
        shape = self._shape
        if shape is None:
            self._shape = _SHAPES.get(local)
            if self._shape is None:
                raise _EndedError("no sitemap: its root element is another")
            self._is_index = local == "sitemapindex"
        elif self._depth == shape.depth:
            self._is_inside = local == shape.entry
            self._values = {}
        elif self._is_inside and self._depth == shape.depth + 1:
            self._open(local, attributes, shape)

    def _open(self, local: str, attributes: dict[str, str], shape: _Shape) -> None:
        if local not in (shape.address, shape.date) or local in self._values:
            return
        href = attributes.get("href")
        if local == "link" and href is not None:
            if href.strip() and attributes.get("rel", "alternate") == "alternate":
                self._values[local] = href.strip()
            return
        self._field = local
        self._text = []

    def _characters(self, text: str) -> None:
        if self._field is not None and len(self._text) < MAX_TEXT_LENGTH:
            self._text.append(text[: MAX_TEXT_LENGTH + 1])

    def _end(self, _: str) -> None:
        shape = self._shape
        if shape is not None and self._depth == shape.depth + 1 and self._field is not None:
            value = "".join(self._text).strip()
            if value:
                self._values[self._field] = value
            self._field = None
        elif shape is not None and self._depth == shape.depth and self._is_inside:
            address = self._values.get(shape.address)
            if address is not None and len(address) <= MAX_TEXT_LENGTH:
                date = self._values.get(shape.date)
                self._found.append(Entry(address, date, self._is_index))
            self._is_inside = False
        self._depth -= 1
