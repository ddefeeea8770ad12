"""The parser's tree as extraction sees it (`crawler.model.element`)."""

from collections.abc import Iterator, Mapping, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from crawler.model.text import collapse

_INLINE = frozenset(
    {
        *("a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "mark", "s", "small"),
        *("span", "strong", "sub", "sup", "u", "wbr"),
    }
)
"""Elements whose edges do not end a word."""
_APART = ":not(span,a,b,i,em,strong,code,wbr)"
"""Only the usual ones, since each name costs time; elements with others are walked through."""
_UNREAD = frozenset({"script", "style", "noscript", "template"})


class TreeElement:
    """One element of a page; valid until the page's text is taken."""

    __slots__ = ("_node",)
    _is_page = False

    def __init__(self, node: LexborNode) -> None:
        self._node = node

    def css(self, selector: str) -> "Sequence[TreeElement]":
        try:
            nodes = self._node.css(selector)
        except SelectolaxError:
            raise ValueError(f"no CSS selector: {selector!r}") from None
        if nodes and self._is_own(nodes[0]):
            del nodes[0]
        return [TreeElement(node) for node in nodes]

    def first(self, selector: str) -> "TreeElement | None":
        try:
            node = self._node.css_first(selector)
        except SelectolaxError:
            raise ValueError(f"no CSS selector: {selector!r}") from None
        if node is None:
            return None
        if self._is_own(node):
            return next(iter(self.css(selector)), None)
        return TreeElement(node)

    def _is_own(self, node: LexborNode) -> bool:
        """Whether the parser has found the element that it was to look below."""
        return not self._is_page and node.mem_id == self._node.mem_id

    def text(self) -> str:
        node = self._node
        child = node.first_child
        if child is None or (child.next is None and child.is_text_node):
            return collapse(node.text())
        # Many elements hold only inline ones: then the parser joins their text.
        apart = node.css(_APART)
        if not apart or (len(apart) == 1 and apart[0].mem_id == node.mem_id):
            return collapse(node.text())
        return collapse("".join(_texts(node)))

    def html(self) -> str:
        return self._node.html or ""

    def attribute(self, name: str) -> str | None:
        attributes = self._node.attributes
        return (attributes[name] or "") if name in attributes else None

    @property
    def tag(self) -> str:
        return self._node.tag or ""

    @property
    def parent(self) -> "TreeElement | None":
        above = self._node.parent
        return None if above is None or not above.is_element_node else TreeElement(above)

    @property
    def key(self) -> int:
        return self._node.mem_id


class TreePage(TreeElement):
    """The root of a page: what is looked for in a page may be its `html` element too."""

    __slots__ = ("metas",)
    _is_page = True

    def __init__(self, node: LexborNode, metas: Mapping[str, str]) -> None:
        super().__init__(node)
        self.metas = metas

    def copy(self) -> "TreePage":
        # Half of what parsing once more would cost.
        root = self._node.parser.clone().root
        assert root is not None  # noqa: S101 - the tree that was copied has one
        return TreePage(root, self.metas)


def check_selector(selector: str) -> None:
    """Raise ValueError for what is no CSS selector."""
    root = LexborHTMLParser("<p>").root
    if root is not None:
        TreeElement(root).first(selector)


def _texts(node: LexborNode) -> Iterator[str]:
    """Yield the text below a node; blanks where an element that is not inline begins or ends."""
    inside = [node.iter(include_text=True)]
    ends = [""]
    while inside:
        child = next(inside[-1], None)
        if child is None:
            inside.pop()
            yield ends.pop()
        elif child.is_text_node:
            yield child.text_content or ""
        elif (tag := child.tag) not in _UNREAD:
            blank = "" if tag in _INLINE else " "
            yield blank
            inside.append(child.iter(include_text=True))
            ends.append(blank)
