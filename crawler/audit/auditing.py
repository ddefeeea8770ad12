"""Running the checks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from crawler.audit.check import NEEDS, Check, Finding, Findings, Need
from crawler.audit.checks import CHECKS
from crawler.audit.database import AuditDatabase, statements
from crawler.audit.thresholds import THRESHOLDS

MAX_PLACES = 50
"""Places of one finding that are named where not all are."""
MAX_PAGES = 10
"""Pages with most wrong links that are named."""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A check that could not be made, and why."""

    check: Check
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What all checks found: those with findings, the worst first, and those without."""

    found: Sequence[Findings]
    clean: Sequence[Check]
    not_checked: Sequence[NotChecked]

    def count(self, severity: str) -> int:
        """Return how many things of one severity are wrong."""
        return sum(one.count for one in self.found if one.check.severity == severity)


def audit(
    database: AuditDatabase,
    *,
    max_findings: int,
    on_check: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Run every check; of each the first `max_findings` things are named.

    Whole lists stay in the database, in a table of the check's name: see `all_rows`.
    """
    for name, value in THRESHOLDS.items():
        database.run(f"SET VARIABLE {name} = {value}")
    sql, there = statements("checks"), _traits(database)
    unfetched = _unfetched(database)
    found, clean, not_checked = [], [], []
    for check in CHECKS:
        if check.need is not None and not there[check.need]:
            not_checked.append(NotChecked(check, NEEDS[check.need]))
            continue
        on_check(check.title)
        one = _run(database, check, sql[check.name], max_findings)
        if one.count:
            found.append(one)
        elif check.targets is not None and check.targets in unfetched:
            not_checked.append(NotChecked(check, unfetched[check.targets]))
        else:
            clean.append(check)
    return Audit(found=found, clean=clean, not_checked=not_checked)


def all_rows(database: AuditDatabase, findings: Findings) -> Iterator[tuple[object, ...]]:
    """Yield every row of a check, in its order."""
    return database.stream(f"SELECT * FROM {_table(findings.check)} ORDER BY rowid")


def _table(check: Check) -> str:
    return f"found_{check.name}"


def _traits(database: AuditDatabase) -> dict[Need, bool]:
    (row,) = database.rows(statements("charts")["traits"])
    simhash, requisites, sitemaps, outside, _ = row
    return {
        "simhash": simhash,
        "requisites": requisites,
        "sitemaps": sitemaps,
        "outside": outside,
    }


def _unfetched(database: AuditDatabase) -> dict[str, str]:
    """Return why what pages lead to cannot be judged, by what a check would need."""
    found = {}
    for what, never, vainly in database.rows(statements("charts")["unfetched"]):
        if what != "canonical" and never:
            found[what] = f"{_targets(never)} not read by the crawl"
        elif never:
            found[what] = f"{_targets(never)} never fetched: --check-external asks for them"
        elif vainly:
            found[what] = f"{_targets(vainly)} asked for and gave no answer to judge by"
    return found


def _targets(number: int) -> str:
    return f"{number:,} target was" if number == 1 else f"{number:,} targets were"


def _run(database: AuditDatabase, check: Check, sql: str, limit: int) -> Findings:
    table = _table(check)
    database.run(f"CREATE OR REPLACE TABLE {table} AS {sql}")
    columns = database.columns(table)
    items = columns[: len(columns) - check.place]
    keys = ", ".join(items)
    (((rows, count),)) = database.rows(
        f"SELECT (SELECT count(*) FROM {table}), "
        f"(SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {table}))"
    )
    return Findings(
        check=check,
        columns=columns,
        count=count,
        rows=rows,
        first=_first(database, table, items, columns[len(items) :], limit) if count else (),
        pages=_worst_pages(database, table) if count and "via" in columns else (),
    )


def _worst_pages(database: AuditDatabase, table: str) -> list[tuple[str, int]]:
    """Return where several are, so that one page mended mends them all."""
    return database.rows(
        f"SELECT page, count(DISTINCT url) AS n FROM {table} WHERE page IS NOT NULL "
        f"GROUP BY page HAVING n > 1 ORDER BY n DESC, page LIMIT {MAX_PAGES}"
    )


def _first(
    database: AuditDatabase,
    table: str,
    items: Sequence[str],
    places: Sequence[str],
    limit: int,
) -> list[Finding]:
    keys = ", ".join(items)
    # A row without a place is a thing that no page leads to.
    number = f"count({places[0]})" if places else "0"
    first = (
        f"SELECT {keys}, min(rowid) AS first_row, {number} AS n FROM {table} "
        f"GROUP BY {keys} ORDER BY first_row LIMIT {limit}"
    )
    if not places:
        return [Finding(row[:-2], 0, ()) for row in database.rows(first)]
    same = " AND ".join(f"t.{key} IS NOT DISTINCT FROM f.{key}" for key in items)
    shown = ", ".join(f"t.{name}" for name in (*items, *places))
    rows = database.rows(
        f"WITH f AS ({first}) SELECT f.first_row, f.n, {shown} FROM {table} AS t JOIN f ON {same} "
        f"QUALIFY row_number() OVER (PARTITION BY f.first_row ORDER BY t.rowid) <= {MAX_PLACES} "
        "ORDER BY f.first_row, t.rowid"
    )
    found: dict[int, tuple[tuple[object, ...], int, list[tuple[object, ...]]]] = {}
    for number_of_row, n, *values in rows:
        entry = found.setdefault(number_of_row, (tuple(values[: len(items)]), n, []))
        place = tuple(values[len(items) :])
        if place[0] is not None:
            entry[2].append(place)
    return [Finding(*entry) for entry in found.values()]
