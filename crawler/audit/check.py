"""What a check is, and what it found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "notice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")
"""The worst first."""
Need = Literal["sitemaps", "outside", "simhash", "requisites"]
NEEDS: dict[Need, str] = {
    "sitemaps": "no sitemap was read",
    "outside": "nobody asked: --check-external does",
    "simhash": "the crawl made no fingerprints: --simhash does",
    "requisites": "the crawl fetched none: --requisites does",
}
"""What a check cannot do without, and what is said where that is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to look for; its statement has the same name."""

    name: str
    severity: Severity
    title: str
    meaning: str
    """A sentence or two: what it means for the site."""
    advice: str
    """What to do."""
    place: int = 0
    """How many of the last columns say where a finding is; the others say what it is."""
    need: Need | None = None
    targets: Literal["canonical", "canonical_page", "alternate_page", "outside"] | None = None
    """What it leads to has to be known too: whether it is there, or the page itself. Where some is
    not, no finding is no good sign."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where."""

    values: tuple[object, ...]
    count: int
    """Places, of which `places` has the first; 0 where no page leads there."""
    places: Sequence[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one check found."""

    check: Check
    columns: tuple[str, ...]
    count: int
    """Things that are wrong."""
    rows: int
    """Things and places: what the CSV file has."""
    first: Sequence[Finding]
    pages: Sequence[tuple[str, int]] = ()
    """Where links are wrong: the pages with most of them, and how many each has."""

    @property
    def item_columns(self) -> tuple[str, ...]:
        return self.columns[: len(self.columns) - self.check.place]

    @property
    def place_columns(self) -> tuple[str, ...]:
        return self.columns[len(self.columns) - self.check.place :]
