"""What the charts of the page are drawn from."""

from datetime import UTC, datetime
from typing import Any

from crawler.audit.figures import Figures, Slots
from crawler.cli.printable import printable

_TAGS = str.maketrans({"<": "(", ">": ")", "&": "+"})
_ORDER = ("2xx", "3xx", "4xx", "5xx", "failed")


def charts_of(figures: Figures) -> list[tuple[str, str, bool]]:
    """Return (name, title, whether it is wide) of the charts that have something to show."""
    slots = figures.slots
    is_timed = slots is not None
    charts = [
        ("statuses_over_time", f"Records over time, by status{_each(slots)}", True, is_timed),
        ("throughput", "Throughput", True, is_timed),
        ("statuses", "URLs by status", False, figures.statuses),
        ("latencies", "Time of answers", False, figures.latencies),
        ("depths", "Pages by depth", False, figures.depths),
        ("sizes", "Pages by size", False, figures.sizes),
        ("types", "Types", False, figures.types),
        ("errors", "Errors", False, figures.errors),
    ]
    return [(name, title, wide) for name, title, wide, has_data in charts if has_data]


def _each(slots: Slots | None) -> str:
    if slots is None:
        return ""
    width = slots.width
    for unit, seconds in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if width % seconds == 0:
            number = width // seconds
            return f" (each {unit})" if number == 1 else f" (each {number} {unit}s)"
    return ""


def chart_data(figures: Figures) -> dict[str, Any]:
    """Return the object that the page's script reads."""
    return {
        "slots": None if figures.slots is None else _over_time(figures.slots),
        "statuses": [[printable(name), count] for name, count in figures.statuses],
        "errors": [[printable(name), count] for name, count in figures.errors],
        # Types are what servers say: one may be a kilobyte, or have tags that plotly would draw by.
        "types": [[_plain(name), count] for name, count in figures.types],
        "depths": [["20+" if depth >= 20 else depth, count] for depth, count in figures.depths],
        "latencies": figures.latencies,
        "sizes": figures.sizes,
    }


def _over_time(slots: Slots) -> dict[str, Any]:
    counts = range(len(slots.bytes))
    kinds = [kind for kind in _ORDER if kind in slots.records]
    kinds += [kind for kind in slots.records if kind not in _ORDER]
    totals = [sum(slots.records[kind][n] for kind in kinds) for n in counts]
    return {
        "times": [_moment(slots.start + n * slots.width) for n in counts],
        "records": [[kind, slots.records[kind]] for kind in kinds],
        "rate": [round(total / slots.width, 2) for total in totals],
        "megabytes": [round(size / slots.width / 1e6, 3) for size in slots.bytes],
    }


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _plain(name: str) -> str:
    text = printable(name).translate(_TAGS)
    return text if len(text) <= 40 else text[:39] + "…"
