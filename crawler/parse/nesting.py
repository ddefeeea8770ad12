"""Keeps pages of absurd shape from the parser: too deep, or with too many attributes in one tag.

For each element the parser walks up the open elements, for each attribute along those before it,
and it opens formatting elements (`font`, `b`) again in every block. So its time, and for the last
its memory, grows with the square of their number: a page of a few hundred kilobytes would keep a
reader busy for minutes. Browsers stop at a depth of 512.

The checks are meant for what comes by accident or from a simple attack. A page that is written to
get past them ends its reader (see the watchdog in `crawler.dealer`), and is recorded as crashed.
"""

import re

MAX_DEPTH = 1000
MAX_ATTRIBUTES = 10_000
"""Of one tag."""

_SMALL_BYTES = 32_768
"""Pages up to this size cannot hold enough to matter."""
_FEW_TAGS = 2_500
_MANY_TAGS = 60_000
"""Pages with more are always looked at tag by tag: closing tags prove nothing, they may be fake."""
_UNCLOSED = 1_000
"""Between those two only pages with more unclosed tags, of any kind."""
_WINDOW_BYTES = 32_768
_TAG = re.compile(rb"<(/?)([A-Za-z][^\s/>]*+)([^>]*+)")
_TAG_NAME = re.compile(rb"<[A-Za-z][^\s/>]*+")
_ATTRIBUTE = re.compile(
    rb"""[^\s"'>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'>]++))?""",
)
_CELLS = frozenset({b"td", b"th", b"caption"})
_FORMATTING = frozenset(b"b big code em font i s small strike strong tt u".split())
"""Stay in force when the element around them is closed."""
_NEVER_DEEP = frozenset(
    b"a area base br col embed hr img input link meta nobr source track wbr "
    b"p li dt dd option tr td th thead tbody tfoot colgroup caption".split()
)
"""Elements of HTML that hold nothing, or that the next of their kind closes."""

_FLAT = _NEVER_DEEP - _CELLS
"""Nothing is to be done where one of these is opened in HTML."""


def shallow(data: bytes) -> bytes:
    """Return a page, cut before what the parser could not take."""
    if len(data) <= _SMALL_BYTES:
        return data
    data = _without_giant_tag(data)
    tags = data.count(b"<")
    if tags <= _FEW_TAGS:
        return data
    if tags <= _MANY_TAGS and tags - 2 * data.count(b"</") <= _UNCLOSED:
        return data
    return data[: _depth_reached(data)]


def _without_giant_tag(data: bytes) -> bytes:
    """Cut a page before a tag with too many attributes.

    Such a tag is long, so it fills a whole window with nothing that could end it.
    """
    at = 0
    while at + _WINDOW_BYTES <= len(data):
        if data.find(b">", at, at + _WINDOW_BYTES) >= 0:
            at += _WINDOW_BYTES
            continue
        end = data.find(b">", at)
        end = len(data) if end < 0 else end
        tag = _TAG_NAME.search(data, data.rfind(b">", 0, at) + 1, end)
        if tag and not _in_script(data, tag.start()) and _has_too_many(data, tag.end(), end):
            return data[: tag.start()]
        at = end + 1
    return data


def _in_script(data: bytes, at: int) -> bool:
    return data.rfind(b"<script", 0, at) > data.rfind(b"</script", 0, at)


def _has_too_many(data: bytes, start: int, end: int) -> bool:
    found = _ATTRIBUTE.finditer(data, start, end)
    return any(number > MAX_ATTRIBUTES for number, _ in enumerate(found, 1))


def _depth_reached(data: bytes) -> int | None:
    """Return where a page gets too deep; None where it never does."""
    elements = _OpenElements()
    for match in _TAG.finditer(data):
        closing, name, rest = match.groups()
        name = name.lower()
        if closing:
            elements.close(name)
        elif name not in _FLAT or elements.is_foreign:
            if rest.endswith(b"/") and elements.is_foreign:
                continue
            elements.open(name)
            if elements.depth > MAX_DEPTH:
                return match.start()
    return None


class _OpenElements:
    """The elements that are open, as far as their number goes."""

    def __init__(self) -> None:
        self.depth = 0
        self._stack: list[bytes] = []
        self._count: dict[bytes, int] = {}

    @property
    def is_foreign(self) -> bool:
        """Inside of a drawing or a formula, where any element holds others."""
        count = self._count
        return bool(count.get(b"svg") or count.get(b"math"))

    def open(self, name: bytes) -> None:
        if name in _CELLS and self._count.get(b"table"):
            self._forget_formatting()
        if name in _NEVER_DEEP and not self.is_foreign:
            return
        self._add(name, 1)
        if name not in _FORMATTING:
            self._stack.append(name)

    def close(self, name: bytes) -> None:
        if name in _CELLS and self._count.get(b"table"):
            self._forget_formatting()
        if not self._count.get(name):
            return
        if name in _FORMATTING:
            self._add(name, -1)
            return
        # What is still open inside of it ends with it.
        while (inner := self._stack.pop()) != name:
            self._add(inner, -1)
        self._add(name, -1)

    def _add(self, name: bytes, number: int) -> None:
        self._count[name] = self._count.get(name, 0) + number
        self.depth += number

    def _forget_formatting(self) -> None:
        """A cell ends the formatting that began in it."""
        for name in _FORMATTING:
            self.depth -= self._count.pop(name, 0)
