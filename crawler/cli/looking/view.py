"""A report as a person reads it: aligned text anywhere, colours and bars on a terminal."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from crawler.cli.looking.report import Counts, Extreme, NearCopies, Report, Seen
from crawler.cli.printable import crop, printable
from crawler.cli.records.foreign import NONE
from crawler.cli.tables import Table, drawn_tables, plain_tables
from crawler.cli.wording import duration, percent, plural, size

if TYPE_CHECKING:
    from rich.table import Table as RichTable

_TITLE_CELLS = 40


def facts(report: Report) -> Table:
    """Return the totals."""
    of_all = f" of {report.records_read:,}" if report.records < report.records_read else ""
    where = f"{plural(report.files, 'file')}, {size(report.read_bytes)}"
    rows = [("records", f"{report.records:,}{of_all} in {where}")]
    if report.states is not None:
        rows += [("URLs", _states(report.states.urls)), ("dead", _states(report.states.dead))]
    if report.span is not None:
        span, rate = report.span, report.span.records_per_second
        speed = f", {rate:,.1f} records/s" if rate is not None else ""
        rows.append(("fetched", f"{span.first} to {span.last}"))
        rows.append(("in", f"{duration(span.seconds)}{speed}"))
    if report.body_bytes:
        mean = size(report.body_bytes // report.records)
        rows.append(("bodies", f"{size(report.body_bytes)}, {mean} on average"))
    if report.response is not None:
        response = report.response
        rows.append(
            ("answered in", f"{response.median_ms:,} ms median, {response.p95_ms:,} ms at 95 %")
        )
    if report.links:
        rows.append(("links", f"{report.links:,}, {report.links / report.records:.0f} per record"))
    rows += [
        ("same content", _repeats(report.contents, "of", "bodies")),
        ("near copies", _near_fact(report.near_copies)),
        ("same URL twice", _repeats(report.urls, "of", "URLs")),
        ("requisites", f"{report.requisites:,}" if report.requisites else ""),
        ("need a browser", f"{report.js_required:,}" if report.js_required else ""),
        ("tried again", f"{report.retried:,}" if report.retried else ""),
        ("body cut short", f"{report.truncated:,}" if report.truncated else ""),
        ("of other crawlers", f"{report.foreign_records:,}" if report.foreign_records else ""),
        ("lines not JSON", f"{report.invalid_lines:,}" if report.invalid_lines else ""),
        ("unfinished lines", f"{report.torn_lines:,}, left out" if report.torn_lines else ""),
    ]
    return Table(title="", rows=[row for row in rows if row[1]])


def tables(report: Report) -> list[Table]:
    """Return all tables that have something to say."""
    total = report.records
    found = [
        _counts("Status", report.status, total, phrases=True),
        _counts("Errors", report.errors, total),
        _counts("Types", report.types, total),
        _counts("Hosts", report.hosts, total),
        _counts("Depth", report.depths, total),
        _counts("Sizes", report.sizes, total),
        _counts("Languages", report.languages, total),
        _counts("Keys", report.fields, total) if report.foreign_records else _fields(report),
        _lacking(report),
        _counts("Errors of fields", report.extract_errors, total),
        _near(report.near_copies),
        _extremes("Slowest", report.slowest, "ms"),
        _extremes("Largest", report.largest, "bytes"),
        Table(
            title="Samples",
            rows=[
                (
                    printable(seen.status),
                    "" if seen.depth is None else str(seen.depth),
                    crop(printable(seen.title or "-"), _TITLE_CELLS),
                    printable(seen.url),
                )
                for seen in report.samples
            ],
            right=frozenset({1}),
        ),
    ]
    return [table for table in found if table.rows]


def plain(report: Report, width: int | None) -> list[str]:
    """Return the lines of the report; cut to `width` columns unless None."""
    return plain_tables([facts(report), *tables(report)], width)


def rich_tables(report: Report) -> "list[RichTable]":
    """Return the report for a terminal with colours."""
    return drawn_tables([facts(report), *tables(report)])


def _states(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {printable(name)}" for name, count in counts.items() if count)


def _near_fact(found: NearCopies | None) -> str:
    if found is None or not found.groups:
        return ""
    some = "" if found.exact else " first"
    where = plural(found.groups, "group")
    return f"{found.pages:,} of the{some} {plural(found.compared, 'page')}, in {where}"


def _repeats(seen: Seen, word: str, noun: str) -> str:
    if not seen.repeated:
        return ""
    about = "" if seen.exact else "about "
    return f"{about}{seen.repeated:,} {word} {seen.distinct + seen.repeated:,} {noun}"


def _counts(title: str, counts: Counts, total: int, *, phrases: bool = False) -> Table:
    if [row.name for row in counts.top] == [NONE]:
        return Table(title=title, rows=[])
    hidden = counts.distinct - len(counts.top)
    if hidden > 0:
        most = f"{len(counts.top)} of {counts.distinct:,}"
        title = f"{title} ({most})" if counts.exact else f"{title} ({most} or more)"
    examples = any(row.example for row in counts.top)
    rows = [
        (
            printable(_named(row.name) if phrases else row.name),
            f"{row.records:,}",
            percent(row.records / total),
            *((printable(row.example or ""),) if examples else ()),
        )
        for row in counts.top
    ]
    most_records = max((row.records for row in counts.top), default=0)
    shares = [row.records / most_records for row in counts.top]
    return Table(title=title, rows=rows, right=frozenset({1, 2}), shares=shares)


def _fields(report: Report) -> Table:
    """Also those that no page has: a selector that matches nothing shows as 0."""
    rows = [
        (
            printable(field.name),
            f"{field.have:,} of {field.asked:,}",
            percent(field.have / field.asked),
        )
        for field in report.coverage
    ]
    shares = [field.have / field.asked for field in report.coverage]
    return Table(title="Fields", rows=rows, right=frozenset({1, 2}), shares=shares)


def _lacking(report: Report) -> Table:
    rows = [
        (printable(field.name), f"{field.lack_required:,}" if n == 0 else "", printable(url))
        for field in report.coverage
        for n, url in enumerate(field.samples)
    ]
    return Table(title="Required fields that are missing", rows=rows, right=frozenset({1}))


def _near(found: NearCopies | None) -> Table:
    rows = [
        (f"{group.pages:,} pages" if n == 0 else "", printable(url))
        for group in (found.largest if found else ())
        for n, url in enumerate(group.samples)
    ]
    return Table(title="Nearly the same text", rows=rows, right=frozenset({0}))


def _named(status: str) -> str:
    try:
        return f"{status} {HTTPStatus(int(status)).phrase}"
    except ValueError:
        return "no answer" if status == NONE else status


def _extremes(title: str, extremes: Sequence[Extreme], unit: str) -> Table:
    rows = [
        (
            size(found.value) if unit == "bytes" else f"{found.value:,} {unit}",
            printable(found.status),
            printable(found.url),
        )
        for found in extremes
    ]
    return Table(title=title, rows=rows, right=frozenset({0}))
