"""The parser's tree as extraction sees it (`crawler.model.element`)."""

from collections.abc import Sequence

from selectolax.lexbor import LexborNode

from crawler.model.text import collapse

_UNREAD = frozenset({"script", "style", "noscript", "template"})


class TreeElement:
    """One element of a page; valid until the page's text is taken."""

    __slots__ = ("_node",)

    def __init__(self, node: LexborNode) -> None:
        self._node = node

    def css(self, selector: str) -> "Sequence[TreeElement]":
        return [TreeElement(node) for node in self._node.css(selector)]

    def text(self) -> str:
        return collapse(self._node.text(separator=" "))

    def html(self) -> str:
        return self._node.html or ""

    def attribute(self, name: str) -> str | None:
        attributes = self._node.attributes
        return (attributes[name] or "") if name in attributes else None

    @property
    def tag(self) -> str:
        return self._node.tag or ""
