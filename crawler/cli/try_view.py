"""The text of `crawler try`: what decided about each hop, the record, its fields, its links."""

import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawler.cli.explain_view import TRAPS, robots_text
from crawler.cli.printable import crop, printable
from crawler.cli.tables import NARROW
from crawler.cli.wording import size
from crawler.pipeline.moments import moment
from crawler.pipeline.trying.trial import FieldFound, Fields, Hop, Links, Trial

if TYPE_CHECKING:
    from rich.console import Console

_LONG = 300
"""Characters of a text in the record that are shown."""
_MOST_LINKS = 20
_ELSEWHERE = frozenset(
    {"url", "links", "nofollow", "fields", "headers", "redirects", "elapsed_ms", "attempts"}
    | {"bytes", "truncated", "visit", "depth", "status", "error", "error_detail", "content_type"}
    | {"kind"}
)
"""Keys of the record that another section shows, or that say nothing about one URL alone."""
_GOOD, _BAD, _DIM = "green", "red", "dim"
_STYLES = {"response": _GOOD, "refused": "yellow", "failed": _BAD, "deferred": "yellow"}


_FIELD = {"found": _GOOD, "partly": "yellow", "default": "yellow"}


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    rows: list[Row]


def show(trial: Trial, *, color: bool) -> None:
    """Write it to stdout: in colours and folded to its width on a terminal, whole elsewhere."""
    found = [section for section in sections(trial) if section.rows]
    width = shutil.get_terminal_size().columns
    dull = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not color
    if not sys.stdout.isatty() or dull or width < NARROW:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A terminal that cannot show a letter gets its escape, not an error.
            sys.stdout.reconfigure(errors="backslashreplace")
        sys.stdout.write("\n".join(plain(found)) + "\n")
        return
    from rich.console import Console

    draw(found, Console(highlight=False))


def plain(found: list[Section]) -> list[str]:
    """Return the lines: labels aligned over all sections."""
    width = _label_width(found)
    lines = []
    for number, section in enumerate(found):
        lines += [""] * bool(number) + [section.title]
        lines += [f"  {row.label:<{width}}  {row.text}".rstrip() for row in section.rows]
    return lines


def _label_width(found: list[Section]) -> int:
    return max((len(row.label) for section in found for row in section.rows), default=0)


def draw(found: list[Section], console: "Console") -> None:
    """Draw the sections, each text folded below itself."""
    from rich.table import Table
    from rich.text import Text

    width = _label_width(found)
    for number, section in enumerate(found):
        grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 0, 0, 2))
        grid.add_column(no_wrap=True, min_width=width, style=_DIM)
        grid.add_column(overflow="fold")
        for row in section.rows:
            grid.add_row(Text(row.label), Text(row.text, style=row.style))
        console.print(Text(("\n" if number else "") + section.title, style="bold"))
        console.print(grid)


def sections(trial: Trial) -> list[Section]:
    """Return all that is shown, printable."""
    found = []
    for number, hop in enumerate(trial.hops):
        first = list(_asked(trial)) if number == 0 else []
        last = [_end(trial)] if number == len(trial.hops) - 1 else []
        rows = [*first, *_judged(hop, trial.at), *last]
        found.append(Section(printable(hop.url), rows))
    if trial.record is not None:
        found.append(Section("record", list(_record(trial.record))))
    if trial.fields is not None:
        found.append(_fields(trial.fields))
    if trial.record is not None and trial.outcome.what == "response":
        found.append(Section("links", list(_links(trial.links))))
    return found


def _asked(trial: Trial) -> Iterator[Row]:
    if trial.changes:
        yield Row("asked", printable(trial.asked))
        yield Row("changed", printable("; ".join(trial.changes)))


def _judged(hop: Hop, now: int) -> Iterator[Row]:
    if hop.site is not None:
        yield Row("site", printable(hop.site))
    yield Row("scope", printable(hop.scope.text), "" if hop.scope.allowed else _BAD)
    if hop.trap is not None:
        yield Row("trap", f"{hop.trap}: {TRAPS[hop.trap]}", _BAD)
    if hop.robots is not None:
        # That it was asked a moment ago, and holds for a day, is nothing to tell.
        verdict = replace(hop.robots, fetched_at=None, expires_at=None)
        text = printable(robots_text(verdict, now)) + _kept(hop.robots_kept_at, now)
        yield Row("robots", text, "" if verdict.verdict in ("allowed", "off") else _BAD)
    if hop.response is not None:
        yield from _response(hop, now)


