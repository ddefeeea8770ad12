"""One finding on the page: what it means, what to do, and the list."""

from collections.abc import Sequence
from html import escape

from crawler.audit.check import Finding, Findings
from crawler.cli.printable import printable
from crawler.cli.wording import plural

_NUMBERS = frozenset({"hops", "linked_from", "milliseconds", "bytes", "characters", "clicks"})
_HOP = " → "
"""Between the addresses of a chain."""
_LONG = 30
"""Characters from which on a cell may break anywhere."""
_STEP = 20
"""Rows that are shown at first."""
_PLACES = 20
"""Places of one thing that the page names."""


def shown(text: str) -> str:
    """Return text from the web for the page: nothing in it is markup, or turns the line."""
    return f"<bdi>{escape(printable(text))}</bdi>"


def finding(found: Findings) -> str:
    """Return the section of one check."""
    check = found.check
    return (
        f'<details class="card finding" id="{check.name}"><summary>'
        f'<span class="badge {check.severity}">{check.severity}</span>'
        f'<span class="title">{escape(check.title)}</span>'
        f'<span class="count">{found.count:,}</span></summary><div class="body">'
        f"<p>{escape(check.meaning)} <strong>{escape(check.advice)}</strong></p>"
        f"{_pages(found)}{_table(found)}{_left_out(found)}</div></details>\n"
    )


def _pages(found: Findings) -> str:
    """Return a small table of the pages that have several, for who mends page by page."""
    if not found.pages:
        return ""
    rows = "".join(
        f'<tr><td class="u" data-label="page">{_value(page)}</td>'
        f'<td class="n" data-label="links">{number:,}</td></tr>'
        for page, number in found.pages
    )
    return (
        '<h3>Pages with most of them</h3><div class="scroll"><table class="pages"><thead><tr>'
        f'<th>page</th><th class="n">links</th></tr></thead><tbody>{rows}</tbody></table></div>'
        "<h3>One by one</h3>"
    )


def _table(found: Findings) -> str:
    heads = "".join(_head(name) for name in found.item_columns)
    if found.place_columns:
        heads += "<th>where</th>"
    body = "".join(_row(found, one) for one in found.first)
    return (
        f'<div class="scroll"><table data-step="{_STEP}"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _head(name: str) -> str:
    kind = ' class="n"' if name in _NUMBERS else ""
    return f"<th{kind}>{escape(name.replace('_', ' '))}</th>"


def _row(found: Findings, one: Finding) -> str:
    cells = "".join(map(_cell, found.item_columns, one.values))
    if found.place_columns:
        cells += f'<td class="u" data-label="where">{_places(found.place_columns, one)}</td>'
    return f"<tr>{cells}</tr>"


def _cell(name: str, value: object) -> str:
    # Beside the cell where a screen is too narrow for columns.
    label = f' data-label="{escape(name.replace("_", " "))}"'
    if name in _NUMBERS and isinstance(value, int):
        return f'<td class="n"{label}>{value:,}</td>'
    long = isinstance(value, str) and len(value) > _LONG
    return f"<td{' class=u' if long else ''}{label}>{_value(value)}</td>"


def _value(value: object) -> str:
    if value is None:
        return ""
    text = str(value)
    if _HOP in text and text.count("://") > 1:
        return "<br>→\N{NO-BREAK SPACE}".join(map(shown, text.split(_HOP)))
    if text.startswith(("http://", "https://")) and " " not in text:
        return (
            f'<a href="{escape(text)}" rel="noopener noreferrer" target="_blank">{shown(text)}</a>'
        )
    return shown(text)


def _places(columns: Sequence[str], one: Finding) -> str:
    if not one.places:
        return '<span class="soft">no page leads there: a seed, or named by a sitemap</span>'
    lines = [_place(columns, place) for place in one.places[:_PLACES]]
    if one.count == 1:
        return lines[0]
    left = one.count - len(lines)
    if left:
        lines.append(f'<span class="soft">and {left:,} more</span>')
    items = "".join(f"<li>{line}</li>" for line in lines)
    return (
        f'<details class="places"><summary>{plural(one.count, "page")}</summary>'
        f"<ul>{items}</ul></details>"
    )


def _place(columns: Sequence[str], place: Sequence[object]) -> str:
    named = dict(zip(columns, place, strict=True))
    text = _value(named.pop("page"))
    link_text = named.pop("text", None)
    if link_text:
        text += f' <span class="text">“{shown(str(link_text))}”</span>'
    for name, value in named.items():
        if value is not None:
            text += f' <span class="text">{escape(name.replace("_", " "))}</span> {_value(value)}'
    return text


def _left_out(found: Findings) -> str:
    if found.count <= len(found.first):
        return ""
    return (
        f'<p class="soft">The first {len(found.first):,} of {found.count:,}; '
        f"crawler report --csv DIR writes all of them to {found.check.name}.csv.</p>"
    )
