"""What parsing one page yields, before any decision about it."""

from collections.abc import Sequence
from typing import NamedTuple


class Document(NamedTuple):
    """One parsed HTML page; plain values, so that `extract` needs no DOM."""

    charset: str
    """WHATWG name of the encoding that was used."""
    title: str | None
    """Text of the first `title` element of the head, as found."""
    metas: dict[str, str]
    """`meta` elements by lower-case name or property, first one wins, content as found."""
    lang: str | None
    """`lang` of the html element, as found."""
    canonicals: Sequence[str]
    """Valid targets of `link rel=canonical` in the head, resolved and canonical, each once."""
    text: str
    """Visible text: blanks collapsed, at most 1 MB."""
    links: list[str]
    """All targets of `a` and `area`: canonical, unique, in document order."""
    followable: list[str]
    """Those of `links` that no rel=nofollow forbids (page-wide nofollow is the caller's
    decision)."""
    h1: str | None
    """Text of the first `h1`, as found."""
    hreflang: dict[str, str]
    """Canonical addresses of the page in other languages, by `hreflang` as found."""
    js_required: bool
    """The page probably shows itself only to a browser (`parse.scripted`)."""
    link_details: Sequence[dict[str, str]] = ()
    """url, text and rel of each of `links`; none where the crawl does not ask for them."""
