"""What changed, as tables for a person: two lines for each change, the second says in what."""

from collections.abc import Iterable, Sequence

from crawler.cli.looking.changes import KINDS, Change, Changes
from crawler.cli.printable import crop, printable
from crawler.cli.tables import Table

_TITLE_CELLS = 40


def change_tables(changes: Changes) -> list[Table]:
    """Return the counts, then what changed, then what is new."""
    found = ", ".join(f"{n:,} {kind}" for kind, n in changes.counts.items() if n)
    when = f"since {_time(changes.since)} UTC" if changes.since else "so far"
    tables = [Table(title="", rows=[(found or "nothing changed", when)])]
    total = sum(changes.counts[kind] for kind in KINDS)
    if changes.changes:
        rows = list(_changed(changes.changes))
        tables.append(Table(title=_title("Changed", changes.changes, total), rows=rows))
    if changes.new:
        title = _title("New", changes.new, changes.counts["new"])
        tables.append(Table(title=title, rows=[_new(change) for change in changes.new]))
    return tables


def _title(name: str, listed: Sequence[Change], total: int) -> str:
    return name if len(listed) == total else f"{name} (the newest {len(listed):,} of {total:,})"


def _changed(changes: Iterable[Change]) -> Iterable[tuple[str, ...]]:
    for change in changes:
        yield _time(change.fetched_at), change.change, printable(change.url)
        if change.what:
            yield "", "", f"  {printable(change.what)}"


def _new(change: Change) -> tuple[str, ...]:
    title = crop(printable(change.title or "-"), _TITLE_CELLS)
    return _time(change.fetched_at), title, printable(change.url)


def _time(at: str) -> str:
    """Return a time of a record to the second; UTC goes without saying."""
    return printable(at[:19].replace("T", " "))
