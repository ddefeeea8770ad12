"""JSON-LD of a page: what stands in `script type="application/ld+json"`, as JSON alone.

It is read as shops write it for search engines: contexts are not fetched, and what is nearly JSON
(comments around it, commas too many, raw line ends in texts) is mended where that is simple.
"""

import json
import math
import re
from collections.abc import Iterator

import orjson

from crawler.model.element import Element

MAX_BLOCKS = 50
MAX_BYTES = 1_000_000
"""Of all blocks of a page, in characters."""
_SELECTOR = 'script[type^="application/ld+json" i]'
_WRAPPING = re.compile(
    r"\A[\s\ufeff]*+(?:<!--|//\s*+<!\[CDATA\[|//[^\n]{0,200}\n|/\*[^*]{0,200}\*/)?"
    r"|(?:-->|//\s*+\]\]>|/\*\s*+\]\]>\s*+\*/|;)\s*\Z"
)
_NEEDLESS_COMMA = re.compile(r",(?=\s*+[}\]])")
_MOST_LOOKED_AT = 100
_NUMBER_LIMIT = 2**63


def read_json_ld(root: Element) -> list[dict[str, object]]:
    """Return the objects at the top of all blocks, in the order of the page."""
    found: list[dict[str, object]] = []
    left = MAX_BYTES
    for script in root.css(_SELECTOR)[:MAX_BLOCKS]:
        text = script.text()
        left -= len(text)
        if left < 0:
            break
        found += _tops(_loads(text))
    return found


def may_have_json_ld(body: bytes) -> bool:
    """Whether a walk over the tree may find any; `+` is rare in pages, and quickly found."""
    if b"\0" in body[:100]:
        return True  # UTF-16
    at = -1
    for _ in range(_MOST_LOOKED_AT):
        at = body.find(b"+", at + 1)
        if at < 0:
            return False
        if body[at - 2 : at] in {b"ld", b"LD"}:
            return True
    return True


def loads(text: str) -> object:
    """Return what a text holds as JSON.

    Raises:
        ValueError: it is none.
    """
    found = _loads(text)
    if found is None and text.strip() != "null":
        raise ValueError("is no JSON")
    return found


def _loads(text: str) -> object:
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    mended = _NEEDLESS_COMMA.sub("", _WRAPPING.sub("", text))
    try:
        return json.loads(
            mended, strict=False, parse_constant=_no_number, parse_int=_int, parse_float=_float
        )
    except (ValueError, RecursionError):
        return None


def _no_number(_: str) -> None:
    """NaN and Infinity are no JSON, and cannot be written as such."""


def _float(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _int(digits: str) -> int | float | None:
    """Larger ones could not be written to a record."""
    value = int(digits) if len(digits) < 20 else _float(digits)
    return value if value is None or abs(value) < _NUMBER_LIMIT else float(value)


def _tops(found: object) -> Iterator[dict[str, object]]:
    for one in found if isinstance(found, list) else [found]:
        if not isinstance(one, dict):
            continue
        graph = one.get("@graph")
        if isinstance(graph, list):
            yield from (member for member in graph if isinstance(member, dict))
        else:
            yield one
