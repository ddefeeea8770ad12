"""A report as a value: what page, JSON and terminal show."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler import __version__
from crawler.audit.auditing import Audit
from crawler.audit.check import SEVERITIES, Findings
from crawler.audit.crawl import CrawlState
from crawler.audit.figures import HOST_COLUMNS, Figures
from crawler.cli.reporting.words import summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Of one job at one moment."""

    job: Path
    state: CrawlState
    audit: Audit
    figures: Figures

    def fails(self, severity: str) -> bool:
        """Whether anything of this severity, or a worse one, was found."""
        worst = SEVERITIES[: [*SEVERITIES].index(severity) + 1]  # type: ignore[arg-type]
        return any(self.audit.count(one) for one in worst)

    @property
    def summary(self) -> list[str]:
        """The report in sentences."""
        return summary(self.state, self.audit, self.figures)

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints; its keys are part of the reference."""
        figures = dataclasses.asdict(self.figures)
        span, hosts = figures.pop("span"), figures.pop("hosts")
        return {
            "version": __version__,
            "job": str(self.job),
            "first": None if span is None else _moment(span[0]),
            "last": None if span is None else _moment(span[1]),
            "running": self.state.running,
            "left": self.state.left,
            "summary": self.summary,
            "totals": figures.pop("totals"),
            "counts": {severity: self.audit.count(severity) for severity in SEVERITIES},
            "findings": [_findings(one) for one in self.audit.found],
            "clean": [check.name for check in self.audit.clean],
            "not_checked": [
                {"name": one.check.name, "why": one.why} for one in self.audit.not_checked
            ],
            "hosts": [dict(zip(HOST_COLUMNS, row, strict=True)) for row in hosts],
            "charts": figures,
        }


def _findings(found: Findings) -> dict[str, Any]:
    check = found.check
    return {
        "name": check.name,
        "severity": check.severity,
        "title": check.title,
        "meaning": check.meaning,
        "advice": check.advice,
        "count": found.count,
        "rows": found.rows,
        "first": [
            dict(zip(found.item_columns, one.values, strict=True))
            | (
                {
                    "places": one.count,
                    "first_places": [
                        dict(zip(found.place_columns, place, strict=True)) for place in one.places
                    ],
                }
                if check.place
                else {}
            )
            for one in found.first
        ],
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
