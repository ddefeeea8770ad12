"""One HTML page to a `Document`: a single parse, links taken once, then the text.

This is the hottest code of the crawler: each walk over the tree and each look at an attribute
counts.
"""

import re
from collections import Counter
from collections.abc import Iterable

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from crawler.model.document import Document
from crawler.model.extras import Probe
from crawler.model.text import collapse, cut
from crawler.parse.charset import to_utf8
from crawler.parse.link_details import link_details
from crawler.parse.nesting import shallow
from crawler.parse.scripted import needs_browser
from crawler.parse.tree import TreePage
from crawler.policy.canonicalization import MAX_URL_LENGTH, LinkResolver

MAX_LINKS = 20_000
"""Of one page; links after these are not looked at."""
MAX_HREF_LENGTH = 4 * MAX_URL_LENGTH
MAX_TEXT_BYTES = 1_000_000
MAX_HEAD_TEXT_BYTES = 65_536
"""Of a title, an h1 or a meta's content; what a record keeps is less (`crawler.extract`)."""
MAX_LANG_BYTES = 64
MAX_METAS = 500
MAX_CANONICALS = 20
MAX_LANGUAGES = 500
"""Of `hreflang`; the largest sites have about 200."""

# Without mutation events, changing the tree costs the same at any depth.
_OPTIONS = int(LexborDocumentOptions.WO_EVENTS)
_NOFOLLOW = '[rel~="nofollow" i]'
# What a page has few of is found in one walk over the head and one, for less, over the body. A
# stray element ends the head early; then the whole document is searched as the head is.
_HEAD_PARTS = 'title,meta[content],base[href],link[rel~="canonical" i][href],link[hreflang][href]'
_BODY_PARTS = f"meta[content],base[href],area[href],a{_NOFOLLOW}"
_PARTS = f"{_HEAD_PARTS},area[href],a{_NOFOLLOW}"
# Lists of one selector each, since every entry of these lists would be a walk of its own.
_UNREAD = ["script,style,noscript"]
"""Elements whose text nobody sees; the content of a template is not in the tree at all."""
_INLINE = ["span", "code,strong,em,b,i,a"]
"""Elements whose edges do not end a word; only the usual ones, since each name costs time. The most
frequent one goes first and alone: then the longer list is matched against a smaller tree."""
# Possessive, so that a row of blanks is read in one way only.
_REFRESH = re.compile(
    r"""\s*+[\d.]*+(?:\s*+[;,]|\s)\s*+(?:url\s*+=\s*+)?+(?:"([^"]*)|'([^']*)|(\S.*))""",
    re.IGNORECASE | re.DOTALL,
).match
_JOINED_METAS = frozenset({"robots"})
"""Metas that hold together when they are repeated; of all others the first one wins."""


def parse_html(
    body: bytes,
    *,
    url: str,
    header_charset: str | None,
    resolver: LinkResolver,
    probe: Probe | None = None,
    with_link_details: bool = False,
) -> Document:
    """Parse a page that came from the canonical `url`; any bytes make a document.

    `probe` may look at the tree before its text is taken, which changes it.
    """
    data, charset = to_utf8(body, header_charset)
    data = shallow(data)
    # With scripting on, noscript is text: its links and metas are not those of the page.
    tree = LexborHTMLParser(data, options=_OPTIONS, scripting=True)
    parts = _Parts(tree)
    base = _resolved(resolver, url, parts.base) or url
    hreflang = _hreflang(parts, base, resolver) if parts.languages else {}
    root = tree.root
    anchors = tree.css("a[href],area[href]" if parts.has_area else "a[href]")
    links, followable = _links(anchors, parts, base, resolver)
    if probe is not None and root is not None:
        probe(TreePage(root, parts.metas))
    details = link_details(anchors, links, base, resolver) if with_link_details else ()
    shown = tree.body
    text, h1 = ("", None) if shown is None else _text(shown, () if parts.has_area else anchors)
    return Document(
        charset=charset,
        title=parts.title,
        metas=parts.metas,
        lang=root.attrs.get("lang") if root is not None else None,
        canonicals=_canonicals(parts, base, resolver) if parts.canonicals else (),
        text=text,
        links=links,
        followable=followable,
        h1=h1,
        hreflang=hreflang,
        js_required=shown is not None and needs_browser(data, shown, text, links),
        link_details=details,
    )


