"""The tables that SQL is asked of: names of columns and their types in DuckDB.

Times are TIMESTAMP, in UTC.
"""

from collections.abc import Iterator, Mapping, Sequence

from crawler.frontier.sqlite_listing import HOST_COLUMNS, URL_COLUMNS
from crawler.model.record import RECORD_KEYS

_TYPES = {
    **dict.fromkeys(("status", "depth", "attempts", "visit", "priority", "tries"), "INTEGER"),
    **dict.fromkeys(("visits", "crashes", "failures_in_row"), "INTEGER"),
    **dict.fromkeys(("elapsed_ms", "bytes", "delay_ms", "crawl_delay_ms", "latency_ms"), "BIGINT"),
    **dict.fromkeys(("ready", "leased", "waiting", "done", "dead", "pages", "failures"), "BIGINT"),
    **dict.fromkeys(("page_limit", "throttled"), "BIGINT"),
    **dict.fromkeys(("truncated", "noindex", "unchanged", "js_required", "seed"), "BOOLEAN"),
    "halted": "BOOLEAN",
    **dict.fromkeys(("fetched_at", "visited_at", "due_at", "lease_until", "next_at"), "TIMESTAMP"),
    "paused_until": "TIMESTAMP",
    **dict.fromkeys(("redirects", "links", "nofollow", "canonicals"), "VARCHAR[]"),
    **dict.fromkeys(("headers", "hreflang"), "MAP(VARCHAR, VARCHAR)"),
    "link_details": "STRUCT(url VARCHAR, text VARCHAR, rel VARCHAR)[]",
    **dict.fromkeys(("fields", "warc"), "JSON"),
}
"""What is not here is text."""

_HOST = "lower(regexp_extract(url, '^[^:/?#]+://(?:[^/?#]*@)?([^/?#]*)', 1))"
LINK_COLUMNS = ("source", "target", "position", "text", "rel", "nofollow", "visit", "fetched_at")
_LATEST = """
SELECT pages.* FROM pages JOIN (
    SELECT url, max(row(status IS DISTINCT FROM 304, visit, fetched_at)) AS seen
    FROM pages GROUP BY url
) AS last ON pages.url = last.url
    AND row(pages.status IS DISTINCT FROM 304, pages.visit, pages.fetched_at)
        IS NOT DISTINCT FROM last.seen
"""
"""A join, not a window: that would hold the texts of all pages. A 304 has no content of its own."""
_LINKS = """
SELECT source, target, position,
    CASE WHEN details[position].url = target THEN details[position].text END AS text,
    CASE WHEN details[position].url = target THEN details[position].rel END AS rel,
    coalesce(list_contains(nofollow, target), false) AS nofollow, visit, fetched_at
FROM (
    SELECT url AS source, unnest(links) AS target, generate_subscripts(links, 1) AS position,
        link_details AS details, nofollow, visit, fetched_at
    FROM {pages}
)
"""


def pages_view(paths: Sequence[str], largest_bytes: int) -> str:
    """Return the view of records of ours: all keys, and the host of the URL."""
    source = _reader(paths, RECORD_KEYS, largest_bytes)
    return f"CREATE VIEW pages AS SELECT *, {_HOST} AS host FROM {source}"  # noqa: S608 - ours


def foreign_view(paths: Sequence[str], largest_bytes: int) -> str:
    """Return the view of records of other crawlers; their columns are guessed."""
    return (
        f"CREATE VIEW pages AS SELECT * FROM read_json({_list(paths)}, "  # noqa: S608 - ours
        f"format = 'newline_delimited', records = true, union_by_name = true, "
        f"sample_size = -1, maximum_object_size = {largest_bytes})"
    )


def derived_views() -> Iterator[str]:
    """Yield the views made of `pages`: the links of all visits, the last visits, their links."""
    yield f"CREATE VIEW links AS {_LINKS.format(pages='pages')}"
    yield f"CREATE VIEW latest AS {_LATEST}"
    yield f"CREATE VIEW latest_links AS {_LINKS.format(pages='latest')}"


def frontier_view(name: str, path: str) -> str:
    """Return the view of a table of the frontier."""
    columns = URL_COLUMNS if name == "urls" else HOST_COLUMNS
    return f"CREATE VIEW {name} AS SELECT * FROM {_reader([path], columns, 1 << 24)}"  # noqa: S608


def type_of(column: str) -> str:
    return _TYPES.get(column, "VARCHAR")


def _reader(paths: Sequence[str], columns: Sequence[str], largest_bytes: int) -> str:
    types: Mapping[str, str] = {name: type_of(name) for name in columns}
    struct = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in types.items())
    return (
        f"read_json({_list(paths)}, format = 'newline_delimited', columns = {{{struct}}}, "
        f"maximum_object_size = {largest_bytes})"
    )


def _list(paths: Sequence[str]) -> str:
    return "[" + ", ".join(_text(path) for path in paths) + "]"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
