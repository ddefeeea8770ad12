"""Elements of a parsed page, as extraction sees them: no parser's own types."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Element(Protocol):
    """One element, or the whole page; valid until its page has been read, if it is no copy."""

    def css(self, selector: str) -> "Sequence[Element]":
        """Return the elements below this one that match, in document order.

        Raises:
            ValueError: no selector.
        """

    def first(self, selector: str) -> "Element | None":
        """Return the first of what `css` returns; None where nothing matches.

        Raises:
            ValueError: no selector.
        """

    def text(self) -> str:
        """Return the text as a reader sees it: no script or style, blanks collapsed."""

    def html(self) -> str:
        """Return the outer HTML."""

    def attribute(self, name: str) -> str | None:
        """Return an attribute as found; None where there is none, an empty string where it is."""

    @property
    def tag(self) -> str:
        """Lower-case name."""

    @property
    def parent(self) -> "Element | None":
        """The element around this one."""

    @property
    def key(self) -> int:
        """The same for the same element of a tree, another one for each other."""


class PageElement(Element, Protocol):
    """The root of a page, with what has been found in it already; `css` finds it too."""

    def copy(self) -> "PageElement":
        """Return the root of a copy of the whole tree, which nothing changes and no limit ends."""

    @property
    def metas(self) -> Mapping[str, str]:
        """As `Document.metas`: one content for each name or property."""
