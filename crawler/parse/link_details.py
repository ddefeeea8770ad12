"""Text and rel of the links of a page, for a crawl that asks for them."""

from collections.abc import Iterable, Sequence

from selectolax.lexbor import LexborNode

from crawler.model.text import collapse, cut
from crawler.policy.canonicalization import MAX_URL_LENGTH, LinkResolver

MAX_LINK_TEXT_BYTES = 1024
MAX_REL_BYTES = 256
_MAX_HREF_LENGTH = 4 * MAX_URL_LENGTH
_MAX_PIECES = 200
"""Of text in one link; a link around a whole page has enough with these."""
_WITHIN_WORDS = frozenset({"a", "abbr", "b", "code", "em", "font", "i", "span", "strong", "wbr"})
_UNREAD = frozenset({"script", "style", "noscript", "template"})


def link_details(
    anchors: Iterable[LexborNode],
    links: Sequence[str],
    base: str,
    resolver: LinkResolver,
) -> list[dict[str, str]]:
    """Return url, text and rel of each of `links`, in their order.

    Text and rel are those of the first element with this target that has a text, else of the first
    one. Where a link has no text, that of its picture stands for it.
    """
    found: dict[str, dict[str, str]] = {}
    for anchor in anchors:
        href = anchor.attrs.get("href")
        if href is None or len(href) > _MAX_HREF_LENGTH:
            continue
        for url in resolver.resolve(base, [href]):
            known = found.get(url)
            if known is not None and known["text"]:
                continue
            text = _text(anchor)
            if known is None or text:
                found[url] = {"url": url, "text": text, "rel": _rel(anchor)}
    return [found.get(url) or {"url": url, "text": "", "rel": ""} for url in links]


def _rel(anchor: LexborNode) -> str:
    return cut(collapse(anchor.attrs.get("rel") or ""), MAX_REL_BYTES)


def _text(anchor: LexborNode) -> str:
    pieces: list[str] = []
    for number, node in enumerate(anchor.traverse(include_text=True)):
        if number >= _MAX_PIECES:
            break
        if node.tag == "-text":
            parent = node.parent
            if parent is None or parent.tag not in _UNREAD:
                pieces.append(node.text_content or "")
        elif node.tag not in _WITHIN_WORDS:
            pieces.append(" ")
    text = collapse("".join(pieces))
    if not text:
        picture = anchor if anchor.tag == "area" else anchor.css_first("img[alt]")
        text = collapse((picture.attrs.get("alt") or "") if picture is not None else "")
    return cut(text, MAX_LINK_TEXT_BYTES).rstrip()
