"""A difference as a person reads it: lines, each with a style for terminals that have colours."""

import json
from collections.abc import Iterator, Mapping, Sequence

from crawler.cli.comparing.pages import Difference, Side
from crawler.cli.printable import cells, crop, printable

Line = tuple[str, str]
"""Style (as Rich has it, or empty) and text."""

_LINKS_SHOWN = 20
_VALUE_CELLS = 200
_LINE_CELLS = 1_000
"""A line of minified source may have a megabyte; the JSON has it whole."""
_STYLES = {"-": "red", "+": "green", "@": "cyan"}


def difference_lines(found: Difference) -> Iterator[Line]:
    """Yield the lines of a difference."""
    yield "bold", printable(found.url)
    yield from (("", _side(side)) for side in (found.before, found.after))
    if found.is_empty:
        yield "", "nothing that is kept of them differs"
        return
    yield from _values(found.changed)
    yield from _values(found.fields, "fields.")
    yield from _links("-", "went", found.links_removed)
    yield from _links("+", "came", found.links_added)
    if found.note:
        yield "", ""
        yield "", found.note
    if found.text is not None and found.text.lines:
        yield "", ""
        removed = _plural(found.text.removed, "line")
        what = f"{found.compared}: {removed} went, {found.text.added:,} came"
        yield "bold", what
        for line in found.text.lines:
            yield _STYLES.get(line[0], ""), line[0] + crop(printable(line[1:]), _LINE_CELLS)


def _side(side: Side) -> str:
    status = str(side.status) if side.status is not None else side.error or "no answer"
    own = side.page_of_visit == side.visit
    of = "" if own else f", the page is that of visit {side.page_of_visit}"
    when = side.fetched_at[:19].replace("T", " ")
    return printable(f"visit {side.visit}: {when} UTC, {status}{of}")


def _values(changed: Mapping[str, Sequence[object]], prefix: str = "") -> Iterator[Line]:
    if changed:
        yield "", ""
    names = {name: printable(prefix + name) for name in changed}
    width = max(map(cells, names.values()), default=0)
    for name, (old, new) in changed.items():
        padded = names[name] + " " * (width - cells(names[name]))
        yield "", f"{padded}  {_value(old)} → {_value(new)}"


def _value(value: object) -> str:
    if value is None:
        return "none"
    text = f"“{value}”" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return crop(printable(text), _VALUE_CELLS)


def _links(sign: str, title: str, links: Sequence[str]) -> Iterator[Line]:
    if links:
        yield "", ""
        yield "bold", f"{_plural(len(links), 'link')} {title}"
    for link in links[:_LINKS_SHOWN]:
        yield _STYLES[sign], sign + printable(link)
    if len(links) > _LINKS_SHOWN:
        yield "", f" and {len(links) - _LINKS_SHOWN:,} more; --json has them all"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