def _response(hop: Hop, now: int) -> Iterator[Row]:
    response = hop.response
    if response is None:
        return
    cut = ", cut" if response.truncated else ""
    tries = f", {response.attempts} tries" if response.attempts > 1 else ""
    text = f"{response.status} in {response.elapsed_ms} ms, {size(response.bytes)}{cut}{tries}"
    style = _GOOD if response.status < 300 else "" if response.status < 400 else _BAD
    yield Row("response", text + _kept(response.kept_at, now), style)
    for name, value in response.headers.items():
        yield Row("", printable(crop(f"{name}: {value}", _LONG)), _DIM)


def _kept(at: int | None, now: int) -> str:
    return "" if at is None else f" (from the cache of {moment(at, now)})"


def _end(trial: Trial) -> Row:
    outcome = trial.outcome
    return Row("outcome", printable(f"{outcome.what}: {outcome.text}"), _STYLES[outcome.what])


def _record(record: dict[str, object]) -> Iterator[Row]:
    for key, value in record.items():
        says_nothing = value in (None, [], {}, False, "", record["url"])
        if key not in _ELSEWHERE and not says_nothing:
            yield Row(key, _shown(value), _BAD if key == "extract_error" else "")


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = printable(text)
    if len(line) <= _LONG:
        return line
    return f"{line[:_LONG]}… ({len(text):,} characters)"


def _fields(fields: Fields) -> Section:
    have = sum(field.state in ("found", "default") for field in fields.found)
    title = "fields"
    if fields.table is not None:
        where = f", {fields.items:,} objects" if fields.items is not None else ""
        count = f": {have} of {len(fields.found)}{where}" if fields.found else ""
        title = f"fields{count} ({fields.table})"
    rows = [Row("", printable(fields.note), "yellow")] if fields.note is not None else []
    rows += [_field(field, fields.items) for field in fields.found]
    return Section(printable(title), rows)


def _field(field: FieldFound, items: int | None) -> Row:
    wish = " (required)" if field.required else ""
    fault = f"; {field.fault}" if field.fault is not None else ""
    if field.state in ("missing", "unreadable"):
        style = _BAD if field.required or fault else "yellow"
        return Row(printable(field.name), printable(f"{field.state}{wish}{fault}"), style)
    value = _shown(field.value)
    if items is not None:
        counts = [f"{source.count:,} {source.source}" for source in field.sources]
        counts += [f"{field.defaults:,} default"] if field.defaults else []
        counts += [f"{field.missing:,} missing{wish}"] if field.missing else []
        text = f"{', '.join(counts)}{fault}; first: "
        return Row(printable(field.name), printable(text) + " " + value, _FIELD[field.state])
    source = field.sources[0].source if field.sources else "default"
    text = printable(f"({source}{fault})")
    return Row(printable(field.name), f"{value} {text}", _FIELD[field.state])


def _links(links: Links) -> Iterator[Row]:
    counts = ", ".join(f"{count:,} {reason}" for reason, count in links.reasons.items())
    refused = f"{len(links.refused):,} refused" + (f" ({counts})" if counts else "")
    yield Row("", f"{len(links.kept):,} kept, {refused}")
    for kept in links.kept[:_MOST_LINKS]:
        yield Row("kept" if kept.kind == "page" else kept.kind, printable(kept.url))
    if len(links.kept) > _MOST_LINKS:
        yield Row("kept", f"and {len(links.kept) - _MOST_LINKS:,} more: --json has all", _DIM)
    for link in links.refused[:_MOST_LINKS]:
        yield Row("refused", f"{printable(link.url)} ({link.reason})", _DIM)
    if len(links.refused) > _MOST_LINKS:
        yield Row("refused", f"and {len(links.refused) - _MOST_LINKS:,} more: --json has all", _DIM)