class _Parts:
    """The elements that a page has once, or a few times, or not at all."""

    __slots__ = (
        *("base", "canonicals", "has_area", "languages", "metas"),
        *("nofollow", "refresh", "title"),
    )

    def __init__(self, tree: LexborHTMLParser) -> None:
        self.title: str | None = None
        self.metas: dict[str, str] = {}
        self.refresh: str | None = None
        self.base: str | None = None
        self.canonicals: list[str] = []
        """Hrefs as found."""
        self.has_area = False
        self.languages: list[tuple[str, str]] = []
        """(hreflang, href), as found."""
        self.nofollow: list[str] = []
        """Hrefs as found, one for each link that must not be followed."""
        for node in _parts_of(tree):
            match node.tag:
                case "meta":
                    self._add_meta(node.attributes)
                case "title":
                    if self.title is None and not _in_drawing(node):
                        self.title = cut(node.text(), MAX_HEAD_TEXT_BYTES)
                case "link":
                    self._add_link(node.attributes)
                case "base":
                    self.base = self.base or node.attrs.get("href")
                case "area":
                    self.has_area = True
                    if "nofollow" in (node.attrs.get("rel") or "").lower().split():
                        self._add_nofollow(node)
                case _:
                    self._add_nofollow(node)

    def _add_link(self, attributes: dict[str, str | None]) -> None:
        href = attributes.get("href")
        kinds = (attributes.get("rel") or "").lower().split()
        if "canonical" in kinds and href and len(self.canonicals) < MAX_CANONICALS:
            self.canonicals.append(href)
        language = attributes.get("hreflang")
        if language and href and "alternate" in kinds and len(self.languages) < MAX_LANGUAGES:
            self.languages.append((language, href))

    def _add_nofollow(self, node: LexborNode) -> None:
        if "href" in node.attrs:
            self.nofollow.append(node.attrs["href"] or "")

    def _add_meta(self, attributes: dict[str, str | None]) -> None:
        content = attributes.get("content")
        name = attributes.get("name") or attributes.get("property")
        if not content or len(self.metas) >= MAX_METAS:
            return
        if name:
            name = name.strip().lower()
            if name not in self.metas:
                self.metas[name] = cut(content, MAX_HEAD_TEXT_BYTES)
            elif name in _JOINED_METAS:
                joined = f"{self.metas[name]}, {content}"
                self.metas[name] = cut(joined, MAX_HEAD_TEXT_BYTES)
        elif self.refresh is None:
            kind = attributes.get("http-equiv")
            if kind is not None and kind.strip().lower() == "refresh":
                self.refresh = _refresh_target(content)


def _parts_of(tree: LexborHTMLParser) -> list[LexborNode]:
    head, body = tree.head, tree.body
    if head is None or body is None:
        return tree.css(_PARTS)
    nodes = head.css(_HEAD_PARTS)
    others = body.css(_BODY_PARTS)
    if "meta" in [node.tag for node in others] or "title" not in [node.tag for node in nodes]:
        return tree.css(_PARTS)
    return nodes + others


def _in_drawing(node: LexborNode) -> bool:
    parent = node.parent
    return parent is not None and parent.tag not in {"head", "body", "html"}


def _refresh_target(content: str) -> str | None:
    match = _REFRESH(content) if len(content) <= MAX_HREF_LENGTH else None
    if match is None:
        return None
    return match[1] or match[2] or match[3]


def _resolved(resolver: LinkResolver, base: str, href: str | None) -> str | None:
    if not href or len(href) > MAX_HREF_LENGTH:
        return None
    found = resolver.resolve(base, [href])
    return found[0] if found else None


def _canonicals(parts: _Parts, base: str, resolver: LinkResolver) -> list[str]:
    found = (_resolved(resolver, base, href) for href in parts.canonicals)
    return list(dict.fromkeys(one for one in found if one is not None))


def _hreflang(parts: _Parts, base: str, resolver: LinkResolver) -> dict[str, str]:
    found: dict[str, str] = {}
    for language, href in parts.languages:
        name = cut(collapse(language), MAX_LANG_BYTES)
        target = _resolved(resolver, base, href)
        if name and target is not None:
            found.setdefault(name, target)
    return found


def _links(
    anchors: list[LexborNode], parts: _Parts, base: str, resolver: LinkResolver
) -> tuple[list[str], list[str]]:
    """Return all targets, and those that may be followed."""
    hrefs = _hrefs(anchors)
    if parts.refresh is not None:
        hrefs.insert(0, parts.refresh)
    links = resolver.resolve(base, hrefs)
    if not parts.nofollow:
        return links, links
    # One link without nofollow makes a target followable, so each nofollow takes away one href.
    forbidden = Counter(parts.nofollow)
    allowed = []
    for href in hrefs:
        if forbidden.get(href):
            forbidden[href] -= 1
        else:
            allowed.append(href)
    followable = set(resolver.resolve(base, allowed))
    return links, [link for link in links if link in followable]


def _hrefs(nodes: list[LexborNode]) -> list[str]:
    del nodes[MAX_LINKS:]
    try:
        hrefs = [node.attrs["href"] or "" for node in nodes]
    except KeyError:
        # `a[href]` also selects a link in a drawing that has an xlink:href only.
        hrefs = [node.attrs["href"] or "" for node in nodes if "href" in node.attrs]
    if max(map(len, hrefs), default=0) > MAX_HREF_LENGTH:
        return [href for href in hrefs if len(href) <= MAX_HREF_LENGTH]
    return hrefs


def _text(body: LexborNode, anchors: Iterable[LexborNode]) -> tuple[str, str | None]:
    """Return the visible text, and that of the first h1; changes the tree, so it comes last.

    Text of neighbouring elements must not run together (`<td>a</td><td>b</td>`), and words must
    not fall apart at inline markup (`<b>T</b>he`): inline elements are dissolved, and what is
    still apart then is separated by a space.

    Matching a selector costs more than dissolving what it finds, so the anchors that the links came
    from are taken out first: a good part of all elements, and nothing has to find them again.
    """
    for anchor in anchors:
        anchor.unwrap(True)
    for names in _INLINE:
        body.unwrap_tags([names], True)
    # Only now: a removed element's memory may be used again, and an anchor may be inside of one.
    body.strip_tags(_UNREAD)
    body.merge_text_nodes()
    # Now a search is short: the tree has lost a good part of its elements.
    heading = body.css_first("h1")
    h1 = None if heading is None else cut(heading.text(separator=" "), MAX_HEAD_TEXT_BYTES)
    return cut(collapse(body.text(separator=" ")), MAX_TEXT_BYTES), h1
