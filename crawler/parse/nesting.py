"""Keeps pages of absurd depth from the parser.

For each block element the parser walks up the open elements, so the time for elements that are
never closed grows with the square of their number: 2 s for 50,000, many minutes for a page full.
Browsers stop at a depth of 512.
"""

import re

MAX_DEPTH = 1000
_SMALL_BYTES = 100_000
"""Pages up to this size cannot hold enough elements to matter."""
_SUSPICIOUS = 4000
"""Unclosed tags of any kind; only pages with more are looked at tag by tag."""
_TAG = re.compile(rb"<(/?)([A-Za-z][^\s/>]*)")
_NEVER_DEEP = frozenset(
    b"a area base br col embed hr img input link meta source track wbr "
    b"p li dt dd option optgroup tr td th thead tbody tfoot colgroup rb rt rtc rp".split()
)
"""Elements that hold nothing, or that the next of their kind closes."""


def shallow(data: bytes) -> bytes:
    """Return a page, cut before its elements are nested deeper than `MAX_DEPTH`."""
    if len(data) <= _SMALL_BYTES:
        return data
    tags = data.count(b"<")
    if tags <= _SUSPICIOUS or tags - 2 * data.count(b"</") <= _SUSPICIOUS:
        return data
    depth = 0
    opened: dict[bytes, int] = {}
    for match in _TAG.finditer(data):
        closing, name = match.groups()
        name = name.lower()
        if name in _NEVER_DEEP:
            continue
        count = opened.get(name, 0)
        if not closing:
            depth += 1
            opened[name] = count + 1
            if depth > MAX_DEPTH:
                return data[: match.start()]
        elif count:
            depth -= 1
            opened[name] = count - 1
    return data
