"""The results as Markdown: one table for each workload, then the bars."""

import statistics
from collections.abc import Sequence
from typing import Any

Result = dict[str, Any]

BARS = {"W1x10": (1.4, 0.50), "W2": (1.9, 0.72), "W3": (1.8, 0.75)}
"""At least so many times Crawlee, and such a share of the ceiling (pages per CPU-second)."""
TWO_READERS = 1.5
EXTRAS = {"ours-fields": 0.85, "ours-warc": 0.70, "ours-http": 0.95}
"""What is left of our pages per CPU-second with something switched on."""
EMPTY = 0.8
PEAK_MB = 200
HEAD = (
    "| | runs | pages | wall s | CPU s | pages/s | pages/CPU-s | x Crawlee | of ceiling | peak MB |"
)


def tables(results: Sequence[Result]) -> str:
    """Return all tables and the comparison with the bars."""
    workloads = list(dict.fromkeys(result["workload"] for result in results))
    parts = [_table(workload, _by_contender(results, workload)) for workload in workloads]
    return "\n\n".join([*parts, "\n".join(_bars(results, workloads))])


def _by_contender(results: Sequence[Result], workload: str) -> dict[str, Result]:
    """Return the median of each figure over the runs of each contender."""
    rows: dict[str, list[Result]] = {}
    for result in results:
        if result["workload"] == workload:
            rows.setdefault(result["contender"], []).append(result)
    return {name: _median(runs) for name, runs in rows.items()}


def _median(runs: list[Result]) -> Result:
    figures = ("pages", "wall_s", "cpu_s", "peak_mb", "early_mb")
    middle: Result = {name: statistics.median(run[name] for run in runs) for name in figures}
    middle["title"] = runs[0]["title"]
    middle["runs"] = len(runs)
    middle["good"] = all(run["good"] for run in runs)
    middle["listed"] = runs[0]["listed"]
    middle["rate"] = statistics.median(run["pages"] / run["cpu_s"] for run in runs)
    middle["speed"] = statistics.median(run["pages"] / run["wall_s"] for run in runs)
    return middle


def _table(workload: str, rows: dict[str, Result]) -> str:
    lines = [f"**{workload}**", "", HEAD, "|---" * (HEAD.count("|") - 1) + "|"]
    for row in rows.values():
        mark = "" if row["good"] else " **wrong**"
        lines.append(
            f"| {row['title']} | {row['runs']} | {row['pages']:.0f}/{row['listed']}{mark}"
            f" | {row['wall_s']:.2f} | {row['cpu_s']:.2f} | {row['speed']:.0f}"
            f" | **{row['rate']:.0f}** | {_ratio(row, rows.get('crawlee'))}"
            f" | {_ratio(row, rows.get('ceiling'))} | {row['peak_mb']:.0f} |"
        )
    return "\n".join(lines)


def _ratio(row: Result, reference: Result | None) -> str:
    return f"{_share(row, reference):.2f}" if reference else "-"


def _share(row: Result, reference: Result) -> float:
    return row["rate"] / reference["rate"] if reference["rate"] else float("nan")


def _bars(results: Sequence[Result], workloads: list[str]) -> list[str]:
    lines = []
    for workload in workloads:
        rows = _by_contender(results, workload)
        row = rows.get("ours")
        if row is None:
            continue
        if workload in BARS:
            for name, bar in zip(("crawlee", "ceiling"), BARS[workload], strict=True):
                if name in rows:
                    value = _share(row, rows[name])
                    lines.append(_bar(f"{workload} against {name}", value, bar))
            if "crawlee-plain" in rows:
                value = _share(row, rows["crawlee-plain"])
                lines.append(f"- {workload} against crawlee-plain: {value:.2f}")
        if "ours-2" in rows:
            value = rows["ours-2"]["speed"] / row["speed"]
            lines.append(_bar(f"{workload} pages/s, two readers against one", value, TWO_READERS))
        for name, bar in EXTRAS.items():
            if name in rows:
                title = f"{workload} {rows[name]['title']} against {row['title']}"
                lines.append(_bar(title, _share(rows[name], row), bar))
        if workload == "empty" and "crawlee" in rows:
            value = row["cpu_s"] / rows["crawlee"]["cpu_s"]
            lines.append(
                _bar("start-up CPU (empty crawl) against crawlee", value, EMPTY, most=True)
            )
            value = row["wall_s"] / rows["crawlee"]["wall_s"]
            lines.append(f"- start-up wall (empty crawl) against crawlee: {value:.2f}")
        else:
            title = f"{workload} peak MB of a process ({row['early_mb']:.0f} after a third)"
            lines.append(_bar(title, row["peak_mb"], PEAK_MB, most=True))
    return lines


def _bar(title: str, value: float, bar: float, *, most: bool = False) -> str:
    met = value <= bar if most else value >= bar
    digits = 0 if bar >= 10 else 2
    word = "at most" if most else "at least"
    return f"- {title}: {value:.{digits}f}, {word} {bar:g}: {'met' if met else '**missed**'}"
