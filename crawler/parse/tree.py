"""The parser's tree as extraction sees it (`crawler.model.element`)."""

from collections.abc import Sequence

from selectolax.lexbor import LexborNode, SelectolaxError

from crawler.model.text import collapse

_UNREAD = frozenset({"script", "style", "noscript", "template"})


class TreeElement:
    """One element of a page; valid until the page's text is taken."""

    __slots__ = ("_node",)

    def __init__(self, node: LexborNode) -> None:
        self._node = node

    def css(self, selector: str) -> "Sequence[TreeElement]":
        try:
            return [TreeElement(node) for node in self._node.css(selector)]
        except SelectolaxError:
            raise ValueError(f"no CSS selector: {selector!r}") from None

    def first(self, selector: str) -> "TreeElement | None":
        try:
            node = self._node.css_first(selector)
        except SelectolaxError:
            raise ValueError(f"no CSS selector: {selector!r}") from None
        return None if node is None else TreeElement(node)

    def text(self) -> str:
        return collapse(self._node.text(separator=" "))

    def html(self) -> str:
        return self._node.html or ""

    def attribute(self, name: str) -> str | None:
        attributes = self._node.attributes
        return (attributes[name] or "") if name in attributes else None

    def copy(self) -> "TreeElement":
        # Half of what parsing once more would cost.
        root = self._node.parser.clone().root
        assert root is not None  # noqa: S101 - the tree that was copied has one
        return TreeElement(root)

    @property
    def tag(self) -> str:
        return self._node.tag or ""
