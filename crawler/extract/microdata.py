"""Microdata of a page (WHATWG HTML, section 5): items as objects of the same shape as JSON-LD.

`itemref` is not followed: hardly a page has it, and it can be made to cost much.
"""

from crawler.model.element import Element

MAX_ELEMENTS = 5_000
"""Of a page; those after these are not looked at."""
MAX_CLIMB = 100
"""From a property up to its item."""
_SELECTOR = "[itemscope],[itemprop]"
_ADDRESSES = {
    "a": "href",
    "area": "href",
    "link": "href",
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "source": "src",
    "track": "src",
    "video": "src",
    "object": "data",
    "data": "value",
    "meter": "value",
    "time": "datetime",
}
"""Where the value of a property is if its element has no text for it."""

Item = dict[str, object]


def read_microdata(root: Element) -> list[Item]:
    """Return the items that are no property of another one, in the order of the page."""
    if root.first("[itemscope]") is None:
        return []
    tops: list[Item] = []
    items: dict[int, Item] = {}
    for element in root.css(_SELECTOR)[:MAX_ELEMENTS]:
        names = (element.attribute("itemprop") or "").split()[:10]
        value: object
        if element.attribute("itemscope") is not None:
            value = items[element.key] = _new_item(element)
        elif names:
            value = _value(element)
        else:
            continue
        owner = _owner(element, items) if names else None
        if owner is not None:
            for name in names:
                _add(owner, name, value)
        elif isinstance(value, dict):
            tops.append(value)
    return tops


def _new_item(element: Element) -> Item:
    item: Item = {}
    if types := (element.attribute("itemtype") or "").split()[:10]:
        item["@type"] = types
    if name := element.attribute("itemid"):
        item["@id"] = name
    return item


def _owner(element: Element, items: dict[int, Item]) -> Item | None:
    above = element.parent
    for _ in range(MAX_CLIMB):
        if above is None:
            return None
        if above.key in items:
            return items[above.key]
        above = above.parent
    return None


def _value(element: Element) -> str:
    content = element.attribute("content")
    if content is not None:
        return content
    attribute = _ADDRESSES.get(element.tag)
    found = element.attribute(attribute) if attribute else None
    return element.text() if found is None else found


def _add(owner: Item, name: str, value: object) -> None:
    """The first value stands alone, more of them become a list."""
    if name not in owner:
        owner[name] = value
        return
    known = owner[name]
    if isinstance(known, list):
        known.append(value)
    else:
        owner[name] = [known, value]
