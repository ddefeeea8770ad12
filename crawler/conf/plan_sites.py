"""From site tables to what the pipeline knows of sites; readers need no pydantic for it."""

from collections.abc import Mapping
from typing import Any

from crawler.model.site import Site

PLAIN = "http://"
"""Before a pattern: what is secret may be sent without TLS too."""


def make_site(table: Mapping[str, Any]) -> Site:
    """Return the table in fixed units, from its `model_dump()`."""
    match = table["match"]
    return Site(
        match=match.removeprefix(PLAIN),
        plain_http=match.startswith(PLAIN),
        delay_ms=None if table["delay"] is None else round(table["delay"] * 1000),
        per_host=table["per_host"],
        scope=table["scope"],
        include=None if table["include"] is None else tuple(table["include"]),
        exclude=None if table["exclude"] is None else tuple(table["exclude"]),
        max_depth=table["depth"],
        max_pages=table["max_pages"],
        recrawl_ms=_recrawl_ms(table["recrawl"]),
        user_agent=table["user_agent"],
        headers=tuple(_pair(line, ":") for line in table["header"]),
        cookies=tuple(_pair(pair, "=") for pair in table["cookie"]),
        credentials=(None if table["username"] is None else (table["username"], table["password"])),
        cookie_jar=table["cookie_jar"],
    )


def _recrawl_ms(value: float | str | None) -> int | None:
    if value is None:
        return None
    return 0 if isinstance(value, str) else round(value * 1000)


def _pair(text: str, mark: str) -> tuple[str, str]:
    name, _, value = text.partition(mark)
    return name.strip(), value.strip()
